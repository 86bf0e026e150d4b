"""Compressed answers flow piece by piece, in each coding that is asked for."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.http.flow.encodings import PACKERS
from tests.http.flow.site import Answer, site
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession
from toolkit.streams.sse import SSEDecoder
from toolkit.streams.text import TextDecoder

SESSION = BrowserSession(provider="p", origin="http://127.0.0.1")
PIECES = ("Grü", "ße, ", "世界", " 🌍!", "a" * 5000, "\n\n", "end")
LONG = 60.0  # seconds: what only passes where something is wrong


def http(url: str) -> Transport:
    return Transport(SESSION, page=url)


@pytest.mark.parametrize("encoding", PACKERS)
async def test_each_piece_arrives_before_the_next_is_sent(encoding: str) -> None:
    """However well it is packed: the site goes on only when the reader has what it sent."""
    arrived = asyncio.Event()

    async def speak(answer: Answer) -> None:
        for piece in PIECES:
            arrived.clear()
            await answer.piece(piece.encode())
            await arrived.wait()
        await answer.end()

    text = ""
    async with asyncio.timeout(LONG), site(encoding, speak) as url, http(url) as calls, calls.get(url) as response:
        async for piece in response.decode(TextDecoder()):
            text += piece
            if "".join(PIECES).startswith(text) and text in ends():
                arrived.set()
    assert text == "".join(PIECES)


def ends() -> set[str]:
    """The text as it is after each piece."""
    return {"".join(PIECES[: count + 1]) for count in range(len(PIECES))}


@pytest.mark.parametrize("encoding", PACKERS)
async def test_each_event_arrives_before_the_next_is_sent(encoding: str) -> None:
    """So do the events of a stream."""
    arrived = asyncio.Event()

    async def speak(answer: Answer) -> None:
        for count in range(5):
            arrived.clear()
            await answer.piece(f"data: {count}\n\n".encode())
            await arrived.wait()
        await answer.end()

    got = []
    async with asyncio.timeout(LONG), site(encoding, speak) as url, http(url) as calls, calls.get(url) as response:
        async for event in response.decode(SSEDecoder()):
            got.append(event.data)
            arrived.set()
    assert got == ["0", "1", "2", "3", "4"]


async def test_what_is_asked_for_can_be_read() -> None:
    """Of the codings in `Accept-Encoding`, each; with the extra `compression` these are a browser's."""
    asked: list[str] = []

    async def note(answer: Answer) -> None:
        found = re.search(r"(?im)^accept-encoding: *(.*?)\r", answer.request)
        asked.extend(found[1].split(", ") if found else [])
        await answer.piece(b"noted")
        await answer.end()

    async with site("", note) as url, http(url) as calls, calls.get(url) as response:
        await response.read()
    assert asked == ["gzip", "deflate", "br", "zstd"]
    assert set(asked) <= set(PACKERS)
