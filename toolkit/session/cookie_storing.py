"""What the `Set-Cookie` headers of an answer change in a jar. Pure, but for debug lines on the logger "toolkit".

The rules are those of RFC 6265bis (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis), to which the
section numbers refer; where Chromium differs, Chromium is followed, and a comment says so. A jar is a sequence of
`Cookie` values in order of creation.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from toolkit.session.browser_session import Cookie, SameSite
from toolkit.session.cookie_dates import parse_cookie_date
from toolkit.session.cookie_rules import (
    CONTROL,
    MAX_AGE,
    MAX_ATTRIBUTE,
    MAX_NAME_AND_VALUE,
    WHITESPACE,
    domain_matches,
    meets_prefix,
    partition_of,
    path_matches,
    size_in_bytes,
)
from toolkit.session.sites import Target, ip_address, registrable_domain

log = logging.getLogger("toolkit")

MAX_PER_SITE = 180  # cookies of one registrable domain, as in Chromium
SAME_SITE: dict[str, SameSite] = {"strict": "Strict", "lax": "Lax", "none": "None"}
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
LOGGED_NAME = 40  # letters of a cookie's name in the log


class _Rejected(Exception):
    """A browser ignores this `Set-Cookie` header; the text says which rule it breaks, and shows nothing of it."""


def merge_set_cookies(
    cookies: Sequence[Cookie], url: str, set_cookies: Sequence[str], *, page: str, now: float, date: str | None = None
) -> tuple[Cookie, ...]:
    """The jar after an answer from `url` to `page` carried the `Set-Cookie` headers `set_cookies`, in their order.

    Headers that a browser rejects are ignored (section 5.7), with a debug line. A cookie that is set again with the
    same value keeps its position in the jar; with another value it moves to the end. Of more than 180 cookies of a
    site, the oldest are removed; Chromium removes those that were not used for longest, and some more.

    `page` is the URL or the origin of the page that made the call, `now` the time of the answer in seconds since 1970,
    `date` the answer's `Date` header: the site's own clock, by which `Expires` counts, as in Chromium. Raises
    `UsageError` unless both URLs are absolute `http(s)` or `ws(s)` URLs.
    """
    target, top_level = Target.of(url), Target.of(page)
    jar = list(cookies)
    site_time = parse_cookie_date(date or "")
    skew = 0.0 if site_time is None else site_time - now
    for header in set_cookies:
        try:
            cookie = _parse(header, target, top_level, now, skew)
            _check_may_set(cookie, target, top_level)
            _store(jar, cookie, target, now)
        except _Rejected as rejected:
            log.debug("%s: a Set-Cookie header is ignored: %s", target.host, rejected)
        else:
            action = "removed" if cookie.expired(now) else "stored"
            log.debug("%s: the cookie %s is %s", target.host, _shown(cookie.name), action)
    return tuple(jar)


def _parse(header: str, target: Target, top_level: Target, now: float, skew: float) -> Cookie:
    """The cookie of one `Set-Cookie` header (section 5.6), its attributes as the storage model reads them (section
    5.7). `skew` is how many seconds the site's clock is ahead of ours."""
    parts = [[text.strip(WHITESPACE) for text in part.partition("=")] for part in header.split(";")]
    # The RFC allows a tab; Chromium does not, except around a name or a value.
    if any(CONTROL.search(text) for part in parts for text in part):
        raise _Rejected("it holds a control character")
    (name, equals, value), *rest = parts
    if not equals:
        name, value = "", name
    if not (name or value):
        raise _Rejected("it has neither a name nor a value")
    if size_in_bytes(name) + size_in_bytes(value) > MAX_NAME_AND_VALUE:
        raise _Rejected(f"the cookie {_shown(name)} and its value have more than {MAX_NAME_AND_VALUE} bytes")
    if not name and "=" in value:  # Chromium's rule: it would be sent back as a cookie with a name
        raise _Rejected("it has no name, and its value would be read as one")
    attributes = {key.lower(): text for key, _, text in rest if size_in_bytes(text) <= MAX_ATTRIBUTE}

    domain, host_only = _domain(name, attributes.get("domain", ""), target.host)
    path = attributes.get("path", "")
    # This prefix requires the path to be written out, and no domain even if it changes nothing (addresses excepted).
    has_domain = bool(attributes.get("domain")) and not ip_address(target.host)
    if name.lower().startswith("__host-") and (path != "/" or has_domain):
        raise _Rejected(f"the cookie {_shown(name)} has no Path=/, or has a domain, against the prefix of its name")
    partitioned = "partitioned" in attributes
    return Cookie(
        name=name,
        value=value,
        domain=domain,
        host_only=host_only,
        path=path if path.startswith("/") else target.path.rpartition("/")[0] or "/",  # section 5.1.4
        expires=_expiry(attributes, now, skew),
        http_only="httponly" in attributes,
        secure="secure" in attributes,
        same_site=SAME_SITE.get(attributes.get("samesite", "").lower(), "Lax"),
        partition_key=top_level.site if partitioned else None,
        cross_site_ancestor=not target.same_site(top_level) if partitioned else None,
    )


def _check_may_set(cookie: Cookie, target: Target, top_level: Target) -> None:
    """Reject `cookie` unless `target`, called from a page of `top_level`, may set it (section 5.7)."""
    name = f"the cookie {_shown(cookie.name)}"
    if cookie.secure and not target.trustworthy:
        raise _Rejected(f"{name} is Secure, and the answer came without TLS")
    if not cookie.secure and (cookie.same_site == "None" or cookie.partition_key):
        raise _Rejected(f"{name} is SameSite=None or Partitioned, and not Secure")
    if cookie.same_site != "None" and not target.same_site(top_level):
        raise _Rejected(f"{name} is SameSite={cookie.same_site}, and the page is of another site")
    if not meets_prefix(cookie):
        raise _Rejected(f"{name} lacks an attribute that the prefix of its name requires")


def _domain(name: str, attribute: str, host: str) -> tuple[str, bool]:
    """The domain of a cookie that `host` sets with the `Domain` attribute `attribute`, and whether it is host-only."""
    domain = attribute.removeprefix(".").lower()
    if not attribute:
        return host, True
    registrable = registrable_domain(host)
    if registrable is None:  # an IP address, `localhost`, a public suffix: at most a cookie for itself
        if domain == host:
            return host, True
    else:
        covers_host = host == domain or host.endswith(f".{domain}")
        within_site = domain == registrable or domain.endswith(f".{registrable}")
        if covers_host and within_site:
            return domain, False
    raise _Rejected(f"the cookie {_shown(name)} has a domain that the host may not set cookies for")


def _expiry(attributes: dict[str, str], now: float, skew: float) -> float | None:
    """When the cookie expires, at most 400 days from `now`: Max-Age, else Expires, else None."""
    max_age = attributes.get("max-age", "")
    if WHOLE_NUMBER.fullmatch(max_age):
        expires: float | None = now + float(max_age) if float(max_age) > 0 else 0.0
    else:
        date = parse_cookie_date(attributes.get("expires", ""))
        expires = None if date is None else date - skew
    return None if expires is None else min(expires, now + MAX_AGE)


def _store(jar: list[Cookie], cookie: Cookie, target: Target, now: float) -> None:
    """Put `cookie` into `jar` in place of the one with its identity; if it has expired, only remove that one."""
    if not target.trustworthy and any(_shadows(old, cookie) for old in jar if old.secure):
        raise _Rejected(f"the cookie {_shown(cookie.name)} came without TLS, and would overlay a Secure cookie")
    index = next((i for i, old in enumerate(jar) if old.identity == cookie.identity), len(jar))
    replaced = jar[index : index + 1]
    # The RFC keeps the time of creation in any case; Chromium does if the value is the same, else the cookie is new.
    if replaced and replaced[0].value != cookie.value:
        del jar[index]
        index = len(jar)
    jar[index : index + 1] = [] if cookie.expired(now) else [cookie]
    if len(jar) > MAX_PER_SITE:
        _remove_oldest_above_limit(jar, _site_of(cookie))


def _remove_oldest_above_limit(jar: list[Cookie], site: str) -> None:
    """Remove the oldest cookies of `site` from `jar` until at most `MAX_PER_SITE` of them are left."""
    of_site = [cookie for cookie in jar if _site_of(cookie) == site]
    for cookie in of_site[: max(0, len(of_site) - MAX_PER_SITE)]:
        jar.remove(cookie)


def _site_of(cookie: Cookie) -> str:
    return registrable_domain(cookie.domain) or cookie.domain


def _shadows(old: Cookie, new: Cookie) -> bool:
    """Whether `new` would overlay the secure cookie `old`, which a site without TLS may not do (section 5.7)."""
    return (
        old.name == new.name
        and partition_of(old) == partition_of(new)
        and (domain_matches(old, new.domain) or domain_matches(new, old.domain))
        and path_matches(old.path, new.path)
    )


def _shown(name: str) -> str:
    """A cookie's name for the log."""
    return repr(name[:LOGGED_NAME]) if name else "without a name"
