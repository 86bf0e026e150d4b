"""`Route`: how traffic leaves this machine, through which proxy and with which additional root to trust.

The browser and aiohttp use the same route: the browser gets a proxy and the hash of a trusted key, aiohttp a proxy and
a TLS context. A replay consists of such a route to its local network (`toolkit.replay.local_network`), so nothing else
has to know whether it is being replayed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import UsageError
from toolkit.files.access import read_file
from toolkit.http.no_proxy import is_bypassed
from toolkit.http.proxy_url import SOCKS_SCHEMES, check_proxy_url
from toolkit.session.frame_locals import forgetting_locals

log = logging.getLogger("toolkit")

# Variables by which a surrounding program sets this program's route: the proxy's URL, the file with the root to trust
# (PEM), and that root's SPKI hash.
PROXY_VARIABLE = "TOOLKIT_PROXY"
ROOT_VARIABLE = "TOOLKIT_CA_FILE"
SPKI_VARIABLE = "TOOLKIT_CA_SPKI"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """How traffic leaves this machine.

    - `proxy`: a URL, with user and password if the proxy wants them; None for no proxy.
    - `no_proxy`: the hosts that are reached without it, as the variable `NO_PROXY` lists them.
    - `ca_pem`: a root to trust besides the system's, in PEM.
    - `spki`: the base64 SHA-256 of that root's public key, by which Chromium is told to trust it.
    - `sealed`: the route leads to no other network, so calls trust `ca_pem` only.
    - `general`: the route is the one of all programs here (`HTTPS_PROXY`), so the proxy of a session or of a profile is
      preferred to it.

    Raises `UsageError` for a `ca_pem` without a certificate.
    """

    proxy: str | None = None
    no_proxy: str = ""
    ca_pem: bytes | None = None
    spki: str | None = None
    sealed: bool = False
    general: bool = False

    def __post_init__(self) -> None:
        if self.ca_pem is None:
            return
        import ssl  # slow to load, and most routes have no root of their own

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=self.trusted_roots)
        except (ssl.SSLError, ValueError):
            raise UsageError(f"There is no certificate in the root to trust (`ca_pem`, {ROOT_VARIABLE}).") from None

    @property
    def trusted_roots(self) -> str:
        """`ca_pem` as text. Comments between certificates can be in any encoding, and `ssl` takes ASCII only."""
        return (self.ca_pem or b"").decode("ascii", "ignore")

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        host = urlsplit(self.proxy).hostname if self.proxy else None
        return f"<Route proxy={host} own_ca={self.ca_pem is not None}>"

    @classmethod
    @forgetting_locals
    def through(cls, proxy: str | None) -> Route:
        """The route through the proxy with the URL `proxy`; the direct one for None.

        Raises `UsageError` for what is not a proxy's URL, and for a SOCKS proxy whose extra is not installed.
        """
        return cls() if proxy is None else cls(proxy=check_proxy_url(proxy, "That"))

    @classmethod
    @forgetting_locals
    def of_environment(cls, environ: Mapping[str, str], url: str = "https:") -> Route | None:
        """The route to the site at `url` that the variables in `environ` name; None where they name none.

        The variables of this program alone (`TOOLKIT_PROXY` and its like) come first. Then come those of all programs:
        `HTTPS_PROXY` or `HTTP_PROXY`, by the scheme of `url`, then `ALL_PROXY`. `NO_PROXY` applies to each, except
        where `TOOLKIT_CA_FILE` names a root: such a network answers for every host. Raises `UsageError` for a proxy
        that cannot be used, or a root that cannot be read.
        """
        return cls._of_this_program(environ) or cls._of_all_programs(environ, urlsplit(url).scheme)

    @classmethod
    def _of_this_program(cls, environ: Mapping[str, str]) -> Route | None:
        if not (proxy := environ.get(PROXY_VARIABLE, "").strip()):
            return None
        proxy = check_proxy_url(proxy, PROXY_VARIABLE)
        if not (file := environ.get(ROOT_VARIABLE)):
            return cls(proxy=proxy, no_proxy=_variable(environ, "NO_PROXY"))
        try:
            return cls(proxy=proxy, ca_pem=read_file(Path(file)), spki=environ.get(SPKI_VARIABLE) or None)
        except OSError as error:
            raise UsageError(f"The file of {ROOT_VARIABLE} cannot be read: {error.strerror or error}.") from None

    @classmethod
    def _of_all_programs(cls, environ: Mapping[str, str], scheme: str) -> Route | None:
        for name in (f"{scheme}_PROXY".upper(), "ALL_PROXY"):
            if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
                continue  # in a CGI program, anybody's request can set it by a header `Proxy`: https://httpoxy.org
            if proxy := _variable(environ, name):
                proxy = check_proxy_url(proxy if "://" in proxy else f"http://{proxy}", name)
                log.debug("the route is that of %s", name)
                return cls(proxy=proxy, no_proxy=_variable(environ, "NO_PROXY"), general=True)
        return None

    @property
    def is_socks(self) -> bool:
        """Whether the proxy is a SOCKS proxy."""
        return self.proxy is not None and urlsplit(self.proxy).scheme in SOCKS_SCHEMES

    def proxy_for(self, url: str) -> str | None:
        """The URL of the proxy for calls of `url`; None where there is none, or `no_proxy` lists the host."""
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        return None if self.proxy is None or is_bypassed(self.no_proxy, parts.hostname or "", port) else self.proxy

    def proxy_of_session(self, url: str) -> str | None:
        """The proxy that a session of the site at `url` is stored with.

        It is None for a route of all programs, which depends on where this machine is, and for the route to a local
        network, which exists for one run only.
        """
        return None if self.general or self.ca_pem is not None else self.proxy_for(url)


@forgetting_locals
def choose_route(route: Route | None, session_proxy: str | None) -> Route:
    """The route for calls with a session: `route`, unless it is None or `general`; else the one through the session's
    own proxy; else `route`, or the direct one.

    Raises `UsageError` for a `session_proxy` that cannot be used.
    """
    if route is not None and not (route.general and session_proxy):
        return route
    if session_proxy:
        log.debug("the route is through the session's own proxy")
    return Route.through(session_proxy)


def _variable(environ: Mapping[str, str], name: str) -> str:
    """The variable `name` in lower or upper case, by custom; the one in lower case comes first, even if it is empty."""
    return environ.get(name.lower(), environ.get(name, "")).strip()
