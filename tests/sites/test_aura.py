"""The Aura stand-in's answers and failures, seen by a plain HTTP client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from tests.sites.asking import QUESTION, page_headers, until
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from tests.sites.serving import serve

TEXT = "".join(PIECES)


def aura_ask(client: aiohttp.ClientSession, origin: str, **changes: Any) -> Any:
    body = {"model": {"id": "openchat_3.6"}, "messages": QUESTION, **changes}
    return client.post(f"{origin}/api/chat", json=body, headers=page_headers(origin))


async def test_aura_sends_one_chunk_for_each_piece(client: aiohttp.ClientSession) -> None:
    """Model id and messages are all that it needs, and nothing says which type the text has."""
    site = AuraSite()
    async with serve(site.app()) as origin, aura_ask(client, origin) as response:
        chunks = [data async for data, _ in response.content.iter_chunks() if data]
    assert [chunk.decode() for chunk in chunks] == site.answer
    assert "Content-Type" not in response.headers
    assert site.problems == []


@pytest.mark.parametrize(
    "changes",
    [{"model": "openchat_3.6"}, {"model": {"id": "none"}}, {"messages": [{"role": "user", "content": [1]}]}],
)
async def test_aura_answers_500_to_what_it_cannot_read(client: aiohttp.ClientSession, changes: dict[str, Any]) -> None:
    """A model that is a string or unknown, and content that is a list."""
    site = AuraSite()
    async with serve(site.app()) as origin, aura_ask(client, origin, **changes) as response:
        assert (response.status, response.reason, await response.text()) == (500, "Internal Server Error", "Error")


async def test_aura_redirects_a_slash_at_the_end(client: aiohttp.ClientSession) -> None:
    """308 to the path without it; a client that follows it repeats its body."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        body = {"model": {"id": "openchat_3.6"}, "messages": QUESTION}
        async with client.post(f"{origin}/api/chat/", json=body, headers=page_headers(origin)) as response:
            assert [hop.status for hop in response.history] == [308]
            assert await response.text() == TEXT


async def test_aura_empty_answer_is_a_200_without_a_chunk(client: aiohttp.ClientSession) -> None:
    """An empty 200 and a partial answer end alike: cleanly."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        for pieces in ([], ["Hel"]):
            site.answer = pieces
            async with aura_ask(client, origin) as response:
                assert (response.status, await response.text()) == (200, "".join(pieces))


async def test_a_dropped_upstream_is_silence_for_ever_and_closing_releases_it(client: aiohttp.ClientSession) -> None:
    """After the last piece nothing comes, not even an end, until the site is closed."""
    site = AuraSite()
    site.answer, site.ending = ["Hel", "lo"], "hang"
    async with serve(site.app()) as origin, aura_ask(client, origin) as response:
        assert await response.content.readexactly(5) == b"Hello"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.readany(), 0.1)
        await site.close()
        with pytest.raises(aiohttp.ClientError):
            await response.content.readany()
    assert site.left == 0


async def test_a_cut_answer_is_a_broken_body(client: aiohttp.ClientSession) -> None:
    """The connection ends in mid-body, which the client can tell from an end."""
    site = AuraSite()
    site.ending = "cut"
    async with serve(site.app()) as origin, aura_ask(client, origin) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.text()


async def test_pieces_come_when_they_are_let_through(client: aiohttp.ClientSession) -> None:
    """With `hold_after`, a test decides how far an answer gets."""
    site = AuraSite()
    site.hold_after = 1
    async with serve(site.app()) as origin, aura_ask(client, origin) as response:
        assert await response.content.readany() == site.answer[0].encode()
        site.hold_after = None
        assert await response.text() == "".join(site.answer[1:])


async def test_a_reader_who_leaves_is_counted_and_no_fault(client: aiohttp.ClientSession) -> None:
    """Nothing is raised or logged when a client closes in mid-stream."""
    site = AuraSite()
    site.hold_after = 1
    async with serve(site.app()) as origin:
        async with aura_ask(client, origin) as response:
            await response.content.readany()
            response.close()
        await until(lambda: site.left == 1)


async def test_what_breaks_the_rules_is_noted(client: aiohttp.ClientSession) -> None:
    """Wrong type, unknown field, another site's origin, no referer, a cookie: each is a problem, and holds no value."""
    site = AuraSite()
    async with serve(site.app()) as origin:
        body = {"model": {"id": "openchat_3.6", "size": 1}, "messages": [{"role": "system", "content": "x"}], "n": 1}
        sent = {"Origin": "https://example.org", "Cookie": "sid=hidden", "Content-Type": "text/plain"}
        async with client.post(f"{origin}/api/chat", data=json.dumps(body), headers=sent) as response:
            await response.read()
    told = "\n".join(site.problems)
    for part in (
        "not application/json",
        "n is not a known field",
        "model.size",
        "Origin https://example.org",
        "no Referer",
    ):
        assert part in told
    assert "'system'" in told
    assert "business here: sid" in told
    assert "hidden" not in told
    assert site.requests[0].cookie == "sid=hidden"
