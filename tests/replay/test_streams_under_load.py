"""Streams to the chunk, also while the machine is busy, and at the pace that was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.recording.helpers import SITE, client, entry, read_chunks, replaying

RUNS = 200
TEXT = "".join(f'data: {{"text": "слово {number} 👩‍👩‍👧"}}\r\n\r\n' for number in range(12)).encode()
SIZE = -(-len(TEXT) // 38)
CHUNKS = [TEXT[start : start + SIZE] for start in range(0, len(TEXT), SIZE)]


# Not for ever, should nobody end it.
BURN = "import time; print(flush=True); end = time.monotonic() + 600\nwhile time.monotonic() < end: pass"


@pytest.fixture
def load() -> Iterator[None]:
    """As many busy processes as there are processors."""
    command = [sys.executable, "-I", "-S", "-c", BURN]
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            burner = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(burner.kill)
            assert burner.stdout is not None
            assert burner.stdout.readline()
        yield


@pytest.mark.usefixtures("load")
async def test_chunks_are_exact_under_load() -> None:
    """Two hundred runs of a stream of 38 chunks, cut inside characters and frames, are exact to the chunk."""
    assert len(CHUNKS) == 38
    stream = entry(body=[(0.0, data) for data in CHUNKS])
    async with replaying(stream) as network, client(network) as session:
        for _ in range(RUNS):
            read: list[bytes] = []
            async with session.get(SITE) as response:
                await read_chunks(response, read)
            assert read == CHUNKS


async def test_the_recorded_pace_has_the_recorded_gaps() -> None:
    """At pace 1 no chunk comes before its time."""
    stream = entry(body=[(30.0 * number, b"x") for number in range(6)])
    async with replaying(stream, pace=1.0) as network, client(network) as session:
        start = time.monotonic()
        times: list[float] = []
        async with session.get(SITE) as response:
            async for data, _ in response.content.iter_chunks():
                times += [time.monotonic() - start] * len(data)
    assert len(times) == 6
    assert all(seconds >= 0.03 * number for number, seconds in enumerate(times))
