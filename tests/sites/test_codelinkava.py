"""The CodeLinkAva stand-in's answers and failures, seen by a plain HTTP client."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from tests.sites.asking import QUESTION, page_headers
from tests.sites.base import PIECES
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve

TEXT = "".join(PIECES)


async def ava_stream(client: aiohttp.ClientSession, site: CodeLinkAvaSite, **more: Any) -> str:
    body = {"messages": QUESTION, "temperature": 0.6, "stream": True, **more}
    async with serve(site.api_app()) as origin:
        sent = page_headers("https://ava-ai-ef611.web.app", **{"Sec-Fetch-Site": "cross-site"})
        async with client.post(f"{origin}/api/chat", json=body, headers=sent) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "https://ava-ai-ef611.web.app"
            assert response.content_type == "text/event-stream"
            return await response.text()


def deltas(stream: str) -> list[Any]:
    events = [event.removeprefix("data: ") for event in stream.split("\n\n") if event]
    return [json.loads(event)["choices"][0]["delta"] for event in events if event.startswith('{"id"')]


async def test_ava_sends_deltas_with_absent_and_null_content(client: aiohttp.ClientSession) -> None:
    """The contents put together are the answer; [DONE] is the end."""
    site = CodeLinkAvaSite()
    stream = await ava_stream(client, site)
    found = deltas(stream)
    assert "".join(delta.get("content") or "" for delta in found) == TEXT
    assert {"content": None} in found
    assert {"role": "assistant"} in found
    assert stream.endswith("data: [DONE]\n\n")
    assert site.problems == []


async def test_ava_can_stop_without_its_end_marker(client: aiohttp.ClientSession) -> None:
    """A stream without [DONE], and an error object instead of an end."""
    site = CodeLinkAvaSite()
    site.done = False
    assert "[DONE]" not in await ava_stream(client, site)
    site.error = {"message": "overloaded"}
    assert (await ava_stream(client, site)).endswith('data: {"error":{"message":"overloaded"}}\n\n')


async def test_ava_takes_extra_fields_but_no_model_at_its_public_host(client: aiohttp.ClientSession) -> None:
    """Extra arguments go into the body; the public host was never sent a model."""
    site = CodeLinkAvaSite()
    await ava_stream(client, site, top_p=1)
    assert site.problems == []
    await ava_stream(client, site, model="gpt-4")
    assert site.problems == ["POST /api/chat: model is not a field of the public host's body"]
