"""What the tests of this folder have in common: small recordings, and reading an answer chunk by chunk."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from toolkit.har.frames import is_control, speaks_engine_io
from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, Recording, Timings
from toolkit.har.websockets import make_message
from toolkit.recording.files import load, save
from toolkit.replay.local_network import LocalNetwork

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
SITE = "https://chat.example"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
CHUNKED = [("Transfer-Encoding", "chunked")]


def captures() -> list[Any]:
    """Every recorded exchange beside the project, as a pytest parameter; one that is skipped where there are none.

    Not `page-traffic`: what a page sent by and by, shortened by hand, so that its bodies have other sizes than it says.
    """
    files = sorted(file for file in CAPTURES.glob("*/*.har") if file.stem != "page-traffic")
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no folder of captures beside the project"))]
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in files]


def entry(
    method: str = "GET",
    url: str = f"{SITE}/",
    *,
    sent: bytes = b"",
    sent_type: str = "application/json",
    status: int = 200,
    reason: str = "OK",
    headers: Headers = (),
    body: bytes | list[tuple[float, bytes]] = b"",
    error: str | None = None,
    wait: float = 0.0,
) -> Entry:
    """One recorded exchange; a `body` of pieces is a chunked answer."""
    headers = [*headers, *(CHUNKED if isinstance(body, list) else [("Content-Length", str(len(body)))])]
    return Entry(
        started=STARTED,
        request=make_request(method, url, [("Content-Type", sent_type)] if sent else [], sent),
        response=make_response(status, reason, headers, body),
        timings=Timings(wait=wait),
        error=error,
    )


def replaying(*entries: Entry, **options: Any) -> LocalNetwork:
    return LocalNetwork(recording=Recording(entries=list(entries)), **options)


def client(network: LocalNetwork) -> aiohttp.ClientSession:
    """A bare aiohttp session in `network`."""
    return aiohttp.ClientSession(**network.session_options(), cookie_jar=aiohttp.DummyCookieJar())


async def read_chunks(response: aiohttp.ClientResponse, into: list[bytes], until: int | None = None) -> None:
    """Read the body to its end, or until it has `until` bytes, one item per HTTP chunk. What arrived stays in `into`
    when it raises."""
    fresh = True
    async for data, complete in response.content.iter_chunks():
        if data:
            if fresh:
                into.append(data)
            else:
                into[-1] += data
            fresh = False
        fresh = fresh or complete
        if until is not None and sum(map(len, into)) >= until:
            return


def socket(*frames: tuple[str, str | bytes], url: str = f"wss{SITE[5:]}/ws", **fields: Any) -> Entry:
    """A recorded WebSocket. A frame is `>` and what the client sent, or `<` and what the server sent, 10 ms apart.
    `fields` are further ones of the entry; `random`, `uncompared` and `headers` those of its request and its answer."""
    request = make_request("GET", url, [("Upgrade", "websocket"), *fields.pop("sent", ())], b"")
    request.random, request.uncompared = fields.pop("random", UNSET), fields.pop("uncompared", UNSET)
    response = make_response(fields.pop("status", 101), "", fields.pop("headers", ()), fields.pop("body", b""))
    messages = [
        make_message(data, sent=side == ">", time=STARTED.timestamp() + number / 100, ms=number * 10)
        for number, (side, data) in enumerate(frames)
    ]
    return Entry(STARTED, request, response, messages=messages, resource_type="websocket", **fields)


async def play_as_recorded(session: aiohttp.ClientSession, one: Entry) -> None:
    """Do what the client of the recorded socket `one` did, and find the server saying and doing what it did."""
    sent = {pair.name: pair.value for pair in one.request.headers if pair.name.lower() in ("cookie", "authorization")}
    lines = [pair.value for pair in one.request.headers if pair.name.lower() == "sec-websocket-protocol"]
    offered = [name for line in lines for name in re.findall(r"[^\s,]+", line)]
    if one.response.status != 101:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(one.request.url, headers=sent, protocols=offered)
        assert refused.value.status == one.response.status
        return
    deflated = "permessage-deflate" in ", ".join(one.response.values("Sec-WebSocket-Extensions"))
    async with session.ws_connect(one.request.url, headers=sent, protocols=offered, compress=15, max_msg_size=0) as ws:
        assert (ws.protocol or "") == next(iter(one.response.values("Sec-WebSocket-Protocol")), "")
        assert bool(ws.compress) is deflated
        if speaks_engine_io(one.request.url):
            assert (await ws.receive_str()).startswith("0{")
        for message in one.messages or ():
            data = message.payload()
            if speaks_engine_io(one.request.url) and is_control(data):
                continue
            if message.is_sent:
                await (ws.send_str(data) if isinstance(data, str) else ws.send_bytes(data))
            else:
                assert (await ws.receive()).data == data
        if not isinstance(one.close, UnsetType) and one.close.by == "server":
            end = await ws.receive()
            assert (end.type, end.data, end.extra) == (aiohttp.WSMsgType.CLOSE, one.close.code, one.close.reason)


async def assert_hangs(response: aiohttp.ClientResponse) -> None:
    """Neither more of the body nor its end comes."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(response.content.readany(), 0.05)


def without_page(recording: Path, folder: Path) -> Path:
    """A copy of it in `folder` with the calls and the session alone, whose replay needs no browser."""
    whole = load(recording)
    copy = folder / recording.name
    save(replace(whole, entries=[entry for entry in whole.entries if entry.pageref is UNSET]), copy)
    return copy
