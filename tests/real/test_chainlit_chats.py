"""The provider `chainlit` against a real app that keeps chats, takes files, and has settings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.real.record import sign_in
from tests.real.server import chainlit, free_port
from toolkit.chats.contents import File, Image
from toolkit.client.client import Client
from toolkit.errors import BadRequest, UsageError


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client that has logged in."""
    folder = tmp_path_factory.mktemp("chainlit")
    async with (
        chainlit(folder, free_port(), "chainlit_keeping_app.py") as origin,
        Client("chainlit", base_url=origin, session=await sign_in("chainlit", origin)) as client,
    ):
        yield client


async def test_a_kept_chat_is_gone_on_with(client: Client) -> None:
    """By what `chat_id` was, as often as one likes; the app knows what was asked there. Without it, and in another
    chat, it knows nothing; a chat that there is not is told."""
    first = client.chat("one")
    assert (await first.text(), bool(first.chat_id)) == ("one", True)
    assert await client.chat("two", chat_id=first.chat_id).text() == "two (after one)"
    assert await client.chat("three", chat_id=first.chat_id).text() == "three (after one, two)"
    other = client.chat("four")
    assert (await other.text(), other.chat_id == first.chat_id) == ("four", False)
    with pytest.raises(BadRequest, match="does not go on with the chat 'nowhere'"):
        await client.chat("five", chat_id="nowhere").text()


async def test_images_and_files_go_with_the_question(client: Client) -> None:
    """Under their names, in their order; an image that lies elsewhere is none that the app takes."""
    parts = ["See", Image.from_bytes(b"\x89PNG", "image/png"), File("naïve.txt", b"hello", "text/plain")]
    said = await client.chat([{"role": "user", "content": parts}]).text()
    assert said == "See [image2.png image/png: 4 bytes] [naïve.txt text/plain: 5 bytes]"
    with pytest.raises(UsageError, match="not by their address"):
        await client.chat([{"role": "user", "content": ["See", Image("https://y.example/b.png")]}]).text()


async def test_settings_of_the_chat_are_changed(client: Client) -> None:
    """Before the question, with the app's own values for the others, for that call alone."""
    assert await client.chat("hi", chat_settings={"tone": "loud"}).text() == "HI"
    assert await client.chat("hi", chat_settings={"times": 2}).text() == "hi hi"
    assert await client.chat("hi").text() == "hi"
    with pytest.raises(UsageError, match=r"no setting 'mood': it has tone, times\."):
        await client.chat("hi", chat_settings={"mood": 1}).text()
