"""`cookie_header` against the header that a real Chromium sends, byte for byte."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from playwright.async_api import BrowserContext

from tests.session.cookies.browsing import fetch, jar_of
from tests.session.cookies.web import Web
from toolkit.session.cookie_sending import cookie_header
from toolkit.session.cookie_storing import merge_set_cookies

# What each URL sets when it is visited as a page of its own.
VISITED = {
    "https://shop.example.com/": [
        "host=1",
        "lax=1; SameSite=Lax",
        "strict=1; SameSite=Strict",
        "none=1; SameSite=None; Secure",
        "odd=1; SameSite=Sometimes",
        "domain=1; Domain=shop.example.com",
        "site=1; Domain=.example.com",
        "site-strict=1; Domain=example.com; SameSite=Strict; Secure",
        "site-none=1; Domain=example.com; SameSite=None; Secure; HttpOnly",
        "secure=1; Secure; HttpOnly",
        "__Host-id=1; Secure; Path=/",
        "__Host-none=1; Secure; Path=/; SameSite=None; HttpOnly",
        "__Secure-id=1; Secure; Domain=example.com; SameSite=None",
        "__Host-parted=1; Secure; Path=/; SameSite=None; Partitioned",
        "gone=1",
        "gone=1; Max-Age=0",
        "moved=1",
        "kept=1; Max-Age=1000",
        "moved=2",
        "kept=1; Max-Age=2000",
        "both=host",
        "both=domain; Domain=shop.example.com",
    ],
    "https://shop.example.com/a/b/c": ["deep=default", "name=default", "name=a; Path=/a", "name=slash; Path=/a/"],
    "https://shop.example.com/ab/": ["name=ab; Path=/ab", "name=root; Path=/", "name=b; Path=/a/b", "late=1; Path=/a"],
    "https://shop.example.com/values/": [
        'quoted="a b"',
        "comma=a,b",
        "spaces=  a  b  ",
        "utf8=grüße-你好-🍪",
        "empty=",
        "nameless",
        "equals=a=b==",
        'half="a',
        "back=a\\b",
        "percent=%C3%A9",
        "na me=1",
        "json={\"a\":[1,2]}",
    ],
    "https://shop.example.com:8443/port": ["port=8443"],
    "https://api.shop.example.com/": ["api=1", "up=1; Domain=shop.example.com", "api-none=1; SameSite=None; Secure"],
    "https://example.com/": ["apex=1", "apex-all=1; Domain=example.com; SameSite=Lax"],
    "http://shop.example.com/plain": ["plain=1; Path=/", "plain-site=1; Domain=example.com; Path=/; SameSite=Strict"],
    "https://other.test/": [
        "other=1",
        "other-strict=1; SameSite=Strict",
        "other-none=1; SameSite=None; Secure",
        "other-parted=own; SameSite=None; Secure; Partitioned",
        "other-all=1; Domain=other.test; SameSite=None; Secure",
    ],
    "https://shop.example.co.uk/": ["uk=1; Domain=example.co.uk", "uk-x=1; Secure; SameSite=None", "x=1; Domain=co.uk"],
    "https://alice.github.io/": ["alice=1", "alice-none=1; SameSite=None; Secure", "no=1; Domain=github.io"],
    "https://bob.github.io/": ["bob=1", "bob-none=1; SameSite=None; Secure"],
    "http://localhost/": ["local=1", "local-secure=1; Secure", "local-none=1; Secure; SameSite=None"],
    "http://127.0.0.1/": ["ip=1", "ip-secure=1; Secure", "ip-none=1; Secure; SameSite=None; Domain=127.0.0.1"],
}  # fmt: skip
# What each URL sets when another page fetches it: (page, URL) -> lines.
FETCHED = {
    ("https://shop.example.com/page", "https://other.test/embedded"): [
        "other-parted=shop; SameSite=None; Secure; Partitioned; Path=/",
        "third=1; SameSite=None; Secure; Path=/",
        "refused=1; SameSite=Lax; Path=/",
    ],
    ("https://shop.example.com/page", "https://api.shop.example.com/embedded"): [
        "api-parted=shop; SameSite=None; Secure; Partitioned; Path=/",
        "api-parted-lax=shop; Secure; Partitioned; Path=/",
    ],
    ("https://other.test/page", "https://api.shop.example.com/embedded"): [
        "api-parted=other; SameSite=None; Secure; Partitioned; Path=/",
    ],
}
# A page, and where a call of it is led.
REDIRECTED = [
    (
        "https://shop.example.com/page",
        ["https://api.shop.example.com/1", "https://other.test/2", "https://shop.example.com/a/3"],
    ),
    ("https://shop.example.com/page", ["https://other.test/1", "https://bob.github.io/2", "https://other.test/3"]),
    (
        "https://other.test/page",
        ["https://api.shop.example.com/1", "https://example.com/2", "https://other.test/3"],
    ),
    (
        "http://shop.example.com/page",
        ["http://shop.example.com/1", "https://shop.example.com/2", "http://localhost/3"],
    ),
]
PAGES = [
    "https://shop.example.com/page",
    "https://www.example.com:8443/page",
    "http://shop.example.com/page",
    "https://other.test/page",
    "http://other.test:8080/page",
    "https://shop.example.co.uk/page",
    "https://alice.github.io/page",
    "http://localhost:8080/page",
    "http://127.0.0.1/page",
]
URLS = [
    "https://shop.example.com",
    "https://shop.example.com/a",
    "https://shop.example.com/a/",
    "https://shop.example.com/a/b/c/d",
    "https://shop.example.com/a/bc",
    "https://shop.example.com/ab",
    "https://shop.example.com/abc",
    "https://shop.example.com/A",
    "https://shop.example.com/values/x",
    "https://shop.example.com:8443/ab/c",
    "http://shop.example.com/a/b",
    "http://shop.example.com:8080/",
    "https://api.shop.example.com/v1",
    "http://api.shop.example.com/v1",
    "https://deep.api.shop.example.com/v1",
    "https://www.example.com/",
    "https://example.com/",
    "http://example.com/",
    "https://other.test/x",
    "https://sub.other.test/x",
    "http://other.test/x",
    "https://shop.example.co.uk/",
    "https://www.example.co.uk/",
    "https://alice.github.io/",
    "https://bob.github.io/",
    "http://localhost/",
    "http://localhost:8080/x",
    "https://localhost/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/x",
    "https://127.0.0.1:8443/",
]


def is_blocked(page: str, url: str) -> bool:
    """Whether the browser refuses the call as mixed content: from a page with TLS to another machine without."""
    return page.startswith("https:") and url.startswith("http:") and "localhost" not in url and "127.0.0.1" not in url


def with_path(url: str) -> str:
    return url if url.count("/") > 2 else f"{url}/"


@pytest.fixture
async def rich(web: Web, visitor: BrowserContext) -> BrowserContext:
    """A browser that has been to every site, and whose web now sets no more cookies."""
    page = await visitor.new_page()
    for url, lines in VISITED.items():
        web.answers[url] = [f"Set-Cookie: {line}".encode() for line in lines]
        await page.goto(url)
    web.answers.clear()
    for (home, url), lines in FETCHED.items():
        web.answers[url] = [f"Set-Cookie: {line}".encode() for line in lines]
        await page.goto(home)
        await fetch(page, url)
        web.answers.clear()
    await page.close()
    return visitor


async def test_every_header_is_the_one_chromium_sends(
    web: Web, rich: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    """For each page and URL, the header made from the browser's jar is the browser's own, byte for byte."""
    page = await rich.new_page()
    # The browser tells its jar in the order of sending; the shorter paths first, it has to be put in order again.
    jar = sorted(await jar_of(rich), key=lambda cookie: len(cookie.path))
    compared, headers, wrong = 0, set[bytes | None](), []
    for home in PAGES:
        await page.goto(home)
        urls = [url for url in URLS if not is_blocked(home, url)]
        web.seen.clear()
        await fetch(page, *(f"{with_path(url)}?{n}" for n, url in enumerate(urls)))
        for n, url in enumerate(urls):
            (seen,) = web.seen[str(n)]
            assert seen.url == with_path(url)
            ours = cookie_header(jar, url, page=home, now=time.time())
            if (ours.encode() if ours else None) != seen.cookie:
                wrong.append((home, url, ours, seen.cookie))
            compared += 1
            headers.add(seen.cookie)
    record_property("compared", compared)
    print(f"{compared} calls compared with Chromium, {len(headers)} different headers")
    assert not wrong
    assert compared >= 200
    assert len(headers) >= 30


async def test_every_hop_of_a_redirect_has_its_own_header(web: Web, rich: BrowserContext) -> None:
    """A redirected call carries on each hop what a new call to it would, also the cookies set by the hops before."""
    page = await rich.new_page()
    for number, (home, hops) in enumerate(REDIRECTED):
        await page.goto(home)
        jar, now = tuple(await jar_of(rich)), time.time()
        lines = [
            "hop=%d; Domain=example.com; Path=/",
            "hop-none=%d; SameSite=None; Secure; Path=/",
            "hop-parted=%d; SameSite=None; Secure; Partitioned; Path=/",
        ]
        expected = []
        for n, url in enumerate(hops):
            header = cookie_header(jar, url, page=home, now=now)
            expected.append((url, header.encode() if header else None))
            sets = [line % (10 * number + n) for line in lines]
            jar = merge_set_cookies(jar, url, sets, page=home, now=now)
            web.answers[url] = [f"Set-Cookie: {line}".encode() for line in sets]
            if n + 1 < len(hops):
                web.answers[url].append(f"Location: {hops[n + 1]}?hop{number}".encode())
        await fetch(page, f"{hops[0]}?hop{number}")

        assert [(seen.url, seen.cookie) for seen in web.seen[f"hop{number}"]] == expected
        assert {cookie.identity: cookie.value for cookie in jar} == {
            cookie.identity: cookie.value for cookie in await jar_of(rich)
        }
        web.answers.clear()


async def test_a_partitioned_cookie_survives_the_way_through_our_values(web: Web, visitor: BrowserContext) -> None:
    """Taken out of the browser and put back, a site's own partitioned cookie is sent as before."""
    url = "https://shop.example.com/"
    page = await visitor.new_page()
    web.answers[url] = [b"Set-Cookie: own=1; Secure; SameSite=None; Partitioned"]
    await page.goto(url)
    web.answers.clear()
    jar = await jar_of(visitor)
    await visitor.clear_cookies()
    await visitor.add_cookies(cast(Any, [cookie.to_playwright() for cookie in jar]))
    await page.goto(f"{url}?back")

    assert [seen.cookie for seen in web.seen["back"]] == [b"own=1"]
    assert await jar_of(visitor) == jar


async def test_what_a_site_sets_while_embedded_stays_there(web: Web, visitor: BrowserContext) -> None:
    """A partitioned cookie set from a foreign frame inside the page does not go with the page's own calls."""
    home, url, frame_url = "https://shop.example.com/page", "https://shop.example.com/x", "https://other.test/frame"
    page = await visitor.new_page()
    await page.goto(home)
    web.answers[url] = [b"Set-Cookie: embedded=1; Secure; SameSite=None; Partitioned; Path=/"]
    async with page.expect_event("framenavigated", lambda frame: frame.url == frame_url) as navigated:
        await page.evaluate(
            "url => { document.body.append(Object.assign(document.createElement('iframe'), {src: url})) }", frame_url
        )
    await fetch(await navigated.value, url)
    web.answers[url] = [b"Set-Cookie: own=1; Secure; SameSite=None; Partitioned; Path=/"]
    await fetch(page, url)
    jar = await jar_of(visitor)
    await fetch(page, f"{url}?now")

    assert {cookie.name for cookie in jar} == {"embedded", "own"}
    assert [seen.cookie for seen in web.seen["now"]] == [b"own=1"]
    assert cookie_header(jar, url, page=home, now=time.time()) == "own=1"
