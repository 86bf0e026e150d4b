"""How traffic leaves this machine: through which proxy, and whom else to trust there. A plain value.

Both halves are told the same: the browser gets a proxy and a list of trusted keys, aiohttp a proxy and a TLS context.
That is all that replay needs too (`toolkit.replay.local_network`), so nothing else knows whether it is being replayed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from toolkit.errors import UsageError, install_hint

SOCKS_SCHEMES = ("socks5", "socks5h")  # both leave names to the proxy, as browsers do
PROXY_SCHEMES = ("http", "https", *SOCKS_SCHEMES)
# What a surrounding program sets for this one: a proxy, a file with the root to trust, and that root's SPKI.
PROXY_VARIABLE = "TOOLKIT_PROXY"
ROOT_VARIABLE = "TOOLKIT_CA_FILE"
SPKI_VARIABLE = "TOOLKIT_CA_SPKI"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`proxy` is a URL, with user and password if it wants them; `no_proxy` lists the hosts that are reached without
    it, as the variable `NO_PROXY` does. `ca_pem` is a root to trust besides the system's; `spki` is the base64 SHA-256
    of that root's public key, which is how Chromium is told the same. `sealed` says that the route leads nowhere else,
    so that `ca_pem` is the only root that calls have to trust. `general` says that this is what every program here is
    told: a proxy that a session or a profile names comes before it."""

    proxy: str | None = None
    no_proxy: str = ""
    ca_pem: bytes | None = None
    spki: str | None = None
    sealed: bool = False
    general: bool = False

    def __repr__(self) -> str:
        host = urlsplit(self.proxy).hostname if self.proxy else None
        return f"<Route proxy={host} own_ca={self.ca_pem is not None}>"

    @classmethod
    def through(cls, proxy: str | None) -> Route:
        """The route through `proxy`; None is the direct one. Raises `UsageError` for what is not a proxy's URL, and for
        a SOCKS proxy where the extra for it is not installed."""
        return cls() if proxy is None else cls(proxy=_checked(proxy, "That"))

    @classmethod
    def of_environment(cls, environ: Mapping[str, str], url: str = "https:") -> Route | None:
        """The route to the site at `url` that `environ` tells, None where it tells none.

        What is told to this program alone (`TOOLKIT_PROXY`) comes first, then what is told to all: `HTTPS_PROXY` or
        `HTTP_PROXY`, by the scheme of `url`, then `ALL_PROXY`. `NO_PROXY` holds for each, but not where a root to trust
        is told too: such a network answers for every host. Raises `UsageError` for what cannot be used.
        """
        no_proxy = _told(environ, "NO_PROXY")
        if proxy := environ.get(PROXY_VARIABLE, "").strip():
            proxy = _checked(proxy, PROXY_VARIABLE)
            if not (file := environ.get(ROOT_VARIABLE)):
                return cls(proxy=proxy, no_proxy=no_proxy)
            try:
                return cls(proxy=proxy, ca_pem=Path(file).read_bytes(), spki=environ.get(SPKI_VARIABLE) or None)
            except OSError as error:
                raise UsageError(f"The file of {ROOT_VARIABLE} cannot be read: {error.strerror or error}.") from None
        for name in (f"{urlsplit(url).scheme}_PROXY".upper(), "ALL_PROXY"):
            if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
                continue  # in a CGI program a header `Proxy` of anybody's request ends up there: https://httpoxy.org
            if proxy := _told(environ, name):
                proxy = proxy if "://" in proxy else f"http://{proxy}"
                return cls(proxy=_checked(proxy, name), no_proxy=no_proxy, general=True)
        return None

    @property
    def is_socks(self) -> bool:
        """Whether the proxy is one of SOCKS."""
        return self.proxy is not None and urlsplit(self.proxy).scheme in SOCKS_SCHEMES

    def proxy_for(self, url: str) -> str | None:
        """The proxy on the way to `url`, None where there is none or `no_proxy` has its host."""
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        return None if self.proxy is None or bypassed(self.no_proxy, parts.hostname or "", port) else self.proxy

    def proxy_of_session(self, url: str) -> str | None:
        """The proxy that a session of the site at `url` remembers. It is none that every program here is told, which
        changes with the place, and none of a network that was made for one run."""
        return None if self.general or self.ca_pem is not None else self.proxy_for(url)


def choose_route(route: Route | None, proxy: str | None) -> Route:
    """`route`, or the one through `proxy`, which a session names, if there is no `route` or one for all programs only.

    Raises `UsageError` for a `proxy` that cannot be used.
    """
    return route if route is not None and not (route.general and proxy) else Route.through(proxy)


def bypassed(rules: str, host: str, port: int) -> bool:
    """Whether `rules`, a list as `NO_PROXY` has it, says that `host` is reached without a proxy.

    A rule is a name, which stands for all names below it too, an address or a network (CIDR), each with a port or
    without, or `*`. There is no standard; this is what curl, Python and Go agree on.
    """
    return any(_fits(rule, host.lower().rstrip("."), port) for rule in split_no_proxy(rules))


def split_no_proxy(no_proxy: str) -> list[str]:
    """The rules of a list as `NO_PROXY` has it, in lower case."""
    return no_proxy.lower().replace(",", " ").split()


def _fits(rule: str, host: str, port: int) -> bool:
    if rule == "*":
        return True
    name, colon, number = rule.rpartition(":")
    if colon and number.isdecimal() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*").strip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(rule) and (host == rule or host.endswith(f".{rule}"))
    with suppress(ValueError):  # a rule of names
        return address in ipaddress.ip_network(rule, strict=False)
    return False


def _told(environ: Mapping[str, str], name: str) -> str:
    """The variable `name`, by custom in either case; the one in lower case comes first, also where it is empty."""
    return environ.get(name.lower(), environ.get(name, "")).strip()


def _checked(proxy: str, who: str) -> str:
    """`proxy`, if it is the URL of one that calls can go through. `who` names it in an error."""
    try:
        parts = urlsplit(proxy)
        unquote(f"{parts.username or ''}{parts.password or ''}").encode("latin-1")  # what aiohttp writes them in
        (parts.hostname or "").encode("idna")  # raises for what is no name
        valid = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        valid = valid and re.search(r"[\x00-\x20\x7f]", proxy) is None
    except ValueError:
        valid = False
    if not valid and proxy.startswith("socks"):
        raise UsageError("Of SOCKS proxies, calls can go through those of version 5.", hint="Write socks5://host:port.")
    if not valid:
        hint = "Write it as http://[user:password@]host:port, or socks5://."
        raise UsageError(f"{who} is not the URL of a proxy.", hint=hint)
    if parts.scheme not in SOCKS_SCHEMES:
        return proxy
    if find_spec("aiohttp_socks") is None:
        raise UsageError("A SOCKS proxy needs the package aiohttp-socks.", hint=f"{install_hint('socks')}.")
    for text in (unquote(parts.username or ""), unquote(parts.password or "")):
        if not text.isascii() or len(text) > 255:  # RFC 1929 counts in a byte, and names no encoding
            raise UsageError("User and password of a SOCKS proxy are ASCII, each at most 255 characters long.")
    return proxy
