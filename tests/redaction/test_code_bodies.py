"""Scripts and styles: nothing in them is a secret by its name, what is known to be one is taken out, and they run."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import playwright
import pytest

from tests.recording.helpers import SITE, entry
from tests.redaction.secrets import spelled
from toolkit.har.message_builders import make_request
from toolkit.har.model import Entry, Recording
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.redact import redact

DRIVER = Path(playwright.__file__).parent / "driver"  # brings a node along, and pages of minified scripts
SECRET = "Zq47kVt9WmX4LrP7sBnY2dHc"
# What minified code has besides literals: a ternary that looks as a query, names of methods, an expression between two.
CODE = (
    'var o={password:"validatePassword2",accessToken:"getAccessToken3"},r=(a,b)=>a?token=parse(a,b):secret=b[a];'
    'function f(a,b){return"token="+a.sessionKey1234+"&key="+b}let q=a=>a&&sid=f(a)|0,t="?access_token="+o.password;'
    'document.cookie="sessionid="+f(1,2);localStorage.setItem("token",t);o["apiKey"]=`${t}`;x={key:"onBeforeInput2",'
    'cacheKey:"iterationTypesOfAsyncIterable",algorithmKey:"sha256WithRSAEncryption"}'
)
STYLE = 'a[href="?token=a1b2c3d4e5f6"]{--password:"Zq47kVt9WmX4";background:url("/x?access_token=Zq47kVt9WmX4LrP7")}'


@cache
def bundle() -> bytes:
    """A real minified bundle: the page of Playwright's recorder."""
    (found,) = (DRIVER / "package" / "lib" / "vite" / "recorder" / "assets").glob("index-*.js")
    return found.read_bytes()


def parses(code: bytes) -> bool:
    """Whether node takes `code` for a module."""
    node = DRIVER / ("node.exe" if (DRIVER / "node.exe").exists() else "node")
    checked = subprocess.run([node, "--input-type=module", "--check"], input=code, capture_output=True, check=False)
    return checked.returncode == 0


def answered(mime_type: str, body: bytes, url: str = f"{SITE}/", resource_type: str | None = None) -> Entry:
    one = entry(url=url, headers=[("Content-Type", mime_type)] if mime_type else [], body=body)
    if resource_type:
        one.resource_type = resource_type
    return one


def signed_in() -> Entry:
    """An exchange that tells of a secret."""
    one = entry()
    return Entry(one.started, make_request("GET", f"{SITE}/me", [("Cookie", f"sid={SECRET}")], b""), one.response)


def body_of(one: Entry) -> bytes:
    return one.response.content.body()


def test_a_real_bundle_stays_as_it_is(tmp_path: Path) -> None:
    """Redacted, saved, checked and loaded, a minified script has each of its bytes."""
    save(redact(Recording(entries=[signed_in(), answered("text/javascript", bundle())])), tmp_path / "file.har")
    assert check(tmp_path / "file.har") == []
    assert body_of(load(tmp_path / "file.har").entries[1]) == bundle()


@pytest.mark.parametrize(
    ("mime_type", "url", "resource_type"),
    [
        ("text/javascript", f"{SITE}/", None),
        ("application/javascript; charset=utf-8", f"{SITE}/", None),
        ("text/css", f"{SITE}/", None),
        ("", f"{SITE}/a.js?v=1", None),
        ("text/plain", f"{SITE}/a.mjs", None),
        ("application/octet-stream", f"{SITE}/chunk", "script"),
        ("", f"{SITE}/theme", "stylesheet"),
        ("application/json", f"{SITE}/a.js.map", None),
    ],
)
@pytest.mark.parametrize("code", [CODE, STYLE, json.dumps({"mappings": "AAAA", "sourcesContent": [CODE]})])
def test_code_is_known_by_what_is_told_of_it(mime_type: str, url: str, resource_type: str | None, code: str) -> None:
    """By its media type, what the page wanted it for, or its name; then no name in it matters."""
    given = [answered(mime_type, code.encode(), url, resource_type)]
    assert redact(given) == given


@pytest.mark.parametrize("mime_type", ["application/json", "text/html"])
def test_what_comes_in_the_place_of_a_script_is_none(mime_type: str) -> None:
    """A page or a document under the name of a script is looked through by names."""
    body = b'{"accessToken": "%b"}' if "json" in mime_type else b'<meta name="csrf-token" content="%b">'
    made = redact([answered(mime_type, body % SECRET.encode(), f"{SITE}/a.js", "script")])
    assert SECRET.encode() not in body_of(made[0])


@pytest.mark.parametrize("name", [name for name in spelled(SECRET) if not name.startswith("base64")])
def test_a_known_secret_is_taken_out_of_code(name: str) -> None:
    """A cookie that a script holds as well is replaced there in whatever spelling, and the script still parses."""
    spelling = spelled(SECRET)[name].replace(b"\\\\", b"\\")
    made = redact([signed_in(), answered("text/javascript", bundle() + b'\n;"' + spelling + b'";')])
    assert spelling not in body_of(made[1])
    assert body_of(made[1]).startswith(bundle())
    assert parses(body_of(made[1]))


@pytest.mark.parametrize("typed", ["return", "function", "prototype", "constructor"])
def test_a_password_that_is_a_word_of_the_language_leaves_code_alone(typed: str) -> None:
    """Who chose a keyword for a password finds it replaced where it was typed, and the scripts running."""
    login = entry("POST", sent=json.dumps({"password": typed}).encode())
    made = redact([login, answered("text/javascript", bundle())])
    sent = made[0].request.post_data
    assert sent
    assert typed.encode() not in sent.body()
    assert body_of(made[1]) == bundle()


def test_inline_code_stays_as_it_is() -> None:
    """The scripts and styles within a page are code as well; node takes them afterwards."""
    assert b"</script" not in bundle().lower()
    page = b"<!doctype html><style>%b</style><script type=module>%b</script><script>%b</script><p>end"
    given = [signed_in(), answered("text/html", page % (STYLE.encode(), bundle(), CODE.encode()))]
    made = redact(given)
    assert body_of(made[1]) == body_of(given[1])
    assert parses(bundle())


@pytest.mark.parametrize(
    "element",
    [
        '<script type="application/json" id="state">{"user": {"accessToken": "%s", "n": 1}}</script>',
        '<script id="__NEXT_DATA__" type="application/json">{"props": {"password": "%s"}}</script>',
        '<script>window.__STATE__ = {"user": {"accessToken": "%s"}}; run(window.__STATE__)</script>',
        '<script>window.__STATE__ = {"user": {"password": "%s"}}; run(window.__STATE__)</script>',
        '<script nonce="x">self.__next_f.push([1, "{\\"accessToken\\":\\"%s\\"}"])</script>',
        '<script>const api = fetch("https://x.example/a?access_token=%s&b=2")</script>',
        "<script>var csrfToken='%s', code = a ? b : c</script>",
    ],
)
def test_the_state_of_a_page_is_looked_into(element: str) -> None:
    """What a server wrote into a page for its scripts holds secrets of the one who asked."""
    made = redact([answered("text/html", (f"<!doctype html><title>x</title>{element}" % SECRET).encode())])
    new = body_of(made[0]).decode()
    assert SECRET not in new
    assert len(new) == len(element % SECRET) + len("<!doctype html><title>x</title>")


def test_short_passwords_in_the_state_are_found() -> None:
    """It is JSON, so that a value need not look generated."""
    page = b'<script>window.__STATE__ = {"login": {"password": "hunter2"}}</script>'
    assert b"hunter2" not in body_of(redact([answered("text/html", page)])[0])
