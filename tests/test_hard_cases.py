"""What went wrong once under attack, and does not any more."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.conftest import OpenContext
from tests.providers.conftest import PATIENT, session_for
from tests.sites.asking import until
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal, Site
from tests.sites.openassistant import OpenAssistantSite
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.errors import (
    ServiceUnavailable,
    StreamInterrupted,
    StreamTimeout,
    ToolkitError,
    UsageError,
)
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore


@asynccontextmanager
async def client_of(provider: str, site: Site, session: BrowserSession | None = None) -> AsyncIterator[Client]:
    """A client of a stand-in site in a network of its own, with a session that needed no browser."""
    async with (
        LocalNetwork(apps=site.hosts()) as network,
        Client(
            provider, session=session or session_for(provider, site), route=network.route, deadlines=PATIENT
        ) as client,
    ):
        yield client


async def test_a_half_read_stream_does_not_block_for_ever() -> None:
    """The next call on the account waits for its turn within a deadline; other accounts do not wait at all."""
    site = OpenAssistantSite()
    site.hold_after = 1
    deadlines = replace(PATIENT, turn=0.2)
    async with LocalNetwork(apps=site.hosts()) as network:
        arguments: dict[str, Any] = {"route": network.route, "deadlines": deadlines}
        one, other = (session_for("openassistant", site) for _ in range(2))
        async with Client("openassistant", session=one, **arguments) as client:
            stream = client.chat("Hi")
            await anext(stream)
            with pytest.raises(StreamTimeout, match="deadline `turn`"):
                await client.chat("again").text()
            site.hold_after = None
            async with Client("openassistant", session=other, **arguments) as second:
                assert await second.chat("Hi").text() == "".join(site.answer)


@pytest.mark.parametrize("rounds", range(0, 40, 3))
async def test_a_chat_is_deleted_whenever_the_call_is_cancelled(rounds: int) -> None:
    """Also while the chat is being made, and its id is not known yet."""
    site = OpenAssistantSite()
    async with client_of("openassistant", site) as client:
        task = asyncio.ensure_future(client.chat("Hi").text())
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert site.open_chats == set()


async def test_closing_the_client_closes_its_streams() -> None:
    """The chat is deleted while there is still a connection, and who reads on is told that the answer broke off."""
    site = OpenAssistantSite()
    site.hold_after = 1
    async with LocalNetwork(apps=site.hosts()) as network:
        client = Client("openassistant", session=session_for("openassistant", site), route=network.route)
        stream = client.chat("Hi")
        await anext(stream)
        await client.aclose()
        assert site.open_chats == set()
        with pytest.raises(StreamInterrupted):
            await stream.text()


async def test_leaving_the_client_closes_its_streams() -> None:
    """Also those that are half-read and still held: the next call of the account gets its turn."""
    site = OpenAssistantSite()
    site.hold_after = 1
    session = session_for("openassistant", site)
    async with LocalNetwork(apps=site.hosts()) as network:
        async with Client("openassistant", session=session, route=network.route) as client:
            stream = client.chat("Hi")
            await anext(stream)
        assert site.open_chats == set()
        site.hold_after = None
        async with Client("openassistant", session=session, route=network.route) as client:
            assert await client.chat("Hi").text() == "".join(site.answer)
        with pytest.raises(StreamInterrupted):
            await stream.text()


async def test_another_task_may_close_a_stream() -> None:
    """A stop button: the reader is told that the answer broke off, with the text so far."""
    site = AuraSite()
    site.hold_after = 1
    async with client_of("aura", site) as client:
        stream = client.chat("Hi")
        await anext(stream)
        reading = asyncio.ensure_future(stream.text())
        await asyncio.sleep(0)
        with pytest.raises(UsageError, match="Somebody else is reading"):
            await anext(stream)
        await stream.aclose()
        with pytest.raises(StreamInterrupted) as broken:
            await reading
        assert broken.value.text


async def test_a_broken_stream_never_looks_complete() -> None:
    """After a cancelled read, or an error, reading on is an error and not an empty end."""
    site = AuraSite()
    site.hold_after = 1
    async with client_of("aura", site) as client:
        stream = client.chat("Hi")
        await anext(stream)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.01)
        with pytest.raises(StreamInterrupted, match="was cancelled"):
            await stream.text()


async def test_a_stream_in_a_cycle_is_closed_once() -> None:
    """The garbage collector finds stream and source at once; only the stream's own end counts."""

    class Holder:
        stream: ChatStream
        me: Any

    complaints: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    site = OpenAssistantSite()
    site.hold_after = 1
    try:
        async with LocalNetwork(apps=site.hosts()) as network:
            session = session_for("openassistant", site)
            async with Client("openassistant", session=session, route=network.route) as client:
                holder = Holder()
                holder.stream, holder.me = client.chat("Hi"), holder
                await anext(holder.stream)
                del holder
                gc.collect()
                await until(lambda: not site.open_chats)
    finally:
        loop.set_exception_handler(None)
    assert complaints == []


async def test_no_secret_in_any_part_of_an_error() -> None:
    """Neither in the request that it tells of, nor in what the site echoes, nor in a traceback; and it pickles."""
    site = OpenAssistantSite()
    session = session_for("openassistant", site)
    token = session.cookies[0].value
    site.refusals["/api/chat"] = Refusal(
        500, f'{{"message": "bad cookie {token}"}}', headers={"Set-Cookie": "a=planted"}
    )
    async with client_of("openassistant", site, session) as client:
        with pytest.raises(ServiceUnavailable) as caught:
            await client.chat("Hi").text()
    error: Any = caught.value
    everything = (
        str(vars(error)) + str(error.request_info) + str(error.headers) + "".join(traceback.format_exception(error))
    )
    assert token not in everything
    assert "planted" not in everything
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (type(again), str(again), again.status) == (ServiceUnavailable, str(error), 500)


@pytest.mark.parametrize(
    "kind", [StreamTimeout("x", deadline="total", seconds=1.0), ToolkitError("x", provider="aura")]
)
def test_every_error_pickles(kind: ToolkitError) -> None:
    """With what it says and what it knows."""
    again = pickle.loads(pickle.dumps(kind))
    assert (type(again), str(again), vars(again)) == (type(kind), str(kind), vars(kind))


@pytest.mark.parametrize(
    ("content", "options"),
    [("\ud800", {}), ("Hi", {"x": object()}), ("Hi", {"x": "\ud800"})],
    ids=["text", "object", "option"],
)
async def test_what_cannot_be_sent_is_a_usage_error(content: str, options: dict[str, Any]) -> None:
    """Lone surrogates, and what is no JSON."""
    site = AuraSite()
    async with client_of("aura", site) as client:
        with pytest.raises(UsageError, match="cannot be sent"):
            await client.chat(content, **options).text()


@pytest.mark.parametrize("location", ["http://[::1", "http://127.0.0.1:99999/", "ftp://x/"])
async def test_a_redirect_to_nowhere_is_the_sites_fault(location: str) -> None:
    """What is no web address is a protocol error, never a bare exception."""
    site = AuraSite()
    site.refusals["/api/chat"] = Refusal(307, headers={"Location": location})
    async with client_of("aura", site) as client:
        with pytest.raises(ToolkitError, match="not a web address"):
            await client.chat("Hi").text()


def test_an_ipv6_deployment_gets_its_cookies() -> None:
    """A cookie of names and values has its domain as browsers write it."""
    (cookie,) = BrowserSession.from_cookie_values("openassistant", "http://[::1]:8080", {"a": "b"}).cookies
    assert cookie.domain == "[::1]"


class ForgetfulSite(AuraSite):
    """Refuses every call until its page has been visited."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals["/api/chat"] = Refusal(401)

    async def _page(self, request: web.Request) -> web.Response:
        self.refusals.clear()
        return await super()._page(request)


async def test_of_several_refused_calls_one_opens_the_browser(open_context: OpenContext) -> None:
    """The others wait, and go on with the session that it brought."""
    site = ForgetfulSite()
    store = MemoryStore()
    await store.save(Key("aura", "https://openchat.team"), session_for("aura", site))
    async with LocalNetwork(apps=site.hosts()) as network:
        context = await open_context(network)
        async with Client("aura", context=context, store=store, route=network.route) as client:
            answers = await asyncio.gather(*(client.chat("Hi").text() for _ in range(4)))
    assert answers == ["".join(site.answer)] * 4
    assert len(site.calls("/")) == 1
