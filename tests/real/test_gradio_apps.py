"""The provider `gradio` against the real Gradio, with an app of each kind: what is in an answer, and what goes in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.real.server import free_port, gradio_apps
from tests.real.test_gradio import talking_to
from toolkit.chats.contents import File, Image
from toolkit.chats.events import Media, Status, Text
from toolkit.errors import SiteError, UsageError

KINDS = ("blocks", "then", "multimodal", "thoughts", "error", "adder")
TALK = [
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "First."},
    {"role": "user", "content": "Two"},
]
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="  # a red pixel


@pytest.fixture(scope="module")
async def origins(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Where the apps run, by their kind: in one process, since Gradio takes long to start."""
    ports = {kind: free_port() for kind in KINDS}
    async with gradio_apps(tmp_path_factory.mktemp("apps"), ports):
        yield {kind: f"http://127.0.0.1:{port}" for kind, port in ports.items()}


async def test_blocks_answer_in_their_chatbot(origins: dict[str, str]) -> None:
    """Not in the box that they empty; the conversation so far is their chatbot's."""
    async with talking_to(origins["blocks"]) as client:
        assert await client.chat("Hi").text() == "1: to be fair"
        assert await client.chat(TALK).text() == "2: to be fair"


async def test_what_follows_the_first_function_answers(origins: dict[str, str]) -> None:
    """As `.submit(...).then(...)` has it."""
    async with talking_to(origins["then"]) as client:
        assert await client.chat("Hi").text() == "you said Hi"
        assert await client.chat(TALK).text() == "you said Two"


async def test_files_go_in_and_come_out(origins: dict[str, str]) -> None:
    """They are uploaded; those of the answer have an absolute address."""
    image = Image(f"data:image/png;base64,{DOT}")
    parts = ["See", image, File("note.txt", b"hello", "text/plain")]
    async with talking_to(origins["multimodal"]) as client:
        stream = client.chat([{"role": "user", "content": parts}])
        assert await stream.text() == "look at 2"
    assert [media.name for media in stream.media] == ["image2.png", "note.txt"]
    assert all(media.url.startswith(f"{origins['multimodal']}/gradio_api/file=") for media in stream.media)
    async with talking_to(origins["blocks"]) as client:
        with pytest.raises(UsageError, match="no images or files"):
            await client.chat([{"role": "user", "content": parts}]).text()


async def test_thoughts_are_no_part_of_the_answer(origins: dict[str, str]) -> None:
    """What they say is reasoning, their titles say what the app is doing."""
    async with talking_to(origins["thoughts"]) as client:
        stream = client.chat("Hi")
        events = [event async for event in stream.events()]
    assert "".join(event.text for event in events if isinstance(event, Text)) == "the answer"
    assert stream.reasoning == "let me see\n\nsunny"
    assert Status("Thinking", True) in events
    assert Status("Weather", True) in events
    assert not any(isinstance(event, Media) for event in events)


async def test_the_last_words_before_an_error(origins: dict[str, str]) -> None:
    """Are in it."""
    async with talking_to(origins["error"]) as client:
        with pytest.raises(SiteError, match=r"The app reported: The model is asleep\.") as caught:
            await client.chat("Hi").text()
    assert caught.value.text == "the beginning of"


async def test_an_app_that_is_no_chat_says_so(origins: dict[str, str]) -> None:
    """And names what there is."""
    async with talking_to(origins["adder"]) as client:
        with pytest.raises(UsageError, match=r"has no chat functions\. .*`fn`: add\."):
            await client.chat("Hi").text()
