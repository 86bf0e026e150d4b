"""The stand-ins agree with the real servers: each recorded request, asked again, gets the recorded answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sites import captures
from tests.sites.aura import AuraSite
from tests.sites.nextauth import signature
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve


@pytest.mark.parametrize("file", captures.scenarios("aura"))
async def test_aura_answers_as_recorded(file: Path, client: aiohttp.ClientSession) -> None:
    """Status, reason phrase, headers, text and chunks are the recorded ones, and nothing is amiss with the request."""
    site = AuraSite()
    (entry,) = captures.entries(file)
    expected = captures.recorded(entry)
    if expected.status == 200:
        site.answer = [chunk.decode() for chunk in expected.chunks]
    elif expected.reason != "Internal Server Error":
        site.fail(expected.reason)
    if file.stem == "err-model-openchat-3.6":
        site.broken_models.add("openchat_3.6")
    hangs = file.stem == "err-drop"
    site.ending = "hang" if hangs else "eof"
    async with serve(site.app()) as origin:
        response = await captures.ask(client, origin, entry)
        limit = len(expected.chunks) if hangs else None
        answer = await captures.read(response, chunks=limit)
    assert answer.comparable({}) == expected.comparable({})
    assert answer.chunks == expected.chunks
    assert site.problems == (["GET /api/chat: the method is not POST"] if file.stem == "err-get-method" else [])


def said(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All events in a recording, in order."""
    lines = [
        line
        for entry in entries
        if "/events" in entry["request"]["url"]
        for line in entry["response"]["content"]["text"].split("\r\n")
    ]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


def script(site: OpenAssistantSite, events: list[dict[str, Any]]) -> None:
    """Make the stand-in's worker say what the recorded one said."""
    site.answer = [event["text"] for event in events if event["event_type"] == "token"]
    site.script.error = next((event["error"] for event in events if event["event_type"] == "error"), None)
    waiting = [event for event in events if event["event_type"] == "pending"]
    if waiting:
        site.idle_models.add("OA_SFT_Llama_30B_7")
        site.script.waiting = (waiting[0]["queue_position"], waiting[0]["queue_size"])
        site.script.pending_seconds = 0.01


@pytest.mark.parametrize("file", captures.scenarios("openassistant"))
async def test_open_assistant_answers_as_recorded(file: Path, client: aiohttp.ClientSession) -> None:
    """Each step's status, headers and body is the recorded one, but for ids, times, seeds and the person's name."""
    site = OpenAssistantSite()
    entries = captures.entries(file)
    script(site, said(entries))
    cookie = None
    if file.stem not in ("no-cookie-403", "session-logged-out"):
        form = "next-auth.csrf-token=" + csrf_cookie(site)
        cookie = f"{form}; {site.login.cookie_header()}"
    ids: dict[str, str] = {}  # the recorded server's ids -> the stand-in's
    waiting: list[aiohttp.ClientResponse] = []
    async with serve(site.app()) as origin:
        for entry in entries:
            expected = captures.recorded(entry)
            response = await captures.ask(client, origin, entry, cookie=cookie, ids=ids)
            if not expected.ended:  # this one stays open behind the others
                waiting.append(response)
                continue
            answer = await captures.read(response)
            learn(ids, expected, answer)
            theirs = {mine: recorded for recorded, mine in ids.items()}
            assert answer.comparable(theirs) == expected.comparable({}), entry["request"]["url"]
        unended = [captures.recorded(entry) for entry in entries if entry["_error"]]
        for response, expected in zip(waiting, unended, strict=True):
            answer = await captures.read(response, chunks=len(expected.chunks))
            assert answer.comparable({}) == expected.comparable({})
    assert site.open_chats == set()
    overlapping = "POST /api/chat/assistant_message: a second request while another one of the account is not finished"
    assert site.problems == ([overlapping] if file.stem == "two-messages-first-cancelled" else [])


def learn(ids: dict[str, str], expected: captures.Answer, answer: captures.Answer) -> None:
    """Note which id of the stand-in stands for which recorded one."""
    if expected.text.startswith('{"id"') and answer.text.startswith('{"id"'):
        ids.setdefault(json.loads(expected.text)["id"], json.loads(answer.text)["id"])


def csrf_cookie(site: OpenAssistantSite) -> str:
    """What the csrf cookie of a visitor holds who has been here before."""
    return f"{'0' * 64}%7C{signature('0' * 64)}"
