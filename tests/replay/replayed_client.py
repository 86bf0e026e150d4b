"""A client of a recorded call, with a strict replay in the place of the site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toolkit.client.client import Client
from toolkit.har.model import RecordedChat, Recording
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.memory import MemoryStore


@asynccontextmanager
async def replayed_client(recording: Recording) -> AsyncIterator[tuple[Client, RecordedChat]]:
    """The client, and the call to make. At the end, what was not replayed is an error."""
    assert recording.chat is not None
    chat = recording.chat
    async with (
        LocalNetwork(recording=recording, strict=True) as network,
        Client(
            chat.provider, base_url=chat.base_url, session=network.session, store=MemoryStore(), route=network.route
        ) as client,
    ):
        yield client, chat
