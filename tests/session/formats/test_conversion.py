"""Sessions as text: what goes out comes back, others read it, what is malformed is told and not shown."""

from __future__ import annotations

import asyncio
import base64
import gzip
import http.cookiejar
import itertools
import re
import shutil
import string
import subprocess
import textwrap
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser

from tests.conftest import absent
from tests.sites.serving import serve
from toolkit.errors import SessionError, UsageError
from toolkit.session.browser_session import FAR_FUTURE, BrowserSession, Cookie
from toolkit.session.formats import conversion
from toolkit.session.formats.format_table import NAMES
from toolkit.session.host_restriction import restrict_to_hosts

SECRET = "s3cr3t"
HOST, ORIGIN = "chat.example.org", "https://chat.example.org"
NOW = 1_700_000_000.0


def possible(cookie: Cookie) -> Cookie:
    """`cookie` as a browser can have it: with all of the key of its partition, and None for SameSite only over TLS."""
    cookie = msgspec.structs.replace(cookie, cross_site_ancestor=True) if cookie.partition_key else cookie
    return msgspec.structs.replace(cookie, secure=True) if cookie.same_site == "None" else cookie


# What browsers take: no control characters, and in a name no `=` (RFC 6265bis, 5.6).
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=";"), max_size=8)
names = texts.map(lambda text: text.replace("=", "").strip()).filter(bool)
tokens = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=8)
times = st.none() | st.floats(1, 4e9).map(lambda seconds: round(seconds, 3))
cookies = st.builds(
    Cookie,
    name=names,
    value=texts.map(str.strip),
    domain=st.sampled_from([HOST, "example.org", "[::1]", "127.0.0.1"]),
    host_only=st.booleans(),
    path=st.sampled_from(["/", "/chat", "/a b"]),
    expires=times,
    http_only=st.booleans(),
    secure=st.booleans(),
    same_site=st.sampled_from(["Strict", "Lax", "None"]),
    partition_key=st.sampled_from([None, "https://example.com"]),
).map(possible)
anything = st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
plain = st.dictionaries(names, texts, max_size=3)
sessions = st.builds(
    BrowserSession,
    provider=names,
    origin=st.just(ORIGIN),
    account=texts,
    cookies=st.lists(cookies, max_size=4).map(tuple),
    headers=plain,
    local_storage=st.dictionaries(st.sampled_from([ORIGIN, "http://127.0.0.1:1"]), plain, max_size=2),
    harvested_at=st.floats(0, 4e9),
    expires_at=times,
    profile=texts,
    proxy=st.none() | texts,
    identity=st.none() | texts,
    changed_at=st.floats(0, 4e9),
    clock_skew=st.floats(-1e4, 1e4),
)


def session(*cookies: Cookie, **more: object) -> BrowserSession:
    return BrowserSession(provider="aura", origin=ORIGIN, cookies=cookies, **more)  # type: ignore[arg-type]


def cookie(name: str = "sid", **more: object) -> Cookie:
    return Cookie(**{"name": name, "value": SECRET, "domain": HOST, **more})  # type: ignore[arg-type]


def written(given: BrowserSession, form: str) -> str:
    return conversion.serialize(given, form, now=NOW)


def read(text: str, form: str | None = None, **more: str) -> BrowserSession:
    return conversion.parse(text, form, **more).session


# --- there and back


@given(sessions)
def test_json_brings_back_every_fact(given: BrowserSession) -> None:
    """Our own form, and a storage state with the member that is ours, lose nothing; each is found out by itself."""
    for form in ("json", "storage-state"):
        assert read(written(given, form)) == given
        assert conversion.omissions(given, form, now=NOW) == []


@given(sessions)
def test_a_secret_brings_back_every_fact(given: BrowserSession) -> None:
    """Plain or base64, of gzip or not, of either alphabet, in lines or not, padded or not."""
    text = written(given, "storage-state")
    for encode, raw in itertools.product(
        (base64.b64encode, base64.urlsafe_b64encode), (text.encode(), gzip.compress(text.encode()))
    ):
        word = encode(raw).decode()
        lines = "\r\n".join(textwrap.wrap(word, 76)) + "\n"
        for secret in (text, f"\n {text}", word, word.rstrip("="), lines):
            assert read(secret) == given


@given(st.lists(cookies, max_size=4))
def test_cookies_txt_brings_back_what_it_has_a_place_for(given: list[Cookie]) -> None:
    """All but SameSite, parts of a second and partitioned cookies; the latter are named as left out."""
    kept = [cookie for cookie in given if cookie.partition_key is None]
    expected = tuple(
        msgspec.structs.replace(cookie, same_site="Lax", expires=cookie.expires and float(int(cookie.expires)))
        for cookie in kept
    )
    if not kept:
        with pytest.raises(SessionError, match="no cookie that has a place"):
            written(session(*given), "cookies.txt")
        return
    text = written(session(*given), "cookies.txt")
    assert read(text).cookies == expected
    assert read(text.replace("\n", "\r\n"), "cookies.txt").cookies == expected
    (*left,) = conversion.omissions(session(*given), "cookies.txt", now=NOW)
    assert bool(left) == (kept != given)


@given(st.dictionaries(tokens.filter(lambda name: name[0] != "_"), texts.map(str.strip), min_size=1, max_size=4))
def test_a_header_brings_back_names_and_values(values: dict[str, str]) -> None:
    """Host-only cookies of the origin come back as they went out; with the name of the header or without it. (Names
    with a prefix such as `__Host-` promise more than such a cookie keeps, and are not sent.)"""
    given = BrowserSession.from_cookie_values("aura", "http://127.0.0.1:1", values)
    text = written(given, "cookie-header")
    assert text.startswith("Cookie: ")
    for header in (text, text.removeprefix("Cookie: ")):
        back = read(header, "cookie-header", provider="aura", origin=given.origin)
        assert sorted(back.cookies, key=repr) == sorted(given.cookies, key=repr)


def test_a_header_is_what_a_browser_sends() -> None:
    """The longest path first, and of cookies of one name only the first is read back; others stay at home and are
    told."""
    given = session(
        cookie(value="short"),
        cookie(value="deep", path="/chat"),
        cookie("old", expires=1.0),
        cookie("far", domain="other.example"),
        local_storage={ORIGIN: {"token": SECRET}},
        headers={"user-agent": "A/1"},
    )
    page = f"{ORIGIN}/chat"
    assert conversion.serialize(given, "cookie-header", page=page, now=NOW) == "Cookie: sid=deep; sid=short\n"
    left = conversion.omissions(given, "cookie-header", page=page, now=NOW)
    assert left == ["cookies (old, far)", "headers", "local storage"]
    (back,) = read("sid=deep; sid=short", origin=ORIGIN).cookies
    assert (back.value, back.host_only, back.secure) == ("deep", True, True)
    (back,) = read("sid=Cookie: a", origin=ORIGIN).cookies
    assert back.value == "Cookie: a"
    with pytest.raises(SessionError, match="no cookie that goes to the page"):
        conversion.serialize(session(), "cookie-header", now=NOW)


def test_a_state_of_another_program_is_read() -> None:
    """One by Playwright alone tells no provider and no origin, so they are those that are given; what it may leave
    out has Playwright's defaults."""
    text = '{"cookies": [{"name": "a", "value": "b", "domain": ".X.example"}], "origins": [{"origin": "https://x"}]}'
    state = read(text, provider="aura", origin=ORIGIN)
    assert (state.provider, state.origin, state.account) == ("aura", ORIGIN, "default")
    assert state.cookies == (Cookie(name="a", value="b", domain="x.example", host_only=False),)
    assert conversion.parse_alone(text).origin == ""
    assert read('{"cookies": [], "_toolkit": null}') == BrowserSession(provider="", origin="")


@given(st.sampled_from(["json", "storage-state"]))
def test_base64_is_read_as_what_it_is(form: str) -> None:
    """Not as a header, which it may look like."""
    text = written(session(cookie()), form)
    assert read(base64.b64encode(text.encode()).decode()) == session(cookie())


def test_only_the_own_part_of_a_jar_is_taken() -> None:
    """Cookies that go to none of the provider's hosts, and the storage of other origins, are left, and told by host."""
    own = [cookie(), cookie(domain="example.org", host_only=False), cookie(domain="[::1]")]
    foreign = [cookie(domain="example.org"), cookie(domain="deep.chat.example.org"), cookie(domain="bank.example")]
    storage = {ORIGIN: {"a": "b"}, "https://bank.example": {"a": "b"}, "chrome-extension://abc": {"a": "b"}}
    given = session(*own, *foreign, local_storage=storage)
    taken, left = restrict_to_hosts(given, (HOST, "::1"))
    assert taken == session(*own, local_storage={ORIGIN: {"a": "b"}})
    assert left == ["example.org", "deep.chat.example.org", "bank.example", *list(storage)[1:]]


# --- what other programs make of it

JAR = (
    cookie("host", http_only=True, secure=True, expires=4e9),
    cookie("wide", domain="example.org", host_only=False, value="a=b c, d ж", path="/chat"),
    cookie("empty", value=""),
    cookie("parted", partition_key="https://example.com", secure=True, same_site="None"),
)


def test_python_reads_cookies_txt(tmp_path: Path) -> None:
    """`http.cookiejar` has every cookie, with its attributes."""
    path = tmp_path / "cookies.txt"
    path.write_text(written(session(*JAR), "cookies.txt"), encoding="utf-8")
    jar = http.cookiejar.MozillaCookieJar(str(path))
    jar.load(ignore_discard=True, ignore_expires=True)
    found = {one.name: one for one in jar}
    assert sorted(found) == ["empty", "host", "wide"]
    assert (found["host"].domain, found["host"].secure, found["host"].expires) == (HOST, True, 4_000_000_000)
    assert found["host"].has_nonstandard_attr("HTTPOnly")
    assert (found["wide"].domain, found["wide"].path, found["wide"].value) == (".example.org", "/chat", "a=b c, d ж")
    jar.save(ignore_discard=True, ignore_expires=True)
    assert {one.name for one in read(path.read_text(encoding="utf-8")).cookies} == set(found)


async def test_curl_sends_what_cookies_txt_holds(tmp_path: Path) -> None:
    """curl sends each cookie where it belongs, one without an expiry too; and we read what curl writes."""
    if shutil.which("curl") is None:
        absent("there is no curl")
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie", ""))
        response = web.Response(text="ok")
        response.set_cookie("fresh", "new", path="/", httponly=True)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    here = {"domain": "127.0.0.1"}
    jar = (
        cookie("host", http_only=True, value="a=b c", **here),
        cookie("long", expires=4e9, **here),
        cookie("deep", path="/chat", **here),
        cookie("empty", value="", **here),
        cookie("old", expires=1.5, **here),
        cookie("far"),
    )
    path = tmp_path / "cookies.txt"
    path.write_text(written(session(*jar), "cookies.txt"))
    async with serve(app) as origin:
        for place in ("/", "/chat/x"):
            call = await _run("curl", "-sS", "-b", str(path), "-c", str(tmp_path / "curl.txt"), f"{origin}{place}")
            assert call == "ok"
    assert [set(line.split("; ")) for line in seen] == [
        {"host=a=b c", f"long={SECRET}", "empty="},
        {"host=a=b c", f"long={SECRET}", "empty=", f"deep={SECRET}"},
    ]
    back = {one.name: one for one in read((tmp_path / "curl.txt").read_text()).cookies}
    assert back["fresh"] == Cookie(name="fresh", value="new", domain="127.0.0.1", http_only=True)
    assert back["long"] == jar[1]


async def test_a_browser_takes_a_storage_state(chromium: Browser, tmp_path: Path) -> None:
    """Playwright skips the member that is ours, in a file as in a value, and the browser has every cookie and key."""
    jar = (*JAR[:2], cookie("strict", same_site="Strict", expires=2e9))
    given = session(*jar, local_storage={ORIGIN: {"token": SECRET}}, headers={"user-agent": "A/1"}, harvested_at=NOW)
    path = tmp_path / "state.json"
    path.write_text(written(given, "storage-state"), encoding="utf-8")
    for state in (str(path), msgspec.json.decode(path.read_bytes())):
        context = await chromium.new_context(storage_state=state)
        back = BrowserSession.from_storage_state("aura", ORIGIN, dict(await context.storage_state()))
        await context.close()
        assert {one.name: (one.value, one.domain, one.host_only) for one in back.cookies} == {
            one.name: (one.value, one.domain, one.host_only) for one in jar
        }
        assert back.local_storage == given.local_storage


async def _run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


# --- what is malformed

TITLE = "# Netscape HTTP Cookie File\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{TITLE}# more\n\n{HOST} FALSE / FALSE sid {SECRET}", "line 4 .*has one field instead of 7"),
        (f"{TITLE}{HOST}\tFALSE\t/\tFALSE\t0\tsid\t{SECRET}\tmore", "line 2 .*has 8 fields"),
        (f"{TITLE}{HOST}\t{SECRET}\t/\tFALSE\t0\tsid\tv", "line 2 .*subdomains is neither TRUE nor FALSE"),
        (f"{TITLE}{HOST}\tTRUE\t/\t{SECRET}\t0\tsid\tv", "line 2 .*secure is neither"),
        (f"{TITLE}{HOST}\tTRUE\t{SECRET}\tFALSE\t0\tsid\tv", "line 2 .*path does not begin with /"),
        (f"{TITLE}.\tTRUE\t/\tFALSE\t0\tsid\t{SECRET}", "line 2 .*domain is empty"),
        (f'{{"cookies": [\n"{SECRET}', r"The JSON is malformed: Input data was truncated"),
        (f'{{"cookies": [\n\n{SECRET}', r"The JSON is malformed: (?!JSON).* \(line 3\)"),
        (f'{{"cookies": ["{SECRET}"]}}', r"cookie 1 \(it is not an object\)"),
        ('{"cookies": [{"name": "sid"}]}', r"cookie 1 \(it has no `name` or no `value`"),
        (f'{{"cookies": "{SECRET}"}}', "neither a list nor an object"),
        (f'{{"origins": "{SECRET}"}}', "its `origins` are no list"),
        (f'{{"cookies": [], "_toolkit": {{"headers": "{SECRET}"}}}}', r"_toolkit .* - at `\$.headers`"),
        (f'{{"cookies": [], "_toolkit": {{"version": 2, "headers": "{SECRET}"}}}}', r"newer version .* \(2\)"),
        (f'{{"version": 2, "session": "{SECRET}"}}', r"newer version of the toolkit \(2\)"),
        (f'{{"session": {{"provider": "{SECRET}"}}}}', r"missing required field `origin` - at `\$.session`"),
        (f'{{"token": ["{SECRET}"]}}', "no session: neither a storage state of Playwright nor"),
        (f'{{"token": "{SECRET}"}}', "do not tell which site they are for"),
        (f'["{SECRET}"]', r"cookie 1 \(it is not an object\)"),
        (f'[{{"name": "a", "value": "{SECRET}"}}]', r"cookie 1 \(it has no `domain`\)"),
        (f'[{{"name": "a", "value": "b", "domain": "c", "partitionKey": "{SECRET}"}}]', "`partitionKey` names no site"),
        (f"<a href={SECRET}>", "This is no cookie header"),
        (f"{SECRET} = and more", "This is no cookie header"),
        (f"curl 'https://chat.example.org' -H 'accept: {SECRET}'", "neither a cookie nor a token that can be read"),
        (f"curl 'https://[chat' -b 'sid={SECRET}'", "neither a cookie nor a token"),
        (f"curl 'https://chat.example.org' -b 'sid={SECRET}", "neither a cookie nor a token"),
        (f'fetch("https://chat.example.org/{SECRET}", {{"headers": {{}}}});', r"Copy it as \"fetch \(Node.js\)\""),
        (f'fetch("https://chat.example.org/{SECRET}', "neither a cookie nor a token"),
        (f'Invoke-WebRequest -Uri "https://chat.example.org/{SECRET}"', "neither a cookie nor a token"),
        (f'{{"log": {{"entries": [{{"request": {{"url": "https://x/{SECRET}"}}}}]}}}}', "with sensitive data"),
        (base64.b64encode(gzip.compress(SECRET.encode(), mtime=0)[:-3]).decode(), "gzip that has no end"),
        (base64.b64encode(gzip.compress(SECRET.encode(), mtime=0)[:10] + b"xxxxxxxxx").decode(), "damaged"),
        ('{"cookies": ' + "[" * 100_000, "nested too deeply|malformed"),
        ("", "This is empty: there is no session in it. See whether"),
        ("\ufeff \r\n", "This is empty"),
        (SECRET, "looks like none"),
        (f"sid={SECRET}\nx=y", "looks like none"),
        (f"sid={SECRET}", "does not tell which site it is for"),
        (f"sid={SECRET}\udcff", "not UTF-8"),
    ],
)
def test_what_is_malformed_is_told_and_not_shown(text: str, told: str) -> None:
    """Which line or place, and what is wrong with it; never what is there."""
    with pytest.raises(SessionError) as caught:
        conversion.parse(text)
    assert re.search(told, str(caught.value)), str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")), st.sampled_from([None, *NAMES]))
def test_anything_is_read_or_refused(text: str, form: str | None) -> None:
    """No text makes another error than `SessionError`."""
    with suppress(SessionError):
        conversion.parse(text, form, origin=ORIGIN)
    with suppress(SessionError):
        conversion.parse_alone(text)


def test_an_unknown_format_is_refused() -> None:
    """Both ways, with the names of those that there are."""
    for call in (
        lambda: conversion.serialize(session(), "yaml", now=NOW),
        lambda: conversion.parse("a=b", "yaml"),
    ):
        with pytest.raises(UsageError, match=r"no format 'yaml'\. They are storage-state, "):
            call()


@pytest.mark.parametrize(("told", "expires"), [(float("inf"), FAR_FUTURE), (1e300, FAR_FUTURE), (float("nan"), None)])
def test_an_expiry_is_a_time(told: float, expires: float | None) -> None:
    """One that no date can name is the last that there is; what is no number is none."""
    raw = {"name": "sid", "value": "v", "domain": HOST, "expires": told}
    assert Cookie.from_playwright(raw).expires == expires
