"""Open WebUI: what its answers hold besides text, and what is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.providers.conftest import Chatting
from tests.sites.base import PIECES
from tests.sites.openwebui import OpenWebUISite
from toolkit.chats.contents import Image
from toolkit.chats.events import ChatEvent, Finished, Media, ModelSelected, Reasoning, Source, Text, ToolCall, Usage
from toolkit.errors import AnswerTruncated, BadRequest, ServiceUnavailable, UsageError
from toolkit.providers.openwebui.provider import OpenWebUI

TEXT = "".join(PIECES)
CHAT = "/api/chat/completions"
USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}
PNG = b"\x89PNG\r\n\x1a\n"
WEATHER = [
    {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "get_weather", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '"Berlin"}'}}]},
]
CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "openwebui"
# What each captured answer of the real server says: its text, and its events but texts and the end.
BLUE = "The sky is blue."
TOLD = Usage(11, 4, 2)
CAPTURED: dict[str, tuple[str, list[ChatEvent], str]] = {
    "sse-plain": (BLUE, [TOLD], "stop"),
    "sse-usage": (BLUE, [TOLD], "stop"),
    "sse-reasoning": (
        BLUE, [Reasoning("Let me "), Reasoning("think about "), Reasoning("scattering."), TOLD], "stop"
    ),
    "sse-tools": ("", [ToolCall(0, "call_1", "get_weather", '{"city":"Berlin"}')], "tool_calls"),
    "sse-length": ("The sky ", [], "length"),
    "sse-dummypipe": ("Pipe says hello.", [], "stop"),
    "json-stream_response-off": (BLUE, [TOLD], "stop"),
}  # fmt: skip


async def test_everything_that_an_answer_holds_is_told(chatting: Chatting) -> None:
    """Reasoning, the arena's model, sources, images, calls of tools, usage, in the order in which they come."""
    site = OpenWebUISite()
    site.reasoning, site.usage, site.selected_model = ["Let me ", "think."], USAGE, "mistral-small"
    url = "data:image/png;base64,iVBORw0KGgo="
    images = [{"image_url": {"url": url}, "type": "image_url"}, {"type": "image_url", "image_url": {"url": "/i/7"}}]
    site.after = [*WEATHER, {"images": images}]
    metadata = [{"source": "fact.txt", "file_id": "f1", "name": "fact.txt"}]
    site.sources = [{"source": {"type": "file", "id": "f1"}, "document": ["4711 gears"], "metadata": metadata}]
    async with chatting("openwebui", site) as client:
        stream = client.chat("Hi", tools=[{"type": "function"}], files=[{"type": "file", "id": "f1"}])
        events = [event async for event in stream.events()]
    assert [type(event).__name__ for event in events] == [
        "Sources", "ModelSelected", "Reasoning", "Reasoning", *("Text" for _ in PIECES),
        "Media", "Media", "ToolCall", "Usage", "Finished",
    ]  # fmt: skip
    assert events[1] == ModelSelected("mistral-small")
    assert stream.sources == (Source("fact.txt", "", "f1", ("4711 gears",)),)
    assert stream.reasoning == "Let me think."
    assert stream.media == (Media(data=PNG, mime_type="image/png"), Media(url=f"{client.provider.site}/i/7"))
    assert stream.tool_calls == (ToolCall(0, "call_1", "get_weather", '{"city":"Berlin"}'),)
    assert (stream.usage, stream.model, stream.chat_id) == (Usage(11, 4, 2), "mistral-small", None)
    assert site.calls(CHAT)[0].body["tools"] == [{"type": "function"}]
    assert site.problems == []


@pytest.mark.parametrize("kind", ["pipe", "filtered", "stream_response"])
async def test_each_way_of_an_answer_is_read(kind: str, chatting: Chatting) -> None:
    """A pipe function's end without a line end, frames that a filter parts, and a document in the place of frames."""
    site = OpenWebUISite()
    setattr(site, kind, kind != "stream_response")
    async with chatting("openwebui", site) as client:
        stream = client.chat("Hi")
        assert await stream.text() == TEXT
    assert stream.finish_reason == "stop"
    assert site.problems == []


async def test_a_server_that_refuses_to_tell_usage_is_asked_without(chatting: Chatting) -> None:
    """Once more, without the field; where the caller has given it, the refusal is his."""
    site = OpenWebUISite()
    site.takes_usage = False
    async with chatting("openwebui", site) as client:
        assert await client.chat("Hi", model="mistral-small").text() == TEXT
        assert ["stream_options" in call.body for call in site.calls(CHAT)] == [True, False]
        with pytest.raises(BadRequest, match="stream_options"):
            await client.chat("Hi", model="mistral-small", stream_options={"include_usage": True}).text()
        assert len(site.calls(CHAT)) == 3
        assert await client.chat("Hi", model="mistral-small", stream_options=None).text() == TEXT
    assert "stream_options" not in site.calls(CHAT)[-1].body


async def test_known_fields_go_into_the_body(chatting: Chatting) -> None:
    """They are options of the provider, so that nobody is told that they are not known."""
    site = OpenWebUISite()
    given: dict[str, Any] = {
        "top_p": 0.5,
        "seed": 7,
        "stop": ["\n"],
        "tool_ids": ["t"],
        "features": {"web_search": True},
    }
    async with chatting("openwebui", site) as client:
        await client.chat("Hi", model="mistral-small", **given).text()
        for files in ("f1", {"id": "f1"}):
            with pytest.raises(UsageError, match="`files` is a list"):
                await client.chat("Hi", model="mistral-small", files=files).text()
    assert site.calls(CHAT)[0].body.items() >= given.items()
    assert set(given) | {"files", "save", "folder", "chat_id"} <= set(OpenWebUI.options)


async def test_images_are_parts_of_a_message(chatting: Chatting) -> None:
    """As OpenAI's API has them, and as the server passes them on."""
    site = OpenWebUISite()
    image = Image.from_bytes(PNG, "image/png")
    async with chatting("openwebui", site) as client:
        await client.chat([{"role": "user", "content": ["What is it?", image]}]).text()
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": image.url}}]
    assert site.calls(CHAT)[0].body["messages"] == [{"role": "user", "content": parts}]
    assert "files" not in site.calls(CHAT)[0].body
    assert site.problems == []


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_a_cut_answer_is_told(reason: str, chatting: Chatting) -> None:
    """With what there is of it."""
    site = OpenWebUISite()
    site.finish = reason
    async with chatting("openwebui", site) as client:
        with pytest.raises(AnswerTruncated) as caught:
            await client.chat("Hi").text()
    assert (caught.value.finish_reason, caught.value.text) == (reason, TEXT)


def captured_body(name: str) -> tuple[str, bytes]:
    """The content type and the body of an answer of the real server."""
    head, _, body = (CAPTURES / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    kind = next(line for line in head.decode().splitlines() if line.startswith("content-type: "))
    return kind.removeprefix("content-type: "), body


class Repeating(OpenWebUISite):
    """Answers with the bytes that the real server has sent."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.kind, self.body = captured_body(name)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.body, headers={"Content-Type": self.kind})


needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not on this machine")


@needs_captures
@pytest.mark.parametrize("name", CAPTURED)
async def test_the_real_servers_answers_are_read(name: str, chatting: Chatting) -> None:
    """Byte for byte as they were captured: text, events, and the reason for the end."""
    text, events, reason = CAPTURED[name]
    async with chatting("openwebui", Repeating(name)) as client:
        stream = client.chat("Hi", model="m", tools=[{"type": "function"}])
        found = [event async for event in stream.events()]
    assert "".join(event.text for event in found if isinstance(event, Text)) == text
    assert [event for event in found if not isinstance(event, Text | Finished)] == events
    assert stream.finish_reason == reason


@needs_captures
async def test_the_real_servers_sources_images_and_errors_are_read(chatting: Chatting) -> None:
    """A passage of a file with its id, a picture's bytes, and the upstream's failure by its code."""
    async with chatting("openwebui", Repeating("sse-sources-file")) as client:
        stream = client.chat("Hi", model="m")
        await stream.text()
        (source,) = stream.sources
        assert (source.title, source.quotes[0][:14]) == ("fact.txt", "The zorbulator")
        assert source.file == "8f3c6301-20ad-412c-9b91-b11da7f2bd3a"
    async with chatting("openwebui", Repeating("sse-image-out")) as client:
        stream = client.chat("Hi", model="m")
        assert await stream.text() == BLUE
        assert [(media.mime_type, media.data[:8]) for media in stream.media] == [("image/png", PNG)]
    async with chatting("openwebui", Repeating("sse-midstream-error")) as client:
        with pytest.raises(ServiceUnavailable, match="out of memory") as caught:
            await client.chat("Hi", model="m").text()
        assert (caught.value.text, caught.value.status) == ("The sky ", 500)


@needs_captures
@pytest.mark.parametrize("name", ["sse-plain", "sse-reasoning", "sse-length", "sse-tools", "sse-dummypipe"])
async def test_the_stand_in_answers_as_the_real_server(name: str) -> None:
    """Scripted with what was captured, it sends the same deltas, reasons and usage in frames that end alike."""
    site = OpenWebUISite()
    _, body = captured_body(name)
    captured = frames(body)
    site.answer = [delta["content"] for delta, _ in captured if delta.get("content")]
    site.reasoning = [delta["reasoning_content"] for delta, _ in captured if "reasoning_content" in delta]
    site.after = [delta for delta, _ in captured if "tool_calls" in delta]
    site.usage = next((usage for _, usage in captured if isinstance(usage, dict)), None)
    site.finish = next(reason for _, reason in captured if isinstance(reason, str))
    site.pipe = name == "sse-dummypipe"
    site.filtered = body.endswith(b"[DONE]\n\n\n")
    asked = {"stream_options": {"include_usage": True}}
    sent = b"".join([part async for part in site._frames(asked)])
    assert frames(sent) == captured
    assert sent[-15:] == body[-15:]


def frames(body: bytes) -> list[tuple[Any, Any]]:
    """Of each frame the delta, and the usage or the reason for the end."""
    found: list[tuple[Any, Any]] = []
    for line in body.decode().splitlines():
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line.removeprefix("data: "))
        choices = chunk.get("choices") or [{"delta": {}, "finish_reason": chunk.get("usage")}]
        found.append((choices[0]["delta"], choices[0]["finish_reason"]))
    return found
