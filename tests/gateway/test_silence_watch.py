"""`SilenceWatch`, which has streams say something while there is nothing else to say."""

from __future__ import annotations

import asyncio

from toolkit.gateway.silence_watch import SilenceWatch


class Spoken:
    """A stream that counts how often it is asked to break its silence; `often` is set from the third time on."""

    def __init__(self) -> None:
        self.times = 0
        self.often = asyncio.Event()

    def break_silence(self) -> None:
        self.times += 1
        if self.times >= 3:
            self.often.set()


async def test_streams_are_asked_while_they_are_watched() -> None:
    """Each again and again, whatever becomes of the others."""
    watch, one, other = SilenceWatch(), Spoken(), Spoken()
    with watch.watching(one, 0.01):
        with watch.watching(other, 0.01):
            await other.often.wait()
        told, one.often = other.times, asyncio.Event()
        await one.often.wait()
    assert other.times == told
    with watch.watching(other, 0.01):
        other.times, other.often, told = 0, asyncio.Event(), one.times
        await other.often.wait()
    assert one.times == told


async def test_no_timer_runs_while_there_is_no_stream() -> None:
    """A server that rests is not woken."""
    watch, one = SilenceWatch(), Spoken()
    with watch.watching(one, 0.01):
        assert watch.is_awake
    assert not watch.is_awake
