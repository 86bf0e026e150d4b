"""Requests as browsers' DevTools copy and export them: the session is the one that the page had."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats import conversion
from toolkit.session.formats.shell_words import split_words

HOST, ORIGIN = "chat.example.org", "https://chat.example.org"
URL = f"{ORIGIN}/api/chat?q=a%20b"
AGENT = 'A/1 "quoted"'
COOKIES = (
    Cookie(name="sid", value="a$%^", domain=HOST, secure=True),
    Cookie(name="b", value="!", domain=HOST, secure=True),
)
HEADER = "sid=a$%^; b=!"
SESSION = BrowserSession(provider="aura", origin=ORIGIN, cookies=COOKIES, headers={"user-agent": AGENT})

# As Chrome and Firefox write them, for each of their shells.
COPIED = {
    "bash": f"""curl '{URL}' \\
  -H 'accept: */*' \\
  -b '{HEADER}' \\
  -H 'user-agent: {AGENT}' \\
  --data-raw $'{{"q":"it\\'s"}}'""",
    "bash, escaped": f"""curl '{URL}' \\
  -b $'sid=a$%^; b=\\u0021' \\
  -H 'user-agent: {AGENT}'""",
    "Firefox": f"""curl '{URL}' --compressed -H 'User-Agent: {AGENT}' -H 'Cookie: {HEADER}' --data-raw '{{}}'""",
    "options": f"""curl.exe --url "{URL}" -A '{AGENT}' --cookie '{HEADER}'""",
    "cmd": f"""curl ^"{URL.replace("%", "^%^")}^" ^
  -H ^"accept: */*^" ^
  -b ^"sid=a^$^%^^; b=^!^" ^
  -H ^"user-agent: A/1 ^\\^"quoted^\\^"^" ^
  --data-raw ^"^{{^\\^"q^\\^":^\\^"a^

b^\\^"^}}^\"""",
    "PowerShell": f"""$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession
$session.UserAgent = "A/1 `"quoted`""
$session.Cookies.Add((New-Object System.Net.Cookie("sid", "a`$%^", "/", "{HOST}")))
$session.Cookies.Add((New-Object System.Net.Cookie("b", "$([char]33)", "/", "{HOST}")))
Invoke-WebRequest -UseBasicParsing -Uri "{URL}" `
-Method "POST" `
-WebSession $session `
-Headers @{{
"authority"="{HOST}"
  "accept"="*/*"
}} `
-ContentType "application/json" `
-Body "{{`"q`":`"a`"}}\"""",
    "PowerShell, headers": f"""Invoke-RestMethod -Uri '{URL}' -UserAgent '{AGENT}'
-Headers @{{ 'Cookie' = '{HEADER}' }}""",
    "fetch (Node.js)": f"""fetch("{URL}", {{
  "headers": {json.dumps({"cookie": HEADER, "User-Agent": AGENT})},
  "body": "it's {{}}"
}});""",
    "fetch (Firefox)": f"""await fetch("{URL}", {{
    "credentials": "include",
    "headers": {json.dumps({"Cookie": HEADER, "User-Agent": AGENT})},
    "method": "GET"
}});""",
}


def read(text: str, **more: str) -> BrowserSession:
    return conversion.parse(text, provider="aura", **more).session


@pytest.mark.parametrize("name", COPIED)
def test_what_a_browser_copies_is_read(name: str) -> None:
    """The cookies, for the origin that the request tells, and the browser's own headers; nothing else of it."""
    text = COPIED[name]
    assert conversion.parse_alone(text).origin == ORIGIN
    for given in (text, text.replace("\n", "\r\n")):
        assert read(given, origin="https://other.example") == SESSION


@pytest.mark.parametrize(
    "text",
    [
        f"curl '{URL}' -H 'authorization: Bearer a.b.c' -H 'user-agent: {AGENT}'",
        f"curl '{URL}' --oauth2-bearer a.b.c -A '{AGENT}'",
        f'fetch("{URL}", {json.dumps({"headers": {"authorization": "bearer a.b.c", "user-agent": AGENT}})})',
        f"""Invoke-WebRequest -Uri "{URL}" -UserAgent '{AGENT}' -Headers @{{"authorization"="Bearer a.b.c"}}""",
    ],
)
def test_a_token_alone_is_a_session(text: str) -> None:
    """A page that keeps its token in local storage sends no cookie that matters; where the token belongs is for the
    provider's recipe."""
    parsed = conversion.parse(text, provider="aura")
    assert parsed.bearer == "a.b.c"
    assert parsed.session == BrowserSession(provider="aura", origin=ORIGIN, headers={"user-agent": AGENT})


def test_another_scheme_of_authorization_is_told() -> None:
    """It is left out, and what else there is is read."""
    parsed = conversion.parse(f"curl '{URL}' -H 'Authorization: Basic YTpi' -b 'b=!'")
    assert parsed.left_out == ("the header authorization (it has no bearer token)",)
    assert [cookie.name for cookie in parsed.session.cookies] == ["b"]


def test_a_call_of_another_host_is_of_the_page_that_made_it() -> None:
    """By its `Origin`; the cookies are those of the host that was called."""
    session = read(f"curl 'https://api.example.org/x' -b 'a=b' -H 'Origin: {ORIGIN}'")
    assert session.origin == ORIGIN
    assert [cookie.domain for cookie in session.cookies] == ["api.example.org"]


@pytest.mark.parametrize(
    "text",
    [
        f"curl 'https://cdn.example/a' -b 'x=y' ;\ncurl '{URL}' -b 'sid=1; b=2' ;\ncurl '{URL}' -b 'sid=3'",
        f'fetch("https://cdn.example/a", {{"headers": {{"cookie": "x=y"}}}}); ;\n'
        f'fetch("{URL}", {{"headers": {{"cookie": "sid=1; b=2"}}}}); ;\n'
        f'fetch("{URL}", {{"headers": {{"cookie": "sid=3"}}}});',
    ],
    ids=["curl", "fetch"],
)
def test_all_requests_are_read_where_all_are_copied(text: str) -> None:
    """The later one tells the value. Of what page they are is not told by several origins, unless one is asked for."""
    assert conversion.parse_alone(text).origin == ""
    session = read(text, origin=ORIGIN)
    assert session.origin == ORIGIN
    assert [(cookie.name, cookie.value, cookie.domain) for cookie in session.cookies] == [
        ("x", "y", "cdn.example"),
        ("sid", "3", HOST),
        ("b", "2", HOST),
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('curl ^"b c^" ^\r\n d', ["curl", "b c", "d"]),
        ('curl ^"a^\n\nb^" c', ["curl", "a\nb", "c"]),
        ('curl ^"b\\^"c^" "d e"', ["curl", 'b"c', "d e"]),
        ('curl ^"^^ b\\c\\\\^" d\\', ["curl", "^ b\\c\\", "d\\"]),
        ('curl ^"^" ^"b', []),
        ("curl 'b", []),
        ("curl $'b\\x41\\'\\u00e9' 'c'", ["curl", "bA'é", "c"]),
        ('curl "a" b^c', ["curl", "a", "b^c"]),
    ],
)
def test_a_command_is_split_as_its_shell_does(command: str, words: list[str]) -> None:
    """Carets and backslashes of Windows, escapes of bash; nothing of a command whose quotes are not closed."""
    assert split_words(command) == words


# --- HAR

SET_SID = "sid=1; Path=/; HttpOnly; Secure"


def entry(url: str, *sent: tuple[str, str], cookies: list[Any] | None = None, set_cookies: tuple[str, ...] = ()) -> Any:
    return {
        "startedDateTime": "2026-11-29T10:00:00.000Z",
        "request": {
            "url": url,
            "headers": [{"name": name, "value": value} for name, value in sent],
            "cookies": cookies or [],
        },
        "response": {"headers": [{"name": "Set-Cookie", "value": value} for value in set_cookies]},
    }


def har(*entries: Any, page: str = "Chats") -> str:
    log = {"version": "1.2", "creator": {"name": "WebInspector"}, "pages": [{"title": page}], "entries": list(entries)}
    return json.dumps({"log": log})


def test_a_har_of_chrome_tells_the_attributes() -> None:
    """Of the cookies that a request sent."""
    told = {"name": "sid", "value": "1", "path": "/", "domain": f".{HOST}", "httpOnly": True, "secure": True}
    text = har(
        entry(
            URL,
            ("cookie", "sid=1"),
            ("user-agent", "A/1"),
            (":authority", HOST),
            cookies=[told | {"expires": "2026-12-29T15:52:40.000Z", "sameSite": "None"}],
        )
    )
    assert read(text) == BrowserSession(
        provider="aura",
        origin=ORIGIN,
        headers={"user-agent": "A/1"},
        cookies=(
            Cookie(
                name="sid",
                value="1",
                domain=HOST,
                host_only=False,
                expires=1_798_559_560.0,
                http_only=True,
                secure=True,
                same_site="None",
            ),
        ),
    )


def test_a_har_of_firefox_tells_names_and_values() -> None:
    """And the header has what was sent, in several headers under HTTP/2."""
    names = [{"name": "sid", "value": "decoded"}, {"name": "b", "value": "2"}]
    session = read(har(entry(URL, ("Cookie", "sid=1"), ("Cookie", "b=2"), cookies=names)))
    assert [(cookie.name, cookie.value) for cookie in session.cookies] == [("sid", "1"), ("b", "2")]


def test_a_har_has_the_cookies_as_they_are_at_its_end() -> None:
    """What an answer sets and what the page's script sets after it, with the attributes that are known."""
    text = har(
        entry(f"{ORIGIN}/", ("cookie", "old=1")),
        entry(URL, ("cookie", "old=1"), set_cookies=(SET_SID, "old=; Path=/; Max-Age=0\nc=3; Path=/")),
        entry(URL, ("cookie", "sid=2; c=3; d=4"), ("authorization", "Bearer a.b.c")),
    )
    parsed = conversion.parse(text, provider="aura")
    assert parsed.bearer == "a.b.c"
    assert [(cookie.name, cookie.value, cookie.http_only) for cookie in parsed.session.cookies] == [
        ("sid", "2", True),
        ("c", "3", False),
        ("d", "4", False),
    ]


def test_a_har_of_many_sites_is_of_the_one_that_is_asked_for() -> None:
    """The cookies of the others come with it, for the caller to leave them out; their headers and tokens do not."""
    other = entry("https://ads.example/x", ("cookie", "x=y"), ("authorization", "Bearer theirs"), ("user-agent", "B/1"))
    entries = (entry(URL, ("cookie", "sid=1"), ("user-agent", "A/1")), other, entry("data:,x"))
    text = har(*entries)
    assert conversion.parse_alone(text).origin == ""
    assert conversion.parse_alone(har(*entries, page=f"{ORIGIN}/c/1")).origin == ORIGIN  # as Chrome has it
    parsed = conversion.parse(text, origin=ORIGIN)
    assert (parsed.bearer, parsed.session.origin) == (None, ORIGIN)
    assert parsed.session.headers == {"user-agent": "A/1"}
    assert {cookie.domain for cookie in parsed.session.cookies} == {HOST, "ads.example"}
