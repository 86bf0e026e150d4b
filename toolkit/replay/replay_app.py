"""Answers requests from recordings: the same status, headers, chunks and faults, without pauses or at recorded pace.

An `aiohttp.web` application that any server can run; the server decides which hosts it answers for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence

from aiohttp import web

from toolkit.errors import ReplayMismatch, redact_url
from toolkit.har.model import Entry, Recording
from toolkit.replay.body_matching import IncomingRequest
from toolkit.replay.credential_matching import parse_cookies
from toolkit.replay.engine_io_merge import merge_engine_io
from toolkit.replay.playback import ALL_PARTS, REPEATABLE, MatchPart, Playback
from toolkit.replay.recorded_response import RecordedResponse, lose_connection, remove_added_headers
from toolkit.replay.socket_replay import SWITCHING, SocketReplay, is_handshake
from toolkit.replay.unrecorded_requests import answer_unrecorded

log = logging.getLogger("toolkit")

MISMATCH = 599
RETRY_AFTER = "Retry-After"
LONGEST_WAIT = 1e9  # seconds that are told of a recorded wait; it may have any number of digits


class ReplayApp:
    """The application `app`, which gives the answers of `recordings`. `pace` is the factor for recorded gaps, 0 for
    none; `match` says on what requests are matched (see `toolkit.replay.playback`), `uncompared` what in
    the frames of WebSockets is not compared (see `toolkit.har.frames`).

    A request that no recorded exchange answers gets status 599 with the difference as text, and is added to `misses`;
    to `unknown` as well if it only reads, at a URL of which nothing is recorded.
    """

    def __init__(
        self,
        recordings: Iterable[Recording],
        *,
        pace: float = 0.0,
        match: Sequence[MatchPart] = ALL_PARTS,
        uncompared: Collection[str] = (),
    ) -> None:
        entries = [entry for recording in recordings for entry in recording.entries]
        self.playback = Playback(merge_engine_io(entries), match)
        self.misses: list[ReplayMismatch] = []
        self.unknown: list[ReplayMismatch] = []
        self.sockets = SocketReplay(pace, self.misses.append, frozenset(uncompared))
        self._pace = pace
        self.app = web.Application(client_max_size=0)  # no limit
        self.app.router.add_route("*", "/{path:.*}", self._answer)
        self.app.on_response_prepare.append(remove_added_headers)
        self.app.on_cleanup.append(lambda _: self.sockets.aclose())

    def unplayed_frames(self) -> list[str]:
        """What the clients of the sockets that were opened had to send, and have not."""
        return list(self.sockets.unsent(self.playback.is_required))

    async def settle(self) -> None:
        """Wait a moment for frames that are on their way."""
        await self.sockets.settle(self.playback.is_required)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if (session := await self.sockets.answer_session(request)) is not None:
            return session
        url = self.sockets.address(request)
        if url is not None and not is_handshake(request) and not self.playback.recorded_methods(url):
            url = None  # a poll of which no session was recorded
        incoming = IncomingRequest(
            method=request.method,
            url=url or request.url,
            content_type=request.headers.get("Content-Type", ""),
            body=await request.read(),
            cookies=parse_cookies(request.headers.getall("Cookie", [])),
            authorization=", ".join(request.headers.getall("Authorization", [])),
        )
        if (response := answer_unrecorded(request, self.playback.recorded_methods(incoming.url))) is not None:
            return response
        entry = self.playback.take(incoming)
        if not isinstance(entry, ReplayMismatch):
            entry = self.sockets.protocol_difference(request, entry) or entry
        if isinstance(entry, ReplayMismatch):
            self.misses.append(entry)
            if request.method in REPEATABLE and not self.playback.recorded_methods(incoming.url):
                self.unknown.append(entry)
            log.debug("replay: no recorded exchange answers %s %s", request.method, redact_url(str(request.url)))
            return web.Response(status=MISMATCH, reason="Replay Mismatch", text=f"{entry.what}\n")
        if url is not None and entry.response.status == SWITCHING:
            await self._pause(entry.timings.wait)
            return await self.sockets.play(request, entry)
        return await self._play(request, entry)

    async def _play(self, request: web.Request, entry: Entry) -> web.StreamResponse:
        await self._pause(entry.timings.wait)
        if entry.response.status <= 0:
            return await lose_connection(request, entry.error or "")
        response = RecordedResponse(entry, request)
        if RETRY_AFTER in response.headers and self.playback.is_asked_again(entry):
            response.headers[RETRY_AFTER] = self._scaled(response.headers[RETRY_AFTER])
        await response.prepare(request)
        written_until = 0.0  # ms since the headers
        for ms, data in entry.response.content.pieces() if response.has_body else ():
            await self._pause(ms - written_until)
            written_until = ms
            await response.write(data)  # one HTTP chunk if the answer is chunked
        if entry.error is not None:
            return await lose_connection(request, entry.error)
        await self._pause(entry.timings.receive - written_until)
        return response

    def _scaled(self, seconds: str) -> str:
        """Returns the wait that a site asks for between two requests, which is a recorded gap like others. An HTTP date
        (RFC 9110, section 10.2.3) is long past, and stays."""
        if not (seconds.isascii() and seconds.isdecimal()):
            return seconds
        return str(round(min(float(seconds), LONGEST_WAIT) * self._pace))

    async def _pause(self, ms: float) -> None:
        if self._pace > 0 and ms > 0:
            await asyncio.sleep(ms * self._pace / 1000)
