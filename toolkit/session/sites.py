"""Which site a URL belongs to, as cookies and `Sec-Fetch-Site` define it. Pure.

A site is a scheme and a registrable domain: the public suffix of a host and one label more. The definitions are in
RFC 6265bis (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis), section 5.2, and in HTML
(https://html.spec.whatwg.org/multipage/browsers.html#same-site).
"""

from __future__ import annotations

import ipaddress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from toolkit.errors import UsageError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def same_site(a: str, b: str) -> bool:
    """Whether two URLs or origins are schemefully same-site (RFC 6265bis section 5.2, HTML "same site").

    Their schemes and registrable domains have to be equal; private suffixes such as `github.io` count as public ones,
    and ports are ignored. A host without a registrable domain (an IP address, `localhost`, a public suffix) is
    same-site only with itself. Raises `UsageError` for anything but an absolute `http(s)` or `ws(s)` URL.
    """
    return Target.of(a).same_site(Target.of(b))


def same_host(a: str, b: str) -> bool:
    """Whether two URLs or origins have the same host. Raises `UsageError` as `same_site` does."""
    return Target.of(a).host == Target.of(b).host


class Target(NamedTuple):
    """The parts of a URL that cookies depend on. They ignore ports, and a websocket counts as its HTTP scheme."""

    scheme: str
    host: str
    path: str

    @classmethod
    @lru_cache(maxsize=256)  # a client uses few URLs, each of them often
    def of(cls, url: str) -> Target:
        """The target of an absolute `http(s)` or `ws(s)` URL or origin. Raises `UsageError` for anything else."""
        try:
            parts = urlsplit(url)
            scheme, host = HTTP_SCHEMES.get(parts.scheme), (parts.hostname or "").encode("idna").decode()
        except ValueError:
            scheme = host = None
        if not scheme or not host:
            raise UsageError("That is not the URL of a web page or of a call.", hint="Write it as https://host/path.")
        return cls(scheme, f"[{host}]" if ":" in host else host, parts.path or "/")

    @property
    def trustworthy(self) -> bool:
        """Whether Secure cookies are sent here: over TLS and, as in Chromium, to this machine itself without TLS."""
        return self.scheme == "https" or _is_loopback(self.host)

    @property
    def site(self) -> str:
        """The schemeful site, written as in a cookie's partition key: `https://example.com`."""
        return f"{self.scheme}://{registrable_domain(self.host) or self.host}"

    def same_site(self, other: Target) -> bool:
        if self.scheme != other.scheme:
            return False
        return self.host == other.host or self.site == other.site


def is_site(text: str) -> bool:
    """Whether `text` is a schemeful site as a partition key is written, such as `https://example.com`."""
    try:
        return Target.of(text).site == text
    except UsageError:
        return False


def ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `host` is, with or without brackets; None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def registrable_domain(host: str) -> str | None:
    """The public suffix of `host` and one label more; None for an IP address and for a host that is a suffix itself."""
    return None if ip_address(host) else _public_suffixes().privatesuffix(host)


def _is_loopback(host: str) -> bool:
    address = ip_address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


@cache
def _public_suffixes() -> PublicSuffixList:
    # Loading the list takes longer than everything else here, and most calls go to the page's own host.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
