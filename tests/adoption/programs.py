"""One call of Open WebUI as each program writes it into a HAR: the same exchange, with what is odd about each.

After the forms that the programs document, and files of theirs.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

SITE = "https://webui.example"
TOKEN = "b7Qm4x9TzL2kVd8RwY3nHs6C"
QUESTION = "Why is the sky blue?"
PIECES = ("Air scatters", " blue light", " – the most.")
ANSWER = "".join(PIECES)
BODY = {"stream": True, "model": "plain", "messages": [{"role": "user", "content": QUESTION}]}
EVENTS = (
    "".join(
        f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': piece}}]}, ensure_ascii=False)}\n\n"
        for piece in PIECES
    )
    + 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)
MISREAD = EVENTS.encode().decode("cp1252")
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
URL = f"{SITE}/api/chat/completions"

Har = dict[str, Any]


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def har(creator: str, *entries: Har, pages: list[Har] | None = None) -> Har:
    log: Har = {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": list(entries)}
    return {"log": log | ({} if pages is None else {"pages": pages})}


def entry(
    request: Har, response: Har, started: str = "2026-11-30T10:00:01.250Z", *, of_page: bool = True, **more: Any
) -> Har:
    shared = {"startedDateTime": started, "time": 31.5, "cache": {}, "timings": {"send": 1, "wait": 20, "receive": 10}}
    return shared | ({"pageref": "page_1"} if of_page else {}) | {"request": request, "response": response} | more


def asked(**parts: Any) -> Har:
    request = {
        "method": "POST",
        "url": URL,
        "httpVersion": "HTTP/1.1",
        "headers": pairs(content_type="application/json", user_agent=AGENT, cookie=f"token={TOKEN}; theme=dark"),
        "cookies": [],
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(json.dumps(BODY)),
        "postData": {"mimeType": "application/json", "text": json.dumps(BODY)},
    }
    return request | parts


def answered(**parts: Any) -> Har:
    response = {
        "status": 200,
        "statusText": "OK",
        "httpVersion": "HTTP/1.1",
        "headers": pairs(content_type="text/event-stream"),
        "cookies": [],
        "content": {"mimeType": "text/event-stream", "size": len(EVENTS.encode()), "text": EVENTS},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }
    return response | parts


def page() -> Har:
    """What a browser fetches besides: the page, its script, pictures, an export of the person's chats, a socket."""
    got = {"postData": None, "method": "GET"}
    html = answered(
        headers=pairs(content_type="text/html"), content={"mimeType": "text/html", "text": "<p>hello", "size": 8}
    )
    script = answered(content={"mimeType": "text/javascript", "text": "let a = 1", "size": 9})
    chats = answered(
        headers=pairs(content_type="application/json"),
        content={"mimeType": "application/json", "text": '[{"title": "About my health"}]', "size": 30},
    )
    nothing = answered(status=0, headers=[], content={}, _error="net::ERR_BLOCKED_BY_CLIENT")
    before = "2026-11-30T10:00:00.000Z"
    return {
        "entries": [
            entry(asked(url=f"{SITE}/", **got), html, before, _resourceType="document"),
            entry(asked(url=f"{SITE}/app.js", **got), script, before, _resourceType="script"),
            entry(asked(url=f"{SITE}/api/v1/chats/", **got), chats, before, _resourceType="fetch"),
            entry(asked(url=f"{SITE}/blocked.png", **got), nothing, before, _resourceType="image"),
            entry(asked(url="blob:https://webui.example/1", **got), nothing, before, _resourceType="image"),
            entry(asked(url="data:image/png;base64,AAAA", **got), nothing, before, _resourceType="image"),
            entry(
                asked(url="wss://webui.example/ws", **got),
                answered(status=101),
                before,
                _webSocketMessages=[{"type": "send", "time": 1, "opcode": 1, "data": "40"}],
            ),
        ]
    }


def chrome() -> bytes:
    """DevTools of Chrome over HTTP/2: pseudo headers, null for what is not known, cookies listed without their header
    line, negative times, sizes as they were compressed, and text of a stream misread."""
    request = asked(
        httpVersion="http/2.0",
        headers=[
            *({"name": f":{name}", "value": value} for name, value in (("authority", "webui.example"), ("path", "/"))),
            *pairs(content_type="application/json", user_agent=AGENT),
        ],
        cookies=[
            {
                "name": "token",
                "value": TOKEN,
                "path": "/",
                "domain": "webui.example",
                "expires": "2027-01-01T00:00:00.000Z",
                "httpOnly": True,
                "secure": True,
                "sameSite": "Lax",
            }
        ],
        comment=None,
    )
    response = answered(
        httpVersion="http/2.0",
        headers=[{"name": ":status", "value": "200"}, *pairs(content_type="text/event-stream", content_encoding="br")],
        content={"mimeType": "text/event-stream", "size": 77, "compression": 301, "text": MISREAD},
        redirectURL=None,
        _transferSize=812,
        _error=None,
    )
    timings = {"blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": -0.1, "wait": 20, "receive": None}
    one = entry(
        request,
        response,
        time=-1,
        timings=timings,
        serverIPAddress=None,
        _initiator={"type": "script"},
        _resourceType="fetch",
    )
    pages = [{"startedDateTime": None, "id": "page_1", "title": f"{SITE}/", "pageTimings": {"onLoad": None}}]
    return json.dumps(har("WebInspector", *page()["entries"], one, pages=pages)).encode()


def firefox() -> bytes:
    """Firefox: the time with its zone, cookies without attributes, an empty list of `params`, a byte order mark."""
    request = asked(
        cookies=[{"name": "token", "value": TOKEN}, {"name": "theme", "value": "dark"}],
        postData={"mimeType": "application/json", "params": [], "text": json.dumps(BODY)},
    )
    one = entry(
        request,
        answered(headers=pairs(content_type="text/event-stream; charset=utf-8")),
        "2026-11-30T11:00:01.250+01:00",
        _securityState="secure",
    )
    return b"\xef\xbb\xbf" + json.dumps(har("Firefox", *page()["entries"], one)).encode()


def playwright() -> bytes:
    """Playwright with its bodies embedded: base64 where a text is misread, and a status of -1."""
    content = {
        "mimeType": "application/octet-stream",
        "size": 1,
        "encoding": "base64",
        "text": base64.b64encode(EVENTS.encode()).decode(),
    }
    failed = entry(
        asked(url="https://elsewhere.example/", method="GET", postData=None),
        answered(status=-1, content={"size": -1, "mimeType": "x-unknown"}, _failureText="net::ERR_FAILED"),
        _monotonicTime=1.5,
    )
    one = entry(asked(), answered(content=content), _frameref="frame@1", _resourceType="fetch")
    return json.dumps(har("Playwright", failed, one)).encode()


def attached() -> Har:
    """Playwright with its bodies attached: each is a file of its own, which the HAR names."""
    request = asked(postData={"mimeType": "application/json", "_file": "asked.json"})
    content = {"mimeType": "text/event-stream", "size": len(EVENTS.encode()), "_file": "answered.txt"}
    return har("Playwright", entry(request, answered(content=content)))


ATTACHED_FILES = {"asked.json": json.dumps(BODY).encode(), "answered.txt": EVENTS.encode()}


def playwright_zip() -> bytes:
    """The same, all in one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("har.har", json.dumps(attached()))
        for name, data in ATTACHED_FILES.items():
            archive.writestr(name, data)
    return packed.getvalue()


def mitmproxy() -> bytes:
    """mitmproxy: no pages, `params` beside the text, times with microseconds; compressed, as its .zhar are."""
    request = asked(postData={"mimeType": "application/json", "text": json.dumps(BODY), "params": []})
    connect = entry(asked(method="CONNECT", url="https://webui.example:443/"), answered(content={}), of_page=False)
    one = entry(request, answered(), "2026-11-30T10:00:01.250123+00:00", of_page=False, _resourceType="fetch")
    return zlib.compress(json.dumps(har("mitmproxy", connect, one, pages=[])).encode(), 9)


def charles() -> bytes:
    """Charles: no pages, every body in base64, its own fields."""
    content = {
        "mimeType": "text/event-stream",
        "size": 400,
        "encoding": "base64",
        "text": base64.b64encode(EVENTS.encode()).decode(),
    }
    response = answered(content=content, redirectURL=None, _charlesStatus="COMPLETE")
    return json.dumps(har("Charles Proxy", entry(asked(), response, of_page=False))).encode()


PROGRAMS: dict[str, Callable[[], bytes]] = {
    "chrome": chrome,
    "firefox": firefox,
    "playwright": playwright,
    "playwright-zip": playwright_zip,
    "mitmproxy": mitmproxy,
    "charles": charles,
}
