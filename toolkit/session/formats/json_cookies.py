"""Cookies in JSON, as browsers' extensions and the drivers of browsers write them. Pure.

Each program has names of its own for one thing, and all are read, wherever they stand:

- `chrome.cookies.Cookie` (https://developer.chrome.com/docs/extensions/reference/api/cookies#type-Cookie): `hostOnly`,
  `expirationDate`, `sameSite` as "no_restriction" and "unspecified", `partitionKey` as an object;
- Playwright's and Puppeteer's: `expires`, `sameSite` as "None", `partitionKey` as text or with `sourceOrigin`;
- WebDriver's (https://www.w3.org/TR/webdriver2/#cookies), which is Selenium's: `expiry`.

One cookie that cannot be read is left out and does not keep the others from being read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toolkit.errors import SessionError, UsageError
from toolkit.session.browser_session import Cookie
from toolkit.session.formats.expiry_values import read_expiry
from toolkit.session.sites import Target, is_site

EXPIRIES = ("expires", "expiry", "expirationDate")
SAME_SITE = {"strict": "Strict", "lax": "Lax", "no_restriction": "None", "none": "None"}  # all others: not said
FIREFOX_PARTITION = re.compile(r"\((https?),([^,()]+)(?:,[^()]*)?\)")  # as in Firefox's cookies.sqlite


class UnreadableCookie(Exception):
    """A cookie cannot be read; the text says why, and shows nothing of it."""


def read_cookies(document: object, origin: str = "") -> tuple[tuple[Cookie, ...], list[str]]:
    """The cookies of the decoded JSON `document`, and what was left out of them, in words.

    `document` is a list of cookies, or an object of names and values. `origin` is that of a cookie that tells no
    domain. Raises `SessionError` if there are cookies, and none of them can be read.
    """
    if isinstance(document, dict):
        document = [{"name": name, "value": value} for name, value in document.items()]
    if not isinstance(document, list):
        raise SessionError("The cookies are malformed: they are neither a list nor an object.")
    cookies: list[Cookie] = []
    left_out: list[str] = []
    for number, raw in enumerate(document, 1):
        try:
            cookies.append(_read_cookie(raw, number, origin, left_out))
        except UnreadableCookie as error:
            left_out.append(f"cookie {number} ({error})")
    if left_out and not cookies:
        raise SessionError(f"None of the cookies can be read: {left_out[0]}.")
    return tuple(cookies), left_out


def _read_cookie(raw: object, number: int, origin: str, left_out: list[str]) -> Cookie:
    if not isinstance(raw, dict):
        raise UnreadableCookie("it is not an object")
    name, value, domain = raw.get("name"), raw.get("value"), raw.get("domain")
    if not isinstance(name, str) or not isinstance(value, str):
        raise UnreadableCookie("it has no `name` or no `value` that is text")
    secure = _is_set(raw.get("secure"))
    if not isinstance(domain, str) or not domain.strip("."):
        url = str(raw.get("url") or origin)  # Playwright takes such an address in place of a domain
        domain = _host(url)
        secure = secure or ("secure" not in raw and url.startswith("https:"))
    try:
        expires = read_expiry(next((raw[key] for key in EXPIRIES if raw.get(key) is not None), None))
    except ValueError:
        expires = None
        left_out.append(f"the expiry of cookie {number} (it is not understood)")
    host_only = raw.get("hostOnly")
    covers_subdomains = not host_only if isinstance(host_only, bool) else domain.startswith(".")
    site, ancestor = _partition(raw)
    path = raw.get("path")
    return Cookie.from_playwright(
        {
            "name": name,
            "value": value,
            "domain": f"{'.' if covers_subdomains else ''}{domain.removeprefix('.')}",
            "path": path if isinstance(path, str) else "/",
            "expires": -1 if expires is None else expires,
            "httpOnly": _is_set(raw.get("httpOnly")),
            "secure": secure,
            "sameSite": SAME_SITE.get(str(raw.get("sameSite") or "").lower()),
            "partitionKey": site,
            "_crHasCrossSiteAncestor": ancestor,
        }
    )


def _host(url: str) -> str:
    try:
        return Target.of(url).host
    except UsageError:
        raise UnreadableCookie("it has no `domain`") from None


def _is_set(flag: object) -> bool:
    return flag.lower() in ("true", "1") if isinstance(flag, str) else bool(flag)


def _partition(raw: Mapping[str, Any]) -> tuple[str | None, bool | None]:
    """The site of the cookie's partition, and Chromium's other half of the key; None for what is not told."""
    key, ancestor = raw.get("partitionKey"), raw.get("_crHasCrossSiteAncestor")
    if raw.get("partitionKeyOpaque"):
        raise UnreadableCookie("it is of a partition that has no name")
    if isinstance(key, dict):
        ancestor = key.get("hasCrossSiteAncestor", ancestor)
        key = key.get("topLevelSite") or key.get("sourceOrigin")
    if not key:
        return None, None
    if not isinstance(key, str):
        raise UnreadableCookie("its `partitionKey` is neither text nor an object")
    if firefox := FIREFOX_PARTITION.fullmatch(key):
        key = f"{firefox[1]}://{firefox[2]}"
    try:
        site = key if is_site(key) else Target.of(key).site
    except UsageError:
        raise UnreadableCookie("its `partitionKey` names no site") from None
    return site, ancestor if isinstance(ancestor, bool) else None
