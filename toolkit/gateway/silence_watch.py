"""Looks after streams that may fall silent: one timer for all of a server, since one for each takes half a kilobyte."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Protocol

LOOKS = 10  # in the time for which a stream may be silent, which it may be longer by one of them


class Stream(Protocol):
    """What can fall silent."""

    def break_silence(self) -> None:
        """Say something, if nothing was said for too long."""
        ...


class SilenceWatch:
    """The streams of one server that are watched."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watching(self, stream: Stream, seconds: float) -> _Watching:
        """For `with`: meanwhile `stream` is looked after, so that it is not silent for longer than about `seconds`."""
        self._streams.add(stream)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds / LOOKS, self._look, seconds)
        return _Watching(self, stream)

    @property
    def is_awake(self) -> bool:
        """Whether a timer runs."""
        return self._timer is not None

    def forget(self, stream: Stream) -> None:
        """Look after `stream` no longer."""
        self._streams.discard(stream)
        if not self._streams and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds / LOOKS, self._look, seconds)
        for stream in tuple(self._streams):
            stream.break_silence()


class _Watching(NamedTuple):
    """See `SilenceWatch.watching`."""

    watch: SilenceWatch
    stream: Stream

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self.watch.forget(self.stream)
