"""The WebSockets of a page are recorded with handshakes and frames, without what is typed into its password fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import OpenContext
from tests.recording.helpers import SITE
from tests.sites.asking import until
from toolkit.har.model import Entry
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork

PAGE = """\
<!doctype html><title>socket</title><input id=p type=password><script>
const said = [], refused = new WebSocket("wss://chat.example/no");
const ws = new WebSocket("wss://chat.example/ws", ["chat", "x-token-4711AbCd"]);
ws.binaryType = "arraybuffer";
ws.onmessage = ({ data }) => {
  said.push(typeof data === "string" ? data : data.byteLength);
  if (said.length === 2) ws.send(JSON.stringify({ id: crypto.randomUUID(), text: "Hi" }));
  if (said.length === 4) ws.send(new Uint8Array([1, 2, 3]));
};
ws.onclose = ({ code, wasClean }) => { document.title = `${code} ${said} ${ws.protocol} ${ws.extensions}`; };
p.oninput = () => ws.send(JSON.stringify({ change: p.value }));
</script>"""
OPEN = "said.length >= 2"  # what is typed before that cannot be sent
TITLE = r"/^1012 hello,2,\{.*\},done,end chat permessage-deflate/.test(document.title)"


async def page(_: web.Request) -> web.Response:
    answer = web.Response(text=PAGE, content_type="text/html")
    answer.set_cookie("sid", "a-secret-of-nobody", httponly=True, secure=True)
    return answer


async def chat(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse(protocols=["chat"])
    await ws.prepare(request)
    await ws.send_str("hello")
    await ws.send_bytes(b"\x00\x01")
    asked = json.loads(await ws.receive_str())
    for _ in range(len("hunter22")):
        await ws.receive_str()
    await ws.send_str(json.dumps({"answer_to": asked["id"]}))
    await ws.send_str("done")
    assert await ws.receive_bytes() == b"\x01\x02\x03"
    await ws.send_str("end")
    await ws.close(code=1012, message=b"restarting")
    return ws


async def refuse(_: web.Request) -> web.Response:
    return web.Response(status=403)


def app() -> web.Application:
    made = web.Application()
    made.add_routes([web.get("/", page), web.get("/ws", chat), web.get("/no", refuse)])
    return made


async def test_a_page_with_a_socket_is_recorded_and_replayed(open_context: OpenContext, tmp_path: Path) -> None:
    """In Chromium: the handshake, the subprotocol, deflate, every frame, a refusal, and that the server closed it. The
    page then shows the same without the server; what was typed as a password is nowhere in the file."""
    recorder = Recorder(page=True, random=("frames.id",))
    async with LocalNetwork(apps={"chat.example": app()}) as network:
        context = await open_context(network)
        recorder.watch(context)
        shown = await context.new_page()
        await recorder.ready()
        await shown.goto(SITE)
        await shown.wait_for_function(OPEN)
        await shown.locator("#p").press_sequentially("hunter22")
        await shown.wait_for_function(TITLE)
        await recorder.drain()
        recording = recorder.recording("a page with a socket")
        await recorder.aclose()
    save(recording, path := tmp_path / "page.har")
    text = path.read_text()
    assert [one for one in ("hunter22", '\\"hunt\\"', "a-secret-of-nobody", "4711AbCd") if one in text] == []
    assert _told(recording.entries) == [("no", 403, 0, ""), ("ws", 101, 15, "unknown")]
    async with LocalNetwork(recording=load(path), uncompared=("frames.change",)) as network:
        shown = await (await open_context(network)).new_page()
        await shown.goto(SITE)
        await shown.wait_for_function(OPEN)
        await shown.locator("#p").press_sequentially("whatevr9")
        await shown.wait_for_function(TITLE.replace("1012", "1000"))  # the code is not told
        assert network.misses == []


WORKER = """\
onmessage = ({ data }) => {
  const socket = new WebSocket(`wss://chat.example/echo?${data}`);
  socket.onopen = () => socket.send(data);
  socket.onmessage = ({ data }) => postMessage(data);
};"""
STARTED = """() => new Promise((resolve) => {
  window.worker = new Worker("/worker.js");
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage("early");
})"""
GO_ON = """() => new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage("late");
})"""


def app_with_worker() -> web.Application:
    async def html(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html>", content_type="text/html")

    async def script(_: web.Request) -> web.Response:
        return web.Response(text=WORKER, content_type="text/javascript")

    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            await ws.send_str(f"you said {message.data}")
        return ws

    made = web.Application()
    made.add_routes([web.get("/", html), web.get("/worker.js", script), web.get("/echo", echo)])
    return made


async def test_sockets_of_workers_are_recorded_or_told(
    open_context: OpenContext, caplog: pytest.LogCaptureFixture
) -> None:
    """One that a worker opens while it is inspected is as a page's. One that was open before is told by its address,
    without the query."""
    recorder = Recorder(page=True)
    async with LocalNetwork(apps={"chat.example": app_with_worker()}) as network:
        context = await open_context(network)
        shown = await context.new_page()
        await shown.goto(SITE)
        assert await shown.evaluate(STARTED) == "you said early"
        recorder.watch(context)
        await until(lambda: "not recorded" in caplog.text)
        assert await shown.evaluate(GO_ON) == "you said late"
        await recorder.drain()
        recording = recorder.recording("a page with a worker")
        await recorder.aclose()
    assert [one.request.url.partition("/echo")[2] for one in recording.entries if one.is_socket] == ["?late"]
    (entry,) = (one for one in recording.entries if one.is_socket)
    assert [one.data for one in entry.messages or ()] == ["late", "you said late"]
    assert [one.getMessage() for one in caplog.records if "not recorded" in one.getMessage()] == [
        "a worker's WebSocket to wss://chat.example/echo is not recorded: it was open before it could be seen"
    ]


def _told(entries: Sequence[Entry]) -> list[tuple[str, int, int, str]]:
    """Of each socket: the end of its path, the status, the number of frames, and who closed it."""
    sockets = [one for one in entries if one.is_socket]
    return sorted(
        (
            one.request.url.rpartition("/")[2],
            one.response.status,
            len(one.messages or ()),
            one.close.by if one.close else "",
        )
        for one in sockets
    )
