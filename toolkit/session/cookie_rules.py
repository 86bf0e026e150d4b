"""The rules that a cookie has to meet to be stored, and to be sent to a host and a path. Pure.

They are those of RFC 6265bis (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis), to which the
section numbers refer. Sending (`cookie_sending`) and receiving (`cookie_storing`) both build on them.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolkit.session.browser_session import Cookie
from toolkit.session.sites import Target, ip_address, is_site

# Section 5.5, steps 3 and 5 of the storage model, in bytes and seconds.
MAX_NAME_AND_VALUE = 4096
MAX_ATTRIBUTE = 1024
MAX_AGE = 400 * 24 * 3600.0

WHITESPACE = " \t"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def matches_host(cookie: Cookie, url: str) -> bool:
    """Whether the domain of `cookie` covers the host of `url`; its path, its expiry and the page are ignored.

    Raises `UsageError` unless `url` is an absolute `http(s)` or `ws(s)` URL.
    """
    return domain_matches(cookie, Target.of(url).host)


def validate_cookie(cookie: Cookie, now: float) -> Cookie | None:
    """`cookie` as a browser stores it at `now` (seconds since 1970), its expiry cut to 400 days from then; None if no
    browser would store it.

    Applies the rules of the storage model (section 5.7) that do not depend on the answer which set the cookie, and
    Chromium's own for a cookie that another program adds.
    """
    name, value, path, key = cookie.name, cookie.value, cookie.path, cookie.partition_key
    if CONTROL.search(name + value + path) or ";" in name + value + path or "=" in (name or value):
        return None
    if name != name.strip(WHITESPACE) or value != value.strip(WHITESPACE):
        return None
    if not 0 < size_in_bytes(name) + size_in_bytes(value) <= MAX_NAME_AND_VALUE:
        return None
    if not path.startswith("/") or size_in_bytes(path) > MAX_ATTRIBUTE or not meets_prefix(cookie):
        return None
    if key is not None and not (cookie.secure and is_site(key)):
        return None
    return cookie if cookie.expires is None else replace(cookie, expires=min(cookie.expires, now + MAX_AGE))


def domain_matches(cookie: Cookie, host: str) -> bool:
    """Whether the domain of `cookie` covers `host`: section 5.1.3, with the host-only flag of section 5.8.3."""
    if host == cookie.domain:
        return True
    return not cookie.host_only and host.endswith(f".{cookie.domain}") and not ip_address(host)


def path_matches(cookie_path: str, path: str) -> bool:
    """Whether the path of a cookie covers the path of a request: section 5.1.4."""
    if not path.startswith(cookie_path):
        return False
    return len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"


def meets_prefix(cookie: Cookie) -> bool:
    """Whether `cookie` has what the prefix of its name promises (section 4.1.3). Prefixes are case-insensitive."""
    name = (cookie.name or cookie.value).lower()
    if not name.startswith(("__secure-", "__host-", "__http-")):
        return True
    if not cookie.name or not cookie.secure:  # without a name, the value would look like one in the header
        return False
    if name.startswith("__host-") and not (cookie.host_only and cookie.path == "/"):
        return False
    return cookie.http_only or not name.startswith(("__http-", "__host-http-"))


def partition_of(cookie: Cookie) -> tuple[str, bool | None] | None:
    """The key of the partition of `cookie`, as Chromium has it; None for an unpartitioned cookie."""
    return (cookie.partition_key, cookie.cross_site_ancestor) if cookie.partition_key else None


def size_in_bytes(text: str) -> int:
    """The size of `text` on the wire; bytes that are not UTF-8 are in it as lone surrogates."""
    return len(text.encode("utf-8", "surrogateescape"))
