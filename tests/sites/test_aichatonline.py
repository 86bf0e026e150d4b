"""The AiChatOnline stand-in's answers and failures, seen by a plain HTTP client."""

from __future__ import annotations

import json

import aiohttp

from tests.sites.aichatonline import CHAT_PATH, ID_PATH, AiChatOnlineSite
from tests.sites.asking import page_headers
from tests.sites.base import PIECES
from tests.sites.serving import serve

TEXT = "".join(PIECES)


async def ai_chat(client: aiohttp.ClientSession, site: AiChatOnlineSite, *, token: bool = True) -> tuple[int, str]:
    async with serve(site.app()) as origin:
        sent = page_headers(origin, "/chatgpt/chat/")
        async with client.get(f"{origin}{ID_PATH}?canvas=-abcdefgh12", headers=sent) as response:
            unique = (await response.json())["data"]
        more = {"UniqueId": unique} if token else {}
        body = {"conversationId": "abcdefgh12", "prompt": "Hello"}
        async with client.post(f"{origin}{CHAT_PATH}", json=body, headers={**sent, **more}) as response:
            return response.status, await response.text()


async def test_ai_chat_answers_in_lines_of_json(client: aiohttp.ClientSession) -> None:
    """Lines of another shape lie between those with a message; the last one may lack its newline."""
    site = AiChatOnlineSite()
    site.last_newline = False
    _, text = await ai_chat(client, site)
    documents = [json.loads(line) for line in text.split("\n")]
    pieces = [item["data"]["message"] for item in documents if isinstance(item, dict) and "message" in str(item)]
    assert "".join(pieces) == TEXT
    assert len(documents) > len(pieces)
    assert site.problems == []


async def test_ai_chat_may_send_a_line_that_is_not_json(client: aiohttp.ClientSession) -> None:
    """It comes after the pieces, as it was given."""
    site = AiChatOnlineSite()
    site.bad_line = "<html>busy</html>"
    assert (await ai_chat(client, site))[1].endswith("\n<html>busy</html>\n")


async def test_ai_chat_refuses_a_call_without_its_id(client: aiohttp.ClientSession) -> None:
    """The id has to be one that it gave out."""
    site = AiChatOnlineSite()
    status, _ = await ai_chat(client, site, token=False)
    assert (status, site.problems) == (401, [f"POST {CHAT_PATH}: no UniqueId"])
