"""HAR files to and from other programs: what Chrome and Playwright export is read, what we write is HAR 1.2."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.async_api import Browser

import toolkit
from tests.conftest import OpenContext
from tests.recording.helpers import SITE, client, entry, replaying
from toolkit.har.model import RecordedChat, RecordedSession, Recording
from toolkit.recording.files import load, save
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

SCHEMA = json.loads(Path(__file__).with_name("har-1.2.schema.json").read_bytes())
HTML = '<!doctype html><meta charset="utf-8"><title>é</title><p id=p>recorded</p><script src="/a.js"></script>'
SCRIPT = (
    "fetch('/api', {method: 'POST', body: JSON.stringify({a: 1})}).then(r => r.text()).then(t => { p.textContent = t })"
)
PIXEL = b"\x89PNG\r\n\x1a\n\x00"


def exported(url: str, kind: str, **parts: Any) -> dict[str, Any]:
    """An entry as DevTools of Chrome saves it, of an HTTP/2 connection. `parts` replace those of the response."""
    host, _, path = url.removeprefix("https://").partition("/")
    pseudo = {":authority": host, ":method": "GET", ":path": f"/{path}", ":scheme": "https", "accept": "*/*"}
    response = {
        "status": 200,
        "statusText": "",
        "httpVersion": "http/2.0",
        "headers": [{"name": ":status", "value": "200"}, {"name": "content-encoding", "value": "br"}],
        "cookies": [],
        "content": {"size": -1, "mimeType": "text/plain", "compression": -4},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "_transferSize": 812,
        "_error": None,
        "_fetchedViaServiceWorker": False,
    }
    return {
        "_connectionId": "41",
        "_initiator": {"type": "script", "stack": {"callFrames": []}},
        "_priority": "High",
        "_resourceType": kind,
        "cache": {},
        "connection": "443",
        "pageref": "page_1",
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "http/2.0",
            "headers": [{"name": name, "value": value} for name, value in pseudo.items()],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": response | parts,
        "serverIPAddress": "[2001:db8::1]",
        "startedDateTime": "2026-01-01T00:00:00.123Z",
        "time": 12.345000000204891,
        "timings": {
            "blocked": 2.1,
            "dns": -1,
            "ssl": -1,
            "connect": -1,
            "send": 0.1,
            "wait": 9.7,
            "receive": 0.4,
            "_blocked_queueing": 1.2,
            "_workerStart": None,
        },
    }


def devtools() -> dict[str, Any]:
    """A file as Chrome's DevTools save it, with all that is odd about these."""
    page = exported(
        f"{SITE}/",
        "document",
        content={"size": len(HTML.encode()), "mimeType": "text/html", "text": HTML},
        headers=[
            {"name": "content-type", "value": "text/html; charset=utf-8"},
            {"name": "set-cookie", "value": "a=1; Path=/\nb=2; Path=/"},  # two headers in one
        ],
    )
    script = exported(f"{SITE}/a.js", "script", content={"size": 0, "mimeType": "text/javascript", "text": SCRIPT})
    image = exported(
        f"{SITE}/i.png",
        "image",
        content={"size": 9, "mimeType": "image/png", "text": base64.b64encode(PIXEL).decode(), "encoding": "base64"},
    )
    call = exported(f"{SITE}/api", "fetch", content={"size": 5, "mimeType": "text/plain", "text": "grüße"})
    call["request"] |= {
        "method": "POST",
        "bodySize": 7,
        "postData": {"mimeType": "text/plain;charset=UTF-8", "text": '{"a":1}'},
    }
    form = exported(f"{SITE}/form", "fetch")
    form["request"] |= {
        "method": "POST",
        "bodySize": 9,
        "postData": {
            "mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "q", "value": "é b"}, {"name": "empty"}],
        },
    }
    upload = exported(f"{SITE}/upload", "xhr")
    upload["request"] |= {"method": "POST", "bodySize": 900, "postData": {"mimeType": "multipart/form-data"}}
    nothing = exported(
        f"{SITE}/blocked",
        "image",
        status=0,
        headers=None,
        cookies=None,
        content=None,
        redirectURL=None,
        _error="net::ERR_BLOCKED_BY_CLIENT",
    )
    late = exported(f"{SITE}/late", "xhr", status=0, _error="net::ERR_TIMED_OUT")
    late["_error"] = "net::ERR_TIMED_OUT"
    socket = exported("wss://chat.example/socket", "websocket", status=101) | {"_webSocketMessages": []}
    inline = exported("data:image/png;base64,AAAA", "image")
    for one in (nothing, inline):
        one["serverIPAddress"] = one["connection"] = None
    entries = [page, script, image, call, form, upload, nothing, late, socket, inline]
    pages = [{"startedDateTime": None, "id": "page_1", "title": f"{SITE}/", "pageTimings": {"onLoad": None}}]
    creator = {"name": "WebInspector", "version": "537.36"}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


@pytest.fixture
def chromes(tmp_path: Path) -> Path:
    path = tmp_path / "chrome.har"
    path.write_text(json.dumps(devtools(), indent=2), encoding="utf-8")
    return path


async def test_an_export_of_chrome_replays(chromes: Path) -> None:
    """Pseudo headers, nulls, missing fields, negative sizes, joined headers and base64 do no harm to a client."""
    recording = load(chromes)
    assert [one.is_socket for one in recording.entries] == [False] * 8 + [True]
    async with LocalNetwork(recording=recording) as network, client(network) as session:
        answer = await session.get(SITE)
        assert (answer.status, await answer.text()) == (200, HTML)
        assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
        assert not [name for name in answer.headers if name.startswith(":")]
        assert await (await session.get(f"{SITE}/i.png")).read() == PIXEL
        assert await (await session.post(f"{SITE}/api", json={"a": 1})).text(encoding="utf-8") == "grüße"
        wrong = await session.post(f"{SITE}/form", data={"q": "other"})
        assert (wrong.status, "body" in await wrong.text()) == (599, True)
        assert (await session.post(f"{SITE}/form", data={"q": "é b", "empty": ""})).status == 200
        assert (await session.post(f"{SITE}/upload", data=b"whatever was not kept")).status == 200


async def test_an_export_of_chrome_replays_to_a_browser(chromes: Path, open_context: OpenContext) -> None:
    """A page of such a file loads in Chromium, with its script and its call; what is left over is told by kind."""
    async with LocalNetwork(recording=load(chromes)) as network:
        page = await (await open_context(network)).new_page()
        await page.goto(SITE)
        await page.wait_for_function("p.textContent == 'grüße'")
        assert network.misses == []
        due = [one.request.url.removeprefix(SITE) for one in network.replay.playback.still_required()]
        assert due == ["/form", "/upload", "/late", "wss://chat.example/socket"]


async def test_an_export_of_playwright_replays(chromium: Browser, open_context: OpenContext, tmp_path: Path) -> None:
    """What `record_har_path` writes is read, and played to another Chromium and to a client."""
    path = tmp_path / "playwright.har"
    recorded = [
        entry(url=f"{SITE}/", headers=[("Content-Type", "text/html")], body=HTML.encode()),
        entry(url=f"{SITE}/a.js", headers=[("Content-Type", "text/javascript")], body=SCRIPT.encode()),
        entry(
            "POST",
            f"{SITE}/api",
            sent=b'{"a":1}',
            headers=[("Content-Type", "text/plain; charset=utf-8")],
            body="grüße".encode(),
        ),
    ]
    async with replaying(*recorded) as network:
        context = await chromium.new_context(
            ignore_https_errors=True, record_har_path=path, **network.context_options()
        )
        page = await context.new_page()
        await page.goto(SITE)
        await page.wait_for_function("p.textContent == 'grüße'")
        await context.close()
    async with LocalNetwork(recording=load(path), strict=True) as network:
        page = await (await open_context(network)).new_page()
        await page.goto(SITE)
        await page.wait_for_function("p.textContent == 'grüße'")
        async with client(network) as session:
            assert HTML in await (await session.get(SITE)).text()


async def test_playwright_reads_what_we_write(chromium: Browser, tmp_path: Path) -> None:
    """Playwright serves a page from our file by `route_from_har`, with nothing of the network."""
    recorded = [
        entry(url=f"{SITE}/", headers=[("Content-Type", "text/html")], body=[(0, HTML.encode())]),
        entry(url=f"{SITE}/a.js", headers=[("Content-Type", "text/javascript")], body=SCRIPT.encode()),
        entry(
            "POST",
            f"{SITE}/api",
            sent=b'{"a":1}',
            headers=[("Content-Type", "text/plain; charset=utf-8")],
            body=[(0, b"gr\xc3"), (1, "üße".encode()[1:])],
        ),
    ]
    recorded[0].pageref = "page_1"
    save(Recording(entries=recorded), tmp_path / "ours.har")
    context = await chromium.new_context()
    await context.route_from_har(tmp_path / "ours.har", not_found="abort")
    page = await context.new_page()
    await page.goto(SITE)
    await page.wait_for_function("p.textContent == 'grüße'")
    await context.close()


def test_what_we_write_is_har_1_2(tmp_path: Path) -> None:
    """Every field that the format wants is there, and every field that it does not have begins with an underscore."""
    Draft202012Validator.check_schema(SCHEMA)
    kept = BrowserSession.from_cookie_values("site", SITE, {"a": "1"})
    recorded = [
        entry("POST", f"{SITE}/?a=1", sent=b"\xff", headers=[("Set-Cookie", "a=1; Max-Age=1")], body=[(0, b"x")]),
        entry(status=0, error="ConnectFailed"),
        entry(status=302, headers=[("Location", "/x")]),
    ]
    recorded[1].pageref, recorded[1].resource_type = "page_1", "fetch"
    recorded[0].request.random = ["query.a"]
    chat = RecordedChat(provider="site", messages=[{"role": "user", "content": "Hi"}])
    path = tmp_path / "ours.har"
    save(Recording(entries=recorded, comment="why", chat=chat, session=RecordedSession.from_session(kept)), path)
    for file in (path, *sorted((Path(toolkit.__file__).parent / "recording" / "demos").glob("*.har"))):
        log = json.loads(file.read_bytes())
        problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(log)]
        assert problems == [], file.name
        pages = {page["id"] for page in log["log"].get("pages", [])}
        assert {one["pageref"] for one in log["log"]["entries"] if "pageref" in one} == pages
