"""Answers requests from recordings: the same status, headers, chunks and faults, at gap 0 or at the recorded pace.

An `aiohttp.web` application that any server can run; which hosts it is asked for is up to that server.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from email.utils import formatdate, parsedate_to_datetime

import msgspec
from aiohttp import web
from msgspec import UnsetType
from multidict import CIMultiDict

from toolkit.errors import ReplayMismatch
from toolkit.har.model import Entry, Recording
from toolkit.replay.credentials import parse_cookies
from toolkit.replay.matching import IncomingRequest
from toolkit.replay.playback import ALL_PARTS, MatchPart, Playback

MISMATCH = 599
# What belongs to the recorded connection (RFC 9110, 7.6.1) and not to the answer, or describes bytes that HAR keeps
# decoded. Date has to be that of the replay: browsers take a cookie's expiry relative to it.
DROPPED = {
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_MODIFIED = 304
BODILESS = (204, 205, NOT_MODIFIED)
CONDITIONS = ("If-None-Match", "If-Modified-Since")
# For a service worker that was installed before the recording: the page finds one in charge, which leaves all to the
# network, where what the real one told the page is recorded.
STAND_IN_WORKER = """\
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
"""


class Replay:
    """The answers of `recordings`. `pace` is the factor for the recorded gaps, 0 for none.

    `match` says on what requests are matched (see `toolkit.replay.playback`). What no recorded exchange answers
    gets status 599 with the difference as text, and is kept in `misses`.
    """

    def __init__(
        self, recordings: Iterable[Recording], *, pace: float = 0.0, match: Sequence[MatchPart] = ALL_PARTS
    ) -> None:
        self.playback = Playback([entry for recording in recordings for entry in recording.entries], match)
        self.misses: list[ReplayMismatch] = []
        self._pace = pace
        self.app = web.Application(client_max_size=0)  # no limit
        self.app.router.add_route("*", "/{path:.*}", self._answer)
        self.app.on_response_prepare.append(_bare)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = IncomingRequest(
            method=request.method,
            url=request.url,
            content_type=request.headers.get("Content-Type", ""),
            body=await request.read(),
            cookies=parse_cookies(request.headers.getall("Cookie", [])),
            authorization=", ".join(request.headers.getall("Authorization", [])),
        )
        recorded = self.playback.methods(asked.url)
        if _is_preflight(request) and "OPTIONS" not in recorded and recorded:
            return _preflight_answer(request)
        if request.path == "/favicon.ico" and not recorded:
            return web.Response(status=204)  # every browser asks for it, no HAR has it
        if request.headers.get("Service-Worker") == "script" and not recorded:
            allowed = {"Service-Worker-Allowed": "/"}
            return web.Response(text=STAND_IN_WORKER, content_type="text/javascript", headers=allowed)
        found = self.playback.take(asked)
        if isinstance(found, ReplayMismatch):
            self.misses.append(found)
            return web.Response(status=MISMATCH, reason="Replay Mismatch", text=f"{found.what}\n")
        return await self._play(request, found)

    async def _play(self, request: web.Request, entry: Entry) -> web.StreamResponse:
        recorded, pieces = entry.response, entry.response.content.pieces()
        if recorded.status == NOT_MODIFIED and pieces and not any(name in request.headers for name in CONDITIONS):
            # Chrome exports what its cache had under the answer that its cache was still good.
            recorded = msgspec.structs.replace(recorded, status=200, status_text="OK")
        await self._pause(entry.timings.wait)
        if recorded.status <= 0:
            return await _break_off(request, entry.error or "")
        response = _Exact(status=recorded.status, reason=recorded.status_text, headers=_headers(entry))
        empty = request.method == "HEAD" or recorded.status in BODILESS
        if (length := _declared_length(entry)) is not None:
            if recorded.status not in BODILESS:
                response.content_length = length
        elif request.version >= (1, 1) and not empty:
            response.enable_chunked_encoding()
        await response.prepare(request)
        clock = 0.0
        for ms, data in () if empty else pieces:
            await self._pause(ms - clock)
            clock = ms
            await response.write(data)  # one HTTP chunk, where the answer is chunked
        if entry.error is not None:
            return await _break_off(request, entry.error)
        await self._pause(entry.timings.receive - clock)
        return response

    async def _pause(self, ms: float) -> None:
        if self._pace > 0 and ms > 0:
            await asyncio.sleep(ms * self._pace / 1000)


class _Exact(web.StreamResponse):
    """An answer whose headers are those that it was given."""

    def __init__(self, *, status: int, reason: str, headers: CIMultiDict[str]) -> None:
        super().__init__(status=status, reason=reason, headers=headers)
        self.given = frozenset(name.lower() for name in headers)


async def _bare(_: web.Request, response: web.StreamResponse) -> None:
    """Take away what aiohttp adds on its own: a client can tell an answer without Content-Type."""
    if isinstance(response, _Exact):
        for name in ("content-type", "server"):
            if name not in response.given:
                response.headers.pop(name, None)


async def _break_off(request: web.Request, error: str) -> web.StreamResponse:
    """End as the recorded exchange did: in silence after a time-out, else by a lost connection. Returns when the
    client has gone, by cancellation."""
    transport = request.transport
    told = error.lower().replace("_", "")  # Chrome's ERR_TIMED_OUT, Python's TimeoutError
    if "timeout" not in told and "timedout" not in told and transport is not None:
        if "reset" in told:
            _reset(transport)
        else:
            transport.close()  # flushes, so that everything recorded arrives; the end of the body does not
    gone: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
    return await gone


def _reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: SO_LINGER with 0 seconds."""
    sock: socket.socket = transport.get_extra_info("socket")
    pair = "hh" if sys.platform == "win32" else "ii"
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(pair, 1, 0))
    transport.abort()


def _declared_length(entry: Entry) -> int | None:
    """The Content-Length to declare, None for a chunked answer."""
    response, content = entry.response, entry.response.content
    told = response.values("Content-Length")
    chunked = bool(response.values("Transfer-Encoding"))
    if chunked or (not told and not isinstance(content.chunks, UnsetType)):
        return None
    size = len(content.body())
    if entry.error is None:
        return size
    # What broke off has to stay incomplete for the client as well.
    return max(size + 1, int(told[0]) if told and told[0].isdecimal() else 0)


def _headers(entry: Entry) -> CIMultiDict[str]:
    shift = time.time() - entry.started.timestamp()
    headers: CIMultiDict[str] = CIMultiDict()
    for pair in entry.response.headers:
        name = pair.name.lower()
        if name in DROPPED or name.startswith(":"):  # a pseudo-header of HTTP/2
            continue
        for value in pair.value.split("\n"):  # Chrome's way to write several headers of one name
            headers.add(pair.name, _renewed(value, shift) if name == "set-cookie" else value.strip("\r\0"))
    return headers


def _renewed(set_cookie: str, shift: float) -> str:
    """`set_cookie` with its expiry `shift` seconds later, so that it is as far ahead as it was when recorded."""

    def later(match: re.Match[str]) -> str:
        try:
            expires = parsedate_to_datetime(match[2]).timestamp() + shift
            return match[1] + formatdate(expires, usegmt=True)
        except (ValueError, OverflowError, OSError):  # no date, or none that this system can count
            return match[0]

    return re.sub(r"(;\s*expires\s*=\s*)([^;]*)", later, set_cookie, flags=re.IGNORECASE)


def _is_preflight(request: web.Request) -> bool:
    """https://fetch.spec.whatwg.org/#cors-preflight-request"""
    return request.method == "OPTIONS" and all(
        name in request.headers for name in ("Origin", "Access-Control-Request-Method")
    )


def _preflight_answer(request: web.Request) -> web.Response:
    """Browsers do not tell HAR writers of preflights; what was recorded after one had passed it."""
    headers = {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": request.headers["Access-Control-Request-Method"],
        "Vary": "Origin",
    }
    if wanted := request.headers.get("Access-Control-Request-Headers"):
        headers["Access-Control-Allow-Headers"] = wanted
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)
