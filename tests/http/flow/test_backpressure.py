"""A slow reader slows the site: what is under way, and the memory that it takes, stay small."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tests.http.flow.site import Answer, site
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession
from toolkit.streams.base import Decoder
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.text import TextDecoder

MB = 1024 * 1024
PIECE, COUNT = 64 * 1024, 512  # 32 MB
AHEAD = 8 * MB  # at most: buffers of the system's, which grow as they like, and ours
MEMORY = 4 * MB


def sizes(item: Any) -> int:
    return len(item if isinstance(item, str) else item.data)


@pytest.mark.parametrize(
    ("decoder", "before", "after"), [(TextDecoder, b"", b""), (SSEDecoder, b"data: ", b"\n\n")], ids=["text", "sse"]
)
@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_the_site_waits_for_the_reader(
    encoding: str, decoder: Callable[[], Decoder[Any]], before: bytes, after: bytes
) -> None:
    """It comes no further ahead than buffers are large, however long the reader rests; nothing is lost, and of the
    32 MB a fraction is in memory at a time."""
    piece = random.Random(1).randbytes(PIECE // 2).hex().encode()
    answers: list[Answer] = []

    async def speak(answer: Answer) -> None:
        answers.append(answer)
        for _ in range(COUNT):
            await answer.piece(before + piece + after)
        await answer.end()

    session = BrowserSession(provider="p", origin="http://127.0.0.1")
    async with site(encoding, speak) as url, Transport(session, page=url) as calls, calls.get(url) as response:
        read, rested = 0, False
        tracemalloc.start()
        try:
            async for item in response.decode(decoder()):
                read += sizes(item)
                if not rested:
                    for _ in range(4 * COUNT):  # the site's turn, as often as it would need to be done
                        await asyncio.sleep(0)
                    rested = True
                    assert answers[0].sent < AHEAD
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert read == PIECE * COUNT
    assert peak < MEMORY
