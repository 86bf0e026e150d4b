"""Which cookies a browser sends with a page's `fetch`, in which order, and what `Set-Cookie` leaves in its jar.

The law is RFC 6265bis (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis); where Chromium differs,
Chromium is followed, and a comment says so. Cookies are `Cookie` values of `toolkit.session.value`, and jars are
sequences of them in order of creation. Nothing here sends or stores anything, or asks what time it is.

Every function takes absolute `http(s)` or `ws(s)` URLs with their paths already percent-encoded, as they go on the
wire, and raises `UsageError` for anything else. Times are seconds since 1970.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from toolkit.errors import UsageError
from toolkit.session.value import Cookie, SameSite

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# RFC 6265bis section 5.5, steps 3 and 5 of the storage model, in bytes and seconds.
MAX_NAME_AND_VALUE = 4096
MAX_ATTRIBUTE = 1024
MAX_AGE = 400 * 24 * 3600.0
MAX_PER_SITE = 180  # cookies of one registrable domain, as in Chromium

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
SAME_SITE: dict[str, SameSite] = {"strict": "Strict", "lax": "Lax", "none": "None"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WHITESPACE = " \t"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
DATE_DELIMITERS = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
NUMBER = re.compile(r"[0-9]+")
CLOCK = re.compile(r"([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})")
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


def same_site(a: str, b: str) -> bool:
    """Whether two URLs or origins are schemefully same-site (RFC 6265bis section 5.2, HTML "same site").

    The scheme and the registrable domain have to agree, private suffixes such as `github.io` counted; ports do not
    matter. Hosts without a registrable domain (IP addresses, `localhost`, a public suffix) only agree with themselves.
    """
    return _Place.of(a).same_site(_Place.of(b))


def same_host(a: str, b: str) -> bool:
    """Whether two URLs or origins have the same host."""
    return _Place.of(a).host == _Place.of(b).host


def matches_host(cookie: Cookie, url: str) -> bool:
    """Whether `cookie` is one for the host of `url`, whatever its path, its age and the page that asks."""
    return _domain_matches(cookie, _Place.of(url).host)


def cookies_for(cookies: Iterable[Cookie], url: str, *, page: str, now: float) -> list[Cookie]:
    """The cookies that `fetch(url, {credentials: "include"})` carries, in the order in which they are sent.

    `page` is the URL or the origin of the page that makes the call, which is also the top-level one. After a redirect,
    ask anew with the next URL and the same page: Chromium looks at each hop by itself.

    Third-party cookies count as allowed, as they are in Chrome unless a person or a build forbids them.
    """
    place, home = _Place.of(url), _Place.of(page)
    sent = [cookie for cookie in cookies if not cookie.expired(now) and _matches(cookie, place)]
    if any(cookie.same_site != "None" for cookie in sent) and not place.same_site(home):
        sent = [cookie for cookie in sent if cookie.same_site == "None"]
    if any(cookie.partition_key for cookie in sent):
        partitions = (None, (home.site, None), (home.site, not place.same_site(home)))
        sent = [cookie for cookie in sent if _partition(cookie) in partitions]
    # Section 5.8.3, step 2: the longer paths first, then the older cookies. The sort is stable.
    return sorted(sent, key=lambda cookie: -len(cookie.path))


def cookie_header(cookies: Iterable[Cookie], url: str, *, page: str, now: float) -> str | None:
    """The value of the `Cookie` header of that call, None where it has none. Values go out as they came in."""
    pairs = [
        f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
        for cookie in cookies_for(cookies, url, page=page, now=now)
    ]
    return "; ".join(pairs) or None


def merge_set_cookies(
    cookies: Sequence[Cookie], url: str, set_cookies: Sequence[str], *, page: str, now: float, date: str | None = None
) -> tuple[Cookie, ...]:
    """The jar after an answer from `url` to `page` carried the `Set-Cookie` headers `set_cookies`, in their order.

    What a browser would not take is ignored (RFC 6265bis section 5.7). A cookie that is set again with the value
    that it had keeps its place in the order, and with another value goes to the end. Of more than 180 of a site, the
    oldest go; Chromium lets those go that were not used for longest, and some more.

    `date` is the answer's `Date` header: what the site's clock said at `now`. As in Chromium, `Expires` is by that one.
    """
    place, home = _Place.of(url), _Place.of(page)
    jar = list(cookies)
    sent = _cookie_date(date or "")
    skew = 0.0 if sent is None else sent - now
    for line in set_cookies:
        cookie = _parse(line, place, home, now, skew)
        if cookie is not None:
            _store(jar, cookie, place, now)
    return tuple(jar)


def validate_cookie(cookie: Cookie, now: float) -> Cookie | None:
    """`cookie` as a browser holds it, for at most 400 days from `now`; None for one that no browser does.

    The rules are those of the storage model (RFC 6265bis section 5.7) for what can be told without the answer that
    set it, and Chromium's own for what another program hands it.
    """
    name, value, path, key = cookie.name, cookie.value, cookie.path, cookie.partition_key
    if CONTROL.search(name + value + path) or ";" in name + value + path or "=" in (name or value):
        return None
    if name != name.strip(WHITESPACE) or value != value.strip(WHITESPACE):
        return None
    if not 0 < _size(name) + _size(value) <= MAX_NAME_AND_VALUE:
        return None
    if not path.startswith("/") or _size(path) > MAX_ATTRIBUTE or not _prefix_kept(cookie):
        return None
    if key is not None and not (cookie.secure and _is_site(key)):
        return None
    return cookie if cookie.expires is None else replace(cookie, expires=min(cookie.expires, now + MAX_AGE))


class _Place(NamedTuple):
    """Where a URL points, as far as cookies care: they know no ports."""

    scheme: str
    host: str
    path: str

    @classmethod
    @lru_cache(maxsize=256)  # a client asks of few pages and calls, and of each of them often
    def of(cls, url: str) -> _Place:
        try:
            parts = urlsplit(url)
            scheme, host = SCHEMES.get(parts.scheme), (parts.hostname or "").encode("idna").decode()
        except ValueError:
            scheme = host = None
        if not scheme or not host:
            raise UsageError("That is not the URL of a web page or of a call.", hint="Write it as https://host/path.")
        return cls(scheme, f"[{host}]" if ":" in host else host, parts.path or "/")

    @property
    def trustworthy(self) -> bool:
        """Whether Secure cookies travel here. Chromium lets them travel to this machine itself without TLS too."""
        return self.scheme == "https" or _is_loopback(self.host)

    @property
    def site(self) -> str:
        """The schemeful site, written as in a cookie's partition key."""
        return f"{self.scheme}://{_registrable_domain(self.host) or self.host}"

    def same_site(self, other: _Place) -> bool:
        if self.scheme != other.scheme:
            return False
        return self.host == other.host or self.site == other.site


def _is_site(text: str) -> bool:
    """Whether `text` is a schemeful site, as a partition key is written."""
    try:
        return _Place.of(text).site == text
    except UsageError:
        return False


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _ip_address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


@cache
def _suffixes() -> PublicSuffixList:
    # Loading the list takes longer than everything else here, and most calls never leave their own host.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=1024)
def _registrable_domain(host: str) -> str | None:
    """The public suffix of `host` and one label more; None for an IP address and for what is a suffix itself."""
    return None if _ip_address(host) else _suffixes().privatesuffix(host)


def _domain_matches(cookie: Cookie, host: str) -> bool:
    """Section 5.1.3, with the host-only flag of section 5.8.3."""
    if host == cookie.domain:
        return True
    return not cookie.host_only and host.endswith(f".{cookie.domain}") and not _ip_address(host)


def _path_matches(cookie_path: str, path: str) -> bool:
    """Section 5.1.4."""
    if not path.startswith(cookie_path):
        return False
    return len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"


def _matches(cookie: Cookie, place: _Place) -> bool:
    """Whether `cookie` goes to `place` at all, whoever asks for it."""
    return (
        _domain_matches(cookie, place.host)
        and _path_matches(cookie.path, place.path)
        and (place.trustworthy or not cookie.secure)
        and (cookie.secure or cookie.same_site != "None")
        and _prefix_kept(cookie)
    )


def _prefix_kept(cookie: Cookie) -> bool:
    """Section 4.1.3: what a name's prefix promises. Prefixes are read without regard to case."""
    name = (cookie.name or cookie.value).lower()
    if not name.startswith(("__secure-", "__host-", "__http-")):
        return True
    if not cookie.name or not cookie.secure:  # without a name, the value would look like one in the header
        return False
    if name.startswith("__host-") and not (cookie.host_only and cookie.path == "/"):
        return False
    return cookie.http_only or not name.startswith(("__http-", "__host-http-"))


def _parse(line: str, place: _Place, home: _Place, now: float, skew: float) -> Cookie | None:
    """One `Set-Cookie` value (section 5.6), as the storage model (section 5.7) takes it; None where it does not.
    `skew` is how many seconds the site's clock is ahead."""
    parts = [[text.strip(WHITESPACE) for text in part.partition("=")] for part in line.split(";")]
    # The RFC lets a tab pass; Chromium does not, except around a name or a value.
    if any(CONTROL.search(text) for part in parts for text in part):
        return None
    (name, equals, value), *rest = parts
    if not equals:
        name, value = "", name
    if not (name or value) or _size(name) + _size(value) > MAX_NAME_AND_VALUE:
        return None
    if not name and "=" in value:  # Chromium's rule: it would come back as a cookie with a name
        return None
    attributes = {key.lower(): text for key, _, text in rest if _size(text) <= MAX_ATTRIBUTE}

    domain = _domain(attributes.get("domain", ""), place.host)
    path = attributes.get("path", "")
    if domain is None:
        return None
    # This prefix wants the path spelt out, and no domain even where one would change nothing (addresses excepted).
    has_domain = bool(attributes.get("domain")) and not _ip_address(place.host)
    if name.lower().startswith("__host-") and (path != "/" or has_domain):
        return None
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain[0],
        host_only=domain[1],
        path=path if path.startswith("/") else place.path.rpartition("/")[0] or "/",  # section 5.1.4
        expires=_expiry(attributes, now, skew),
        http_only="httponly" in attributes,
        secure="secure" in attributes,
        same_site=SAME_SITE.get(attributes.get("samesite", "").lower(), "Lax"),
        partition_key=home.site if "partitioned" in attributes else None,
        cross_site_ancestor=not place.same_site(home) if "partitioned" in attributes else None,
    )
    return cookie if _may_set(cookie, place, home) else None


def _partition(cookie: Cookie) -> tuple[str, bool | None] | None:
    return (cookie.partition_key, cookie.cross_site_ancestor) if cookie.partition_key else None


def _may_set(cookie: Cookie, place: _Place, home: _Place) -> bool:
    """Whether `place`, called from `home`, may set `cookie`."""
    if cookie.secure and not place.trustworthy:
        return False
    if not cookie.secure and (cookie.same_site == "None" or cookie.partition_key):
        return False
    if cookie.same_site != "None" and not place.same_site(home):
        return False
    return _prefix_kept(cookie)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _domain(attribute: str, host: str) -> tuple[str, bool] | None:
    """The domain of a cookie that `host` sets, and whether it is host-only; None where it may not set that one."""
    wanted = attribute.removeprefix(".").lower()
    if not attribute:
        return host, True
    registrable = _registrable_domain(host)
    if registrable is None:  # an IP address, `localhost`, a public suffix: at most a cookie for itself
        return (host, True) if wanted == host else None
    covers_host = host == wanted or host.endswith(f".{wanted}")
    within_site = wanted == registrable or wanted.endswith(f".{registrable}")
    return (wanted, False) if covers_host and within_site else None


def _expiry(attributes: dict[str, str], now: float, skew: float) -> float | None:
    """When the cookie expires, at most 400 days from now: Max-Age, else Expires, else None."""
    max_age = attributes.get("max-age", "")
    if WHOLE_NUMBER.fullmatch(max_age):
        expires: float | None = now + float(max_age) if float(max_age) > 0 else 0.0
    else:
        date = _cookie_date(attributes.get("expires", ""))
        expires = None if date is None else date - skew
    return None if expires is None else min(expires, now + MAX_AGE)


def _cookie_date(text: str) -> float | None:
    """A cookie-date (section 5.1.1), None for what is none. Its parts come in any order, and other words are skipped.

    Chromium's reading: nothing may hang on to a number, and years have up to five digits and no lower bound.
    """
    clock: re.Match[str] | None = None
    day = month = year = None
    for token in DATE_DELIMITERS.split(text):
        if NUMBER.fullmatch(token):
            if day is None and len(token) <= 2:
                day = int(token)
            elif year is None and len(token) <= 5:
                year = int(token)
        elif month is None and token[:3].lower() in MONTHS:
            month = MONTHS.index(token[:3].lower()) + 1
        else:
            clock = clock or CLOCK.fullmatch(token)
    if clock is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    hour, minute, second = map(int, clock.groups())
    try:
        return datetime(min(year, MAXYEAR), month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _store(jar: list[Cookie], cookie: Cookie, place: _Place, now: float) -> None:
    """Put `cookie` into `jar` instead of the one that it replaces, or only take that one out if it is expired."""
    if not place.trustworthy and any(_shadows(old, cookie) for old in jar if old.secure):
        return
    index = next((i for i, old in enumerate(jar) if old.identity == cookie.identity), len(jar))
    replaced = jar[index : index + 1]
    # The RFC keeps the time of creation in any case; Chromium does if the value is the same, else the cookie is new.
    if replaced and replaced[0].value != cookie.value:
        del jar[index]
        index = len(jar)
    jar[index : index + 1] = [] if cookie.expired(now) else [cookie]
    if len(jar) > MAX_PER_SITE:
        site = _site_of(cookie)
        kept = [old for old in jar if _site_of(old) == site]
        for old in kept[: max(0, len(kept) - MAX_PER_SITE)]:
            jar.remove(old)


def _site_of(cookie: Cookie) -> str:
    return _registrable_domain(cookie.domain) or cookie.domain


def _shadows(old: Cookie, new: Cookie) -> bool:
    """Whether `new` would overlay the secure cookie `old`, which a site without TLS may not do (section 5.7)."""
    return (
        old.name == new.name
        and _partition(old) == _partition(new)
        and (_domain_matches(old, new.domain) or _domain_matches(new, old.domain))
        and _path_matches(old.path, new.path)
    )
