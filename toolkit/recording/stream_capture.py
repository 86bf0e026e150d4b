"""Captures what pages' calls are answered, chunk by chunk, over Chromium's DevTools protocol.

Playwright gives the body of a response as a whole and only at its end: none for an EventSource that the page closes, no
times, and a text without a charset comes back decoded as Latin-1. The protocol hands out each chunk as it arrives
(`Network.streamResourceContent`, https://chromedevtools.github.io/devtools-protocol/tot/Network/). Playwright is not
imported here; the context is duck-typed.

The two sides number requests differently, so a capture belongs to the request of the same page, method and URL that
started at the closest time. Where there is no protocol (Firefox, WebKit) or the answer was over before it could be
asked for, nothing is captured, and Playwright's body counts.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

CALLS = ("EventSource", "Fetch", "XHR")  # resource types whose bodies are captured
END_SECONDS = 1.0  # Playwright may report the end of a response before the protocol has told all of it
CLOSEST_MS = 1000.0  # the start of a request, as told twice, differs by less

Chunks = list[tuple[float, bytes]]  # milliseconds since the headers, bytes


class _Capture(msgspec.Struct):
    """The body of one response so far. `start_ms` is when its request started, since the epoch; `headers` is when its
    head arrived, in seconds of the browser's own clock."""

    key: tuple[Any, str, str]
    start_ms: float
    headers: float = 0.0
    chunks: Chunks = msgspec.field(default_factory=list)
    is_streamed: bool = False
    asking: asyncio.Task[None] | None = None
    ended: asyncio.Event = msgspec.field(default_factory=asyncio.Event)

    def add(self, at: float, data: str) -> None:
        if data:
            self.chunks.append((max(0.0, (at - self.headers) * 1000), base64.b64decode(data)))


class StreamCapture:
    """Captures the bodies of calls that pages make from `listen` on."""

    def __init__(self) -> None:
        self._captures: defaultdict[tuple[Any, str, str], list[_Capture]] = defaultdict(list)
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, page: Any, session: Any) -> None:
        """Listens to the calls of `page` by `session`, its `CDPSession`, whose domain Network is to be enabled."""
        running: dict[str, _Capture] = {}
        session.on("Network.requestWillBeSent", partial(self._on_request, page, running))
        session.on("Network.responseReceived", partial(self._on_response, session, running))
        session.on("Network.dataReceived", partial(_on_data, running))
        session.on("Network.loadingFinished", partial(_on_end, running))
        session.on("Network.loadingFailed", partial(_on_end, running))

    async def chunks(self, request: Any, *, ended: bool) -> Chunks | None:
        """Returns the chunks of the response to `request`, a Playwright `Request`, so far; None if they were not
        captured. Where it has `ended`, its last chunk is waited for, and it is forgotten."""
        if request.service_worker is not None or request.is_navigation_request():
            return None
        captures = self._captures.get((request.frame.page, request.method, request.url.partition("#")[0]), [])
        started = request.timing["startTime"]
        closest = min(captures, key=lambda one: abs(one.start_ms - started), default=None)
        if closest is None or abs(closest.start_ms - started) > CLOSEST_MS:
            return None
        if ended:
            captures.remove(closest)
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await closest.ended.wait()
                    if closest.asking is not None:
                        await asyncio.wait({closest.asking})
        return list(closest.chunks) if closest.is_streamed else None

    async def aclose(self) -> None:
        """Drops what is still asked of the browser."""
        for task in (asking := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    # --- the protocol's events

    def _on_request(self, page: Any, running: dict[str, _Capture], event: dict[str, Any]) -> None:
        if event.get("type") in CALLS:
            request = event["request"]
            key = (page, request["method"], request["url"].partition("#")[0])
            running[event["requestId"]] = capture = _Capture(key=key, start_ms=event["wallTime"] * 1000)
            self._captures[key].append(capture)

    def _on_response(self, session: Any, running: dict[str, _Capture], event: dict[str, Any]) -> None:
        if (capture := running.get(event["requestId"])) is not None:
            capture.headers = event["timestamp"]
            task = asyncio.get_running_loop().create_task(_stream(session, event["requestId"], capture))
            capture.asking = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _stream(session: Any, request_id: str, capture: _Capture) -> None:
    """Asks for the chunks of a response. What arrived before is handed out at once, in one piece."""
    # Playwright's errors cannot be named here: the answer is over already, or the page was closed.
    with suppress(Exception):
        answer = await session.send("Network.streamResourceContent", {"requestId": request_id})
        capture.is_streamed = True
        if buffered := base64.b64decode(answer["bufferedData"]):
            capture.chunks.insert(0, (0.0, buffered))


def _on_data(running: dict[str, _Capture], event: dict[str, Any]) -> None:
    if (capture := running.get(event["requestId"])) is not None:
        capture.add(event["timestamp"], event.get("data", ""))


def _on_end(running: dict[str, _Capture], event: dict[str, Any]) -> None:
    if (capture := running.pop(event["requestId"], None)) is not None:
        capture.ended.set()
