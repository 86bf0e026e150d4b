"""Resources that a site has for one call, and the last call that cleans up."""

from __future__ import annotations

import asyncio
import logging

import pytest
from msgspec import Struct

from tests.http.answering_site import SESSION, Site
from tests.sites.serving import serve
from toolkit.http.transport import Transport


async def test_a_tidying_call_is_made_again_when_cancelled_but_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Three times in all; then the cancellation passes, and nothing is said."""
    site = Site(None)
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        for _ in range(3):
            await site.arrived.get()
            tidying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tidying
        assert len(site.seen) == 3
        site.let_go.set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(("cancelled", "said"), [(True, 0), (False, 1)])
async def test_what_is_gone_already_is_tidy(cancelled: bool, said: int, caplog: pytest.LogCaptureFixture) -> None:
    """Refusals of the calls after a cancelled one say that it had arrived; those of the first two are logged."""
    gone = {"status": 404}
    site = Site(*((None, gone, gone) if cancelled else (gone, gone)))
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        await site.arrived.get()
        if cancelled:
            tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        assert tidying.cancelled() is cancelled
        site.let_go.set()
    assert len([record for record in caplog.records if "could not tidy up" in record.message]) == said
    assert len(site.seen) == 2 + cancelled


async def test_a_tidying_call_that_fails_is_made_again_once(caplog: pytest.LogCaptureFixture) -> None:
    """A site can close the connection just then; the second call does what the first one did not."""
    site = Site({"status": 500}, {"status": 204})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        await http.clean_up("DELETE", origin, params={"chat_id": "c7"})
        assert len(site.seen) == 2
    assert "could not tidy up" not in caplog.text


async def test_what_could_not_be_tidied_up_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """By the parameters of the call, since somebody has to do it by hand."""
    site = Site({"status": 500}, {"status": 500})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:
        await http.clean_up("DELETE", f"{origin}/chat", params={"chat_id": "c7"})
    assert f"could not tidy up at {origin}/chat (chat_id c7): The site answered 500" in caplog.text


async def test_a_transport_is_not_closed_under_what_tidies_up() -> None:
    """It waits for that, which has a deadline of its own."""
    site = Site(None, {})
    async with serve(site.app()) as origin:
        http = await Transport(SESSION, page=origin).__aenter__()
        tidying = asyncio.ensure_future(http.clean_up("DELETE", origin))
        await site.arrived.get()
        closing = asyncio.ensure_future(http.__aexit__())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not closing.done()
        site.let_go.set()
        await closing
        await tidying


class Id(Struct):
    id: str


class Deeper(Struct):
    """An id that stands deeper in the answer."""

    talk: Id

    @property
    def id(self) -> str:
        return self.talk.id


async def test_what_was_made_is_taken_away_at_its_own_address() -> None:
    """Where no parameter is named; the id is data, and no path."""
    site = Site({"text": '{"talk": {"id": "a/1"}}', "status": 201}, {"status": 204})
    async with (
        serve(site.app()) as origin,
        Transport(SESSION, page=origin) as http,
        http.temporary(Deeper, f"{origin}/talks", body={"title": "Sky"}) as talk,
    ):
        assert talk == "a/1"
    assert site.seen == ["POST /talks", "DELETE /talks/a%2F1"]


@pytest.mark.parametrize(("status", "left"), [(200, ["POST /", "DELETE /?name=1"]), (500, ["POST /"])])
async def test_what_is_made_while_the_call_is_cancelled_is_taken_away(status: int, left: list[str]) -> None:
    """As soon as its id is known; what was not made needs no taking away."""
    site = Site(None, {"text": '{"id": "1"}', "status": status})
    async with serve(site.app()) as origin, Transport(SESSION, page=origin) as http:

        async def use() -> None:
            async with http.temporary(Id, f"{origin}/", "name"):
                pytest.fail("it was cancelled")

        using = asyncio.ensure_future(use())
        await site.arrived.get()
        using.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        site.let_go.set()
        with pytest.raises(asyncio.CancelledError):
            await using
    assert site.seen == left
