"""How traffic leaves this machine: through which proxy, and whom else to trust there. A plain value.

Both halves are told the same: the browser gets a proxy and a list of trusted keys, aiohttp a proxy and a TLS context.
That is all that replay needs too (`toolkit.recording.network`), so nothing else knows whether it is being replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import UsageError

PROXY_SCHEMES = ("http", "https")
# What a surrounding program sets for this one: a proxy, a file with the root to trust, and that root's SPKI.
PROXY_VARIABLE = "TOOLKIT_PROXY"
ROOT_VARIABLE = "TOOLKIT_CA_FILE"
SPKI_VARIABLE = "TOOLKIT_CA_SPKI"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`proxy` is a URL, with user and password if it wants them. `ca_pem` is a root to trust besides the system's;
    `spki` is the base64 SHA-256 of that root's public key, which is how Chromium is told the same. `sealed` says that
    the route leads nowhere else, so that `ca_pem` is the only root that calls have to trust."""

    proxy: str | None = None
    ca_pem: bytes | None = None
    spki: str | None = None
    sealed: bool = False

    def __repr__(self) -> str:
        host = urlsplit(self.proxy).hostname if self.proxy else None
        return f"<Route proxy={host} own_ca={self.ca_pem is not None}>"

    @classmethod
    def through(cls, proxy: str | None) -> Route:
        """The route through `proxy`; None is the direct one. Raises `UsageError` for what is not a proxy's URL."""
        if proxy is None:
            return cls()
        try:
            parts = urlsplit(proxy)
            valid = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            valid = False
        if not valid and proxy.startswith("socks"):
            raise UsageError("Calls cannot go through a SOCKS proxy.", hint="Use an HTTP proxy, or none.")
        if not valid:
            raise UsageError("That is not the URL of a proxy.", hint="Write it as http://[user:password@]host:port.")
        return cls(proxy=proxy)

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Route | None:
        """The route that `environ` tells, None where it tells none. Raises `UsageError` where it cannot be used."""
        if not (proxy := environ.get(PROXY_VARIABLE)):
            return None
        route = cls.through(proxy)
        if not (file := environ.get(ROOT_VARIABLE)):
            return route
        try:
            return cls(proxy=proxy, ca_pem=Path(file).read_bytes(), spki=environ.get(SPKI_VARIABLE) or None)
        except OSError as error:
            raise UsageError(f"The file of {ROOT_VARIABLE} cannot be read: {error.strerror or error}.") from None
