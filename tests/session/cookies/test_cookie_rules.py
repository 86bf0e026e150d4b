"""`validate_cookie` against what a real Chromium takes when another program hands it a cookie."""

from __future__ import annotations

import time

import msgspec
import pytest
from playwright.async_api import BrowserContext, Error

from tests.session.cookies.browsing import jar_of
from toolkit.session.browser_session import Cookie
from toolkit.session.cookie_rules import MAX_AGE, matches_host, validate_cookie

NOW = time.time()
PLAIN = Cookie(name="a", value="1", domain="shop.example.com", expires=NOW + 86_400, secure=True)
DOMAIN = {"host_only": False, "domain": "example.com"}
SITE = {"partition_key": "https://example.com", "cross_site_ancestor": False}


@pytest.mark.parametrize(
    "odd",
    [
        *({}, {"name": ""}, {"value": ""}, {"name": "", "value": ""}, {"name": "", "value": "b=1"}, {"value": "b=1"}),
        *({"name": "a=b"}, {"name": "a; b"}, {"value": "1; b"}, {"value": "1\x01"}, {"name": "a\n"}, {"value": "é 🍪"}),
        *({"name": " a"}, {"value": "1 "}, {"name": "a b"}, {"value": '"1"'}, {"value": "x" * 4095}),
        *({"value": "x" * 4096}, {"path": "/x"}, {"path": "/;x"}, {"path": "nope"}, {"path": f"/{'p' * 1023}"}),
        *({"path": f"/{'p' * 1024}"}, {"expires": None}, {"expires": NOW + MAX_AGE - 60}),
        *({"name": "__Host-a"}, {"name": "__Host-a", "path": "/x"}, {"name": "__Host-a", **DOMAIN}),
        *({"name": "__Secure-a"}, {"name": "__secure-a", "secure": False}, {"secure": False}, DOMAIN),
        *(SITE, {**SITE, "secure": False}, {**SITE, "partition_key": "garbage"}, {**SITE, "partition_key": "https://"}),
    ],
    ids=lambda odd: repr(odd | {"expires": "later"} if odd.get("expires") else odd)[:60],  # the same in every process
)
async def test_it_holds_what_chromium_holds(visitor: BrowserContext, odd: dict[str, object]) -> None:
    """One cookie at a time, as it is handed over; what is refused would keep all others out as well."""
    cookie = msgspec.structs.replace(PLAIN, **odd)
    raw = cookie.to_playwright()
    try:
        await visitor.add_cookies([raw])  # type: ignore[list-item]
    except Error:
        theirs = []
    else:
        theirs = [one.identity for one in await jar_of(visitor)]
    ours = validate_cookie(cookie, NOW)
    assert theirs == ([] if ours is None else [cookie.identity])
    assert ours is None or ours == cookie


@pytest.mark.parametrize(
    "expires", [1e308, 999_999_999_999.0, NOW + MAX_AGE + 1], ids=["no year", "far", "a second more"]
)
def test_nothing_outlives_400_days(expires: float) -> None:
    """Chromium refuses a year that no calendar has, and shortens the others."""
    held = validate_cookie(msgspec.structs.replace(PLAIN, expires=expires), NOW)
    assert held is not None
    assert held.expires == NOW + MAX_AGE


def test_an_address_has_no_subdomains() -> None:
    """A domain that is the end of an address is nobody's (RFC 6265bis, 5.1.3)."""
    cookie = msgspec.structs.replace(PLAIN, domain="0.0.1", host_only=False)
    assert not matches_host(cookie, "http://127.0.0.1/")
    assert matches_host(msgspec.structs.replace(cookie, domain="127.0.0.1"), "http://127.0.0.1/")
