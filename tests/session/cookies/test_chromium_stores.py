"""`merge_set_cookies` against the jar that a real Chromium has after the same `Set-Cookie` headers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.async_api import BrowserContext

from tests.session.cookies.browsing import fetch, jar_of
from tests.session.cookies.web import Web
from toolkit.session.browser_session import Cookie
from toolkit.session.cookie_storing import merge_set_cookies

SHOP = "https://shop.example.com/a/b"
PLAIN = "http://shop.example.com/a/b"
LOCAL = "http://localhost/a"
CLOSE = 2.0  # seconds by which the two may round differently


@dataclass(frozen=True)
class Case:
    """What `url` sets when the page `home` fetches it, one line after the other."""

    lines: tuple[str, ...]
    url: str = SHOP
    home: str = SHOP


ONE_LINE = [
    # names and values
    "a=1", "a", "=a", "a=", "=", "", ";", "; a=1", " ; Path=/", "a=b=c", "=a=b", "==", "a==", "  a  =  b  ",
    "\ta\t=\tb\t", "a=b c", 'a="b"', 'a="b;c"', "a=b,c", "a=b, c=d", "a=é你🍪", "é=1", "a b=1", "a=1;", "a=1;;;",
    "a=\\",
    "a=%20%3b", "a=b\tc", "a=b\x01c", "a\x01=b", "a=\x7f", "a=1; x=\x01", "a=1; x\x01=1", "a=1; x=b\tc", "\x0ba=1",
    "a=1\x0c",
    # sizes
    f"a={'x' * 4095}", f"a={'x' * 4096}", f"{'n' * 4096}=", f"{'n' * 4096}=1", f"a={'é' * 2047}x", f"a={'é' * 2048}",
    f"a=1; Path=/{'p' * 1023}", f"a=1; Path=/{'p' * 1024}", f"a=1; Domain={'d' * 1025}",
    f"a=1; x={'y' * 3000}; Secure",
    # attributes
    "a=1; Secure", "a=1; secure=no; HTTPONLY", "a=1; HttpOnly=false", "a=1;Secure;HttpOnly;Path=/",
    "a=1; Secure,HttpOnly", "a=1; = Secure", "a=1; unknown=x; Priority=High", "a=1 ; secure ; path = / ",
    "a=1; Version=1",
    # paths
    "a=1; Path=/", "a=1; Path=/a", "a=1; Path=/other", "a=1; Path=a", "a=1; Path=", "a=1; Path", 'a=1; Path="/"',
    "a=1; Path=/x; Path=/y", "a=1; Path=/x; Path=", "a=1; Path=/x y", "a=1; Path=/é", "a=1; Path=//", "a=1; Path=/?q",
    # domains
    "a=1; Domain=shop.example.com", "a=1; Domain=.shop.example.com", "a=1; Domain=example.com",
    "a=1; Domain=.EXAMPLE.com", "a=1; Domain=..example.com", "a=1; Domain=com", "a=1; Domain=.", "a=1; Domain=",
    "a=1; Domain", "a=1; Domain=other.test", "a=1; Domain=api.shop.example.com", "a=1; Domain=hop.example.com",
    "a=1; Domain=example.com.", "a=1; Domain=example.com:443", "a=1; Domain=other.test; Domain=example.com",
    "a=1; Domain=example.com; Domain=", "a=1; Domain=example.com/", 'a=1; Domain="example.com"',
    "a=1; Domain=é.example.com", "a=1; Domain=ex%61mple.com", "a=1; Domain=127.0.0.1",
    # ages
    "a=1; Max-Age=100", "a=1; Max-Age=0", "a=1; Max-Age=-1", "a=1; Max-Age=+100", "a=1; Max-Age=1e3", "a=1; Max-Age=",
    "a=1; Max-Age=100x", "a=1; Max-Age=0100", "a=1; Max-Age=34560000", "a=1; Max-Age=34560001",
    "a=1; Max-Age=9" + "9" * 30, "a=1; Max-Age=-9" + "9" * 30, "a=1; Max-Age=100; Max-Age=200", 'a=1; Max-Age="100"',
    "a=1; Max-Age=1 0", "a=1; Max-Age=-0", "a=1; Max-Age=-", "a=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "a=1; Max-Age=0; Expires={soon}", "a=1; Max-Age=x; Expires={soon}", "a=1; Max-Age=100; Max-Age=x",
    # dates
    "a=1; Expires={soon}", "a=1; expires={soon}; Expires=never", "a=1; Expires=never; Expires={soon}", "a=1; Expires=",
    "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1500 00:00:00 GMT", "a=1; Expires=0",
    "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "a=1; Expires=Fri, 31 Dec 10000 23:59:59 GMT",
    'a=1; Expires="{soon}"', "a=1; Expires=Tue, 30 Feb {year} 00:00:00 GMT", "a=1; Expires=01 Jan {year} 24:00:00",
    "a=1; Expires=01 Jan {year} 00:00:60", "a=1; Expires=00 Jan {year} 00:00:00",
    "a=1; Expires=1 january {year} 1:2:3", "a=1; Expires=jan 1 {year} 01:02:03", "a=1; Expires={year} jan 1 01:02:03",
    "a=1; Expires=01:02:03 1 jan {year}", "a=1; Expires=1-Jan-{yy} 01:02:03 GMT", "a=1; Expires=01-Jan-70 00:00:00",
    "a=1; Expires=01-Jan-69 00:00:00", "a=1; Expires=1 Jan {year}", "a=1; Expires=1 {year} 1:2:3",
    "a=1; Expires=Jan {year} 1:2:3", "a=1; Expires=1 Jan 1:2:3", "a=1; Expires=1 Jan {year} 1:2",
    "a=1; Expires=1st Jan {year} 1:2:3", "a=1; Expires=1 Jan {year}x 1:2:3", "a=1; Expires=1 Jan {year}xy 1:2:3",
    "a=1; Expires=1 Jan {year} 1:2:3pm", "a=1; Expires=1 Jan {year} 1:2:3:4", "a=1; Expires=1 Jan {year} 001:02:03",
    "a=1; Expires=1/Jan/{year} 1:2:3", "a=1; Expires=1_Jan_{year}_1:2:3", "a=1; Expires=1 Jan {year} 1.2.3",
    "a=1; Expires=1 Jän {year} 1:2:3", "a=1; Expires=Mon, 1 Jan {year} 05:00:00 +0500",
    "a=1; Expires=1 Jan 0{year} 1:2:3", "a=1; Expires=1 Jan 150 1:2:3", "a=1; Expires=1 Jan 0 1:2:3",
    "a=1; Expires=1 Jan {year} 9:9:9 2 Feb 10:10:10 2020", "a=1; Expires=1 Jan é{year} 1:2:3",
    "a=1; Expires=1 Jan {year}x {year} 1:2:3", "a=1; Expires=1x 1 Jan {year} 1:2:3",
    "a=1; Expires=1 Jan {year} 1:2:3pm 4:5:6", "a=1; Expires=001 2 Jan {year} 1:2:3", "a=1; Expires=1 Jan {year} 1::3",
    "a=1; Expires=1 foo {year} 1:2:3 feb", "a=1; Expires=1 :Jan {year} 1:2:3",
    # SameSite
    "a=1; SameSite=Strict", "a=1; samesite=LAX", "a=1; SameSite=None", "a=1; SameSite=None; Secure", "a=1; SameSite",
    "a=1; SameSite=", "a=1; SameSite=x", "a=1; SameSite=Strict; SameSite=x", "a=1; SameSite=None; SameSite=Lax",
    'a=1; SameSite="Strict"', "a=1; SameSite=extended",
    # prefixes
    "__Secure-a=1", "__Secure-a=1; Secure", "__SECURE-a=1", "__Secure-a=1; Secure; Domain=example.com; Path=/x",
    "__Host-a=1; Path=/", "__Host-a=1; Secure", "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/a",
    "__Host-a=1; Secure; Path=/; Domain=example.com", "__Host-a=1; Secure; Path=/; Domain=shop.example.com",
    "__Host-a=1; Secure; Path=/; Domain=", "__host-a=1; Path=/", "__Host-=1; Secure; Path=/", "__Host=1", "__Hosta=1",
    "=__Host-a", "=__Host-a; Secure; Path=/", "__Secure-a", "__Host-a=b; Secure; Path=/x; Path=/", "=__Http-a",
    "__Http-a=1; Secure; HttpOnly", "__Http-a=1; Secure", "__Http-a=1; HttpOnly",
    "__Host-Http-a=1; Secure; Path=/; HttpOnly", "__Host-Http-a=1; Secure; Path=/",
    "__Host-Http-a=1; Secure; HttpOnly; Path=/a",
    # partitions
    "a=1; Partitioned", "a=1; Partitioned; Secure", "a=1; Partitioned; Secure; SameSite=None; Path=/",
    "__Host-a=1; Partitioned; Secure; Path=/; SameSite=Strict",
]  # fmt: skip
SEVERAL = [
    Case(("a=1", "b=1", "a=2")),
    Case(("a=1", "b=1", "a=1; HttpOnly")),
    Case(("a=1", "a=; Max-Age=0")),
    Case(("a=1; Path=/", "a=; Max-Age=0")),
    Case(("a=1; Domain=example.com", "a=; Max-Age=0; Domain=example.com")),
    Case(("a=1; Domain=example.com", "a=; Max-Age=0")),
    Case(("a=host", "a=domain; Domain=shop.example.com")),
    Case(("a=1", "A=2")),
    Case(("a=1; Secure; Partitioned", "a=2")),
    Case(("a=1; Secure; Partitioned", "a=2; Secure; Partitioned")),
    Case(("a", "b", "c=1")),
    Case(("a=1; Max-Age=100", "a=2")),
    Case(("a=1; Path=/a", "a=1; Path=/a/")),
    Case(("a=1; SameSite=Strict", "a=1; SameSite=None")),
]
ELSEWHERE = [
    *(
        Case((line,), url, home)
        for url, home in [
            (PLAIN, PLAIN),
            (LOCAL, LOCAL),
            ("http://a.localhost/", "http://localhost/"),
            ("https://other.test/x", SHOP),
            ("https://api.shop.example.com/x", SHOP),
            ("https://shop.example.com:8443/x", SHOP),
            (SHOP, PLAIN),
            ("http://127.0.0.1/", SHOP),
        ]
        for line in [
            "a=1",
            "a=1; Secure",
            "a=1; SameSite=Strict",
            "a=1; SameSite=None",
            "a=1; SameSite=None; Secure",
            "a=1; SameSite=None; Secure; Partitioned",
            "__Secure-a=1; Secure; SameSite=None",
            "__Host-a=1; Secure; Path=/; SameSite=None",
            "a=1; Domain=example.com",
            "a=1; Domain=localhost",
            "a=1; Domain=127.0.0.1; SameSite=None; Secure",
            "__Host-a=1; Domain=localhost; Path=/; Secure",
            "a=1; Max-Age=99999999",
        ]
    ),
    Case(("a=1; Domain=co.uk",), "https://shop.example.co.uk/", "https://shop.example.co.uk/"),
    Case(("a=1; Domain=example.co.uk",), "https://shop.example.co.uk/", "https://shop.example.co.uk/"),
    Case(("a=1; Domain=github.io",), "https://alice.github.io/", "https://alice.github.io/"),
    Case(("a=1; Domain=alice.github.io",), "https://alice.github.io/", "https://alice.github.io/"),
    Case(("a=1; Domain=127.0.0.1",), "http://127.0.0.1/", "http://127.0.0.1/"),
    Case(("a=1; Domain=.127.0.0.1",), "http://127.0.0.1/", "http://127.0.0.1/"),
    Case(("a=1; Domain=0.0.1",), "http://127.0.0.1/", "http://127.0.0.1/"),
    Case(("__Host-a=1; Domain=127.0.0.1; Path=/; Secure",), "http://127.0.0.1/", "http://127.0.0.1/"),
    *(
        Case(("a=1",), f"https://shop.example.com{path}")
        for path in ["/", "/x", "/x/", "/x/y", "//", "//x", "/x//y", "/%20/y", "/x;y/z", "/x=/y"]
    ),
]
CASES = [*(Case((line,)) for line in ONE_LINE), *SEVERAL, *ELSEWHERE]


def dated(line: str) -> str:
    """`line` with a time that is soon, and with a year whose first days are at most about 400 days away."""
    year = time.gmtime().tm_year + 1
    soon = gmt(time.time() + 5000)
    return line.replace("{soon}", soon).replace("{year}", str(year)).replace("{yy}", str(year)[-2:])


def alike(ours: list[Cookie], theirs: list[Cookie], close: float) -> bool:
    """Whether two jars are the same in everything, with expiries that are at most `close` seconds apart."""
    if len(ours) != len(theirs):
        return False
    for a, b in zip(ours, theirs, strict=True):
        if (a.expires is None) != (b.expires is None) or abs((a.expires or 0) - (b.expires or 0)) > close:
            return False
        if [getattr(a, field) for field in FIELDS] != [getattr(b, field) for field in FIELDS]:
            return False
    return True


FIELDS = [field for field in Cookie.__struct_fields__ if field != "expires"]


async def test_every_set_cookie_leaves_the_jar_that_chromium_has(
    web: Web, visitor: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    """For each answer, good or malformed, our jar is the browser's: every attribute, and the order."""
    page = await visitor.new_page()
    wrong = []
    for case in sorted(CASES, key=lambda case: case.home):
        lines = [dated(line) for line in case.lines]
        if page.url != case.home:
            web.answers.clear()
            await page.goto(case.home)
        await visitor.clear_cookies()
        web.answers = {case.url: [f"Set-Cookie: {line}".encode() for line in lines]}
        asked = time.time()
        await fetch(page, case.url)
        theirs, now = await jar_of(visitor), time.time()
        jar = merge_set_cookies((), case.url, lines, page=case.home, now=now)
        ours = sorted(jar, key=lambda cookie: -len(cookie.path.encode()))
        if not alike(ours, theirs, now - asked + CLOSE):
            shown = [[(c.value[:20], c.to_playwright() | {"value": 0}) for c in cs] for cs in (ours, theirs)]
            wrong.append((case.url, case.home, [line[:80] for line in lines], *shown))
    await page.close()
    record_property("compared", len(CASES))
    print(f"{len(CASES)} answers compared with Chromium")
    assert not wrong, "\n".join(map(str, wrong))
    assert len(CASES) >= 250


def gmt(when: float) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(when))


async def test_expires_is_by_the_clock_of_the_site(web: Web, visitor: BrowserContext) -> None:
    """Where the answer's `Date` is not our time, Chromium and we understand `Expires` the same, and Max-Age as ever."""
    page = await visitor.new_page()
    await page.goto(SHOP)
    asked = time.time()
    dates = [*(gmt(asked + skew) for skew in (0, 1200, -1200, 1e8, -1e8)), gmt(0), "soon", ""]
    ends = [*(gmt(asked + left) for left in (900, 2100, -300, -1500, 1e8)), gmt(0), "Fri, 31 Dec 9999 23:59:59 GMT"]
    lines = [*(f"e{number}=1; Expires={end}" for number, end in enumerate(ends)), "m=1; Max-Age=900", "s=1"]
    for date in dates:
        await visitor.clear_cookies()
        web.answers = {SHOP: [f"Date: {date}".encode(), *(f"Set-Cookie: {line}".encode() for line in lines)]}
        asked = time.time()
        await fetch(page, SHOP)
        theirs, now = await jar_of(visitor), time.time()
        ours = list(merge_set_cookies((), SHOP, lines, page=SHOP, now=now, date=date))
        assert alike(ours, theirs, now - asked + CLOSE), (date, ours, theirs)
    await page.close()


async def test_a_site_without_tls_cannot_overlay_a_secure_cookie(web: Web, visitor: BrowserContext) -> None:
    """What http sets beside the Secure cookies of https is what Chromium lets it set."""
    secure = [
        "a=1; Secure; Path=/", "b=1; Secure; Path=/x", "c=1; Secure; Domain=example.com; Path=/", "d=1; Path=/",
        "p=1; Secure; Partitioned; Path=/",
    ]  # fmt: skip
    plain = [
        "a=2; Path=/", "a=2; Path=/y", "a=2; Domain=example.com; Path=/", "b=2; Path=/", "b=2; Path=/x/y",
        "b=2; Path=/xy", "c=2; Path=/", "d=2; Path=/", "a=; Max-Age=0; Path=/", "d=; Max-Age=0; Path=/z", "A=2; Path=/",
        "p=2; Path=/",
    ]  # fmt: skip
    page = await visitor.new_page()
    jar: tuple[Cookie, ...] = ()
    for url, lines in (("https://shop.example.com/", secure), ("http://shop.example.com/", plain)):
        web.answers[url] = [f"Set-Cookie: {line}".encode() for line in lines]
        await page.goto(url)
        jar = merge_set_cookies(jar, url, lines, page=url, now=time.time())
    await page.close()

    assert sorted(jar, key=lambda cookie: -len(cookie.path)) == await jar_of(visitor)
