"""A loop that ends, or has ended, while answers are being read."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from toolkit.chats.messages import ChatRequest
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.http.transport import Transport
from toolkit.providers.base import Pieces, Provider


class Tidy(Provider):
    """Needs some rounds of the loop to tidy up."""

    name = "tidy"
    url = "https://tidy.example/"

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(base_url)
        self.tidied = 0

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        try:
            yield "first"
            yield "second"
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            self.tidied += 1


async def half_read(provider: Provider, number: int) -> tuple[Client, list[ChatStream]]:
    client = Client(provider, cookies={"a": "b"})
    streams = [client.chat("Hi") for _ in range(number)]
    for stream in streams:
        assert await anext(stream) == "first"
    return client, streams


def test_a_loop_that_ends_closes_what_is_half_read() -> None:
    """All of it, with what the providers tidy up, and nothing is complained of."""
    complaints: list[dict[str, Any]] = []
    provider = Tidy()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    held = loop.run_until_complete(half_read(provider, 3))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    del held
    gc.collect()
    assert (provider.tidied, complaints) == (3, [])


def test_what_is_half_read_in_a_closed_loop_is_dropped_in_silence() -> None:
    """There is nobody who could close it."""
    provider = Tidy()
    loop = asyncio.new_event_loop()
    client, streams = loop.run_until_complete(half_read(provider, 1))
    loop.run_until_complete(client._shared.close())  # aiohttp complains of connections, and is right
    loop.close()
    del client
    streams.clear()
    gc.collect()
    assert provider.tidied == 0
