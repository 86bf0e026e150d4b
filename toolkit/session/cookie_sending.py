"""Which cookies a browser sends with a page's `fetch`, and in which order. Pure.

The rules are those of RFC 6265bis (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis), to which the
section numbers refer; where Chromium differs, Chromium is followed, and a comment says so.

URLs are absolute `http(s)` or `ws(s)` URLs with percent-encoded paths, as they go on the wire; `UsageError` is raised
for anything else. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.session.browser_session import Cookie
from toolkit.session.cookie_rules import domain_matches, meets_prefix, partition_of, path_matches
from toolkit.session.sites import Target


def cookies_for(cookies: Iterable[Cookie], url: str, *, page: str, now: float) -> list[Cookie]:
    """The cookies that `fetch(url, {credentials: "include"})` carries, in the order in which they are sent.

    `cookies` are in order of creation. `page` is the URL or the origin of the page that makes the call, which is also
    the top-level page. After a redirect, call this again with the next URL and the same page: Chromium decides about
    each hop by itself.

    Third-party cookies count as allowed, as they are in Chrome unless a person or a build forbids them.
    """
    target, top_level = Target.of(url), Target.of(page)
    sent = [cookie for cookie in cookies if not cookie.expired(now) and _matches(cookie, target)]
    if any(cookie.same_site != "None" for cookie in sent) and not target.same_site(top_level):
        sent = [cookie for cookie in sent if cookie.same_site == "None"]
    if any(cookie.partition_key for cookie in sent):
        partitions = (None, (top_level.site, None), (top_level.site, not target.same_site(top_level)))
        sent = [cookie for cookie in sent if partition_of(cookie) in partitions]
    # Section 5.8.3, step 2: the longer paths first, then the older cookies. The sort is stable.
    return sorted(sent, key=lambda cookie: -len(cookie.path))


def cookie_header(cookies: Iterable[Cookie], url: str, *, page: str, now: float) -> str | None:
    """The value of the `Cookie` header of the call that `cookies_for` describes; None if no cookie is sent.

    Values are sent unchanged, as the site set them.
    """
    pairs = [
        f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
        for cookie in cookies_for(cookies, url, page=page, now=now)
    ]
    return "; ".join(pairs) or None


def _matches(cookie: Cookie, target: Target) -> bool:
    """Whether `cookie` is sent to `target` from its own site."""
    return (
        domain_matches(cookie, target.host)
        and path_matches(cookie.path, target.path)
        and (target.trustworthy or not cookie.secure)
        and (cookie.secure or cookie.same_site != "None")
        and meets_prefix(cookie)
    )
