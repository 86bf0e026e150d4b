"""`Gate`: what stands in front of a site and wants something of whoever comes, as a proxy with a login of its own does.

The browser and the calls give the same, and only to the provider's own hosts. Pure.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from toolkit.session.browser_headers import origin_of
from toolkit.session.secret_values import SHORTEST_COOKIE

SHORTEST_PASSWORD = 4  # characters of one that is taken out of what a site repeats


class ClientCertificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate by which one shows who one is, in files with PEM."""

    origin: Annotated[str, Meta(description="Shown to this origin, such as https://chat.example.com.")]
    cert_path: Annotated[str, Meta(description="File with the certificate, and those that lead to its root.")]
    key_path: Annotated[str, Meta(description="File with its private key.")]
    passphrase: Annotated[str | None, Meta(description="Of the private key.")] = None

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<ClientCertificate for {self.origin}>"


class Gate(Struct, frozen=True, kw_only=True):
    """What the gate in front of a site wants, and where it stands.

    - `headers`: sent with every request, such as a service token's.
    - `login`: user and password for HTTP authentication (RFC 7617).
    - `certificates`: for the origins that want one (RFC 8446, section 4.3.2).
    - `ca_pem`: roots to trust besides the system's, in PEM.
    - `any_certificate`: whether the certificate of the site is not checked at all.
    - `session_hosts`: hosts besides the provider's whose cookies belong to the session, such as that of a single
      sign-on. They get nothing of all this.
    """

    headers: Mapping[str, str] = {}
    login: tuple[str, str] | None = None
    certificates: tuple[ClientCertificate, ...] = ()
    ca_pem: bytes | None = None
    any_certificate: bool = False
    session_hosts: tuple[str, ...] = ()

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<Gate login={self.login is not None} headers={len(self.headers)}>"

    @property
    def request_headers(self) -> dict[str, str]:
        """What is sent with every request to the provider's hosts, names in lower case."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.login is not None:
            user, password = self.login
            headers.setdefault("authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode('ascii')}")
        return headers

    @property
    def changes_tls(self) -> bool:
        """Whether connections to the provider's hosts are made in another way than others."""
        return bool(self.certificates or self.ca_pem is not None or self.any_certificate)

    def certificate_for(self, url: str) -> ClientCertificate | None:
        """The certificate to show to the origin of `url`."""
        origin = origin_of(url)
        return next((each for each in self.certificates if origin_of(each.origin) == origin), None)

    def secrets(self) -> set[str]:
        """What a site may repeat and nobody is to see: values of headers, and the password. One that is as short as a
        word would make words unreadable, and so tell what it is."""
        found = {value for value in self.request_headers.values() if len(value) >= SHORTEST_COOKIE}
        if self.login is not None and len(self.login[1]) >= SHORTEST_PASSWORD:
            found.add(self.login[1])
        return found


NO_GATE = Gate()


def is_behind_gate(url: str, page: str, hosts: Collection[str | None]) -> bool:
    """Whether the gate's due is given to `url`: it is on one of the provider's `hosts`, and not less private than its
    `page` is."""
    parts = urlsplit(url)
    return parts.hostname in hosts and (parts.scheme in ("https", "wss") or page.startswith("http:"))
