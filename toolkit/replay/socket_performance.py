"""Plays a recorded WebSocket to a client: sends what is due, waits for what the client has to send, and ends as the
recorded socket ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from msgspec import UnsetType

from toolkit.errors import ReplayMismatch, one_line, redact_url
from toolkit.replay.socket_script import SocketScript

log = logging.getLogger("toolkit")

MISMATCH_CODE = 1008  # policy violation (RFC 6455, section 7.4.1)
MISMATCH = "replay mismatch"  # how the reason beside it begins
REASON_LIMIT = 123  # bytes
NORMAL = 1000
LISTED = 5  # differences that a miss lists
UNKNOWN_END_SECONDS = 1.0  # that a client has to close a socket whose end was not seen


class Channel(Protocol):
    """The client's connection: a WebSocket, or a session of engine.io."""

    async def send(self, data: str | bytes) -> None:
        """Sends a frame."""

    async def receive(self) -> str | bytes | None:
        """Waits for the next frame of the client; None once it has closed."""

    async def close(self, code: int, reason: str) -> None:
        """Closes as a server does, and does not wait longer than a moment for the client."""

    async def lose(self) -> None:
        """Ends the connection without a close frame."""


class SocketPerformance:
    """Plays `script` over `channel`. `pace` is the factor for recorded gaps, 0 for none; a frame that was not recorded
    ends it with the code 1008, and is given to `miss`."""

    def __init__(
        self, script: SocketScript, channel: Channel, pace: float, miss: Callable[[ReplayMismatch], None]
    ) -> None:
        self._script = script
        self._channel = channel
        self._pace = pace
        self._miss = miss
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._played_until = 0.0  # ms since the 101, in recorded time

    async def run(self) -> None:
        """Plays until both sides have ended."""
        # Frames are read all the time, as a client's close and its pings have to be answered during a pause.
        reader = asyncio.get_running_loop().create_task(self._read())
        try:
            if await self._play():
                await self._end()
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader

    async def _read(self) -> None:
        while (data := await self._channel.receive()) is not None:
            self._incoming.put_nowait(data)
        self._incoming.put_nowait(None)

    async def _play(self) -> bool:
        """Plays all frames. Returns whether it came to their end, and the client is still there."""
        while True:
            for frame in self._script.due():
                await self._pause_until(frame.ms)
                await self._channel.send(frame.data)
            if not self._script.is_waiting:
                return True
            if not await self._take():
                return False
            self._played_until = max(self._played_until, self._script.ms)

    async def _take(self) -> bool:
        """Waits for a frame of the client. Returns whether there was one, and it was recorded."""
        data = await self._incoming.get()
        if data is None:
            return False
        if differences := self._script.take(data):
            await self._refuse(differences)
            return False
        return True

    async def _refuse(self, differences: list[str]) -> None:
        url = self._script.entry.request.url
        more = f"; and {len(differences) - LISTED} more" if len(differences) > LISTED else ""
        what = f"No recorded frame of this WebSocket is like the client's: {'; '.join(differences[:LISTED])}{more}."
        self._miss(ReplayMismatch(one_line(what), url=url))
        log.debug("replay: a frame to %s is none that was recorded", redact_url(url))
        await self._channel.close(MISMATCH_CODE, _reason(differences[0]))

    async def _end(self) -> None:
        close = self._script.close
        if close is not None and close.by in ("server", "lost") and not isinstance(close.ms, UnsetType):
            await self._pause_until(close.ms)
        if close is not None and close.by == "server":
            await self._channel.close(NORMAL if isinstance(close.code, UnsetType) else close.code, close.reason)
        elif close is not None and close.by == "lost":
            await self._channel.lose()
        elif close is not None and close.by == "unknown":
            try:
                async with asyncio.timeout(UNKNOWN_END_SECONDS):
                    await self._wait_for_close()
            except TimeoutError:
                await self._channel.close(NORMAL, "")
        else:
            await self._wait_for_close()

    async def _wait_for_close(self) -> None:
        while await self._take():
            pass

    async def _pause_until(self, ms: float) -> None:
        gap, self._played_until = ms - self._played_until, max(ms, self._played_until)
        if self._pace > 0 and gap > 0:
            await asyncio.sleep(gap * self._pace / 1000)


def _reason(difference: str) -> str:
    """Returns the reason of the close frame, as far as one has room (RFC 6455, section 5.5)."""
    return f"{MISMATCH}: {one_line(difference)}".encode()[:REASON_LIMIT].decode("utf-8", "ignore")
