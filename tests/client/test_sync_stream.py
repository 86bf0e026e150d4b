"""Chatting without asyncio: what holds for a `ChatStream` holds for a `SyncStream`, and no thread or chat is left."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, NamedTuple

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.async_api import Browser

import toolkit
from tests.client.test_interrupted_scripts import script
from tests.providers.conftest import PATIENT, SITES, session_for
from tests.sites.asking import SECONDS, until
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES, Refusal, Site
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit import Aura, Finished, Queued, SyncClient, Text
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile
from toolkit.errors import RateLimited, StreamInterrupted, StreamTimeout, ToolkitError, UnknownProvider, UsageError
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.memory import MemoryStore

ANSWER = "".join(PIECES)


class Served(NamedTuple):
    """A stand-in that runs in a thread of its own, and the arguments of `Client` that lead to it."""

    site: Site
    arguments: dict[str, Any]
    portal: BlockingPortal

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait for something that happens at the site."""
        self.portal.call(until, holds)

    def until_left(self) -> None:
        """Wait until the reader of an answer has gone away."""
        self.wait(lambda: self.site.left == 1)


def portals() -> list[threading.Thread]:
    """The threads that run streams by now, and close dropped ones; that of the stand-in has another name."""
    return [thread for thread in threading.enumerate() if "portal" in thread.name or "toolkit" in thread.name]


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The stand-in of the provider that the test is parametrized with, else Aura's. No thread is left by the test."""
    provider = getattr(request, "param", "aura")
    with start_blocking_portal() as portal:
        portal.call(threading.current_thread).name = "stand-in"
        site = portal.call(SITES[provider])
        entered: AbstractAsyncContextManager[LocalNetwork] = LocalNetwork(apps=site.hosts())
        with portal.wrap_async_context_manager(entered) as network:
            session = session_for(provider, site)
            yield Served(site, {"session": session, "route": network.route, "deadlines": PATIENT}, portal)


assistant = pytest.mark.parametrize("served", ["openassistant"], indirect=True)


def test_pieces_arrive_one_by_one(served: Served) -> None:
    """Each before the site has sent the next one."""
    served.site.hold_after = 1
    pieces = []
    with toolkit.chat("aura", "Hi", **served.arguments) as stream:
        for piece in stream:
            pieces.append(piece)
            served.site.hold_after += 1
    assert pieces == list(PIECES)
    assert stream.finish_reason == "stop"
    assert list(stream) == []


def test_the_whole_text_and_what_client_chat_takes(served: Served) -> None:
    """`text()`, with arguments of both kinds, and messages in every form."""
    messages = [{"role": "user", "content": "Hi"}]
    stream = toolkit.chat("aura", messages, model="openchat_v3.2_mistral", temperature=0.2, **served.arguments)
    assert stream.text() == ANSWER
    (call,) = served.site.calls("/api/chat")
    assert call.body["model"]["id"] == "openchat_v3.2_mistral"
    assert call.body["temperature"] == 0.2


@assistant
def test_events(served: Served) -> None:
    """The place in the queue, the text, the end; and a `for` after the first event goes on with the text."""
    assert isinstance(served.site, OpenAssistantSite)
    served.site.script.queue = [(2, 7)]
    with toolkit.chat("openassistant", "Hi", **served.arguments) as stream:
        assert next(stream.events()) == Queued(2, 7)
        assert next(stream) == PIECES[0]
        rest = list(stream.events())
    assert rest == [*(Text(piece) for piece in PIECES[1:]), Finished("stop")]


def test_errors_show_where_they_do_with_asyncio(served: Served) -> None:
    """What is wrong with the call at once; what the site says at the first piece, and again at every further one."""
    with pytest.raises(UnknownProvider):
        toolkit.chat("nowhere", "Hi")
    with pytest.raises(UsageError):
        toolkit.chat("aura", [], **served.arguments)
    served.site.refusals["/api/chat"] = Refusal(429)
    stream = toolkit.chat("aura", "Hi", retries=0, **served.arguments)
    for _ in range(2):
        with pytest.raises(RateLimited, match="aura: "):
            next(stream)
    assert stream.finish_reason is None


def test_a_broken_answer_is_never_a_short_one(served: Served) -> None:
    """The error has the text so far."""
    served.site.ending = "cut"
    pieces: list[str] = []
    stream = toolkit.chat("aura", "Hi", **served.arguments)
    with pytest.raises(StreamInterrupted) as caught:
        pieces.extend(stream)
    assert caught.value.text == "".join(pieces)
    assert ANSWER.startswith(caught.value.text)
    with pytest.raises(StreamInterrupted):
        next(stream)


@assistant
def test_a_dropped_stream_is_closed(served: Served) -> None:
    """Leaving the loop is enough: the connection ends, the chat at the site is deleted, the thread ends by itself."""
    site = served.site
    assert isinstance(site, OpenAssistantSite)
    site.hold_after = 1
    for piece in toolkit.chat("openassistant", "Hi", **served.arguments):
        assert piece == PIECES[0]
        break
    gc.collect()
    served.until_left()
    served.wait(lambda: not site.open_chats)
    for thread in portals():
        thread.join()
    assert not portals()


@assistant
def test_a_closed_stream_is_closed_at_that_line(served: Served) -> None:
    """When `with` is left, all is tidied up, the thread included; who reads on afterwards is told that it broke off."""
    site = served.site
    assert isinstance(site, OpenAssistantSite)
    site.hold_after = 1
    with toolkit.chat("openassistant", "Hi", **served.arguments) as stream:
        next(stream)
        assert site.open_chats
    assert not site.open_chats
    assert not portals()
    for _ in range(2):
        with pytest.raises(StreamInterrupted, match="closed before its end") as caught:
            list(stream)
        assert caught.value.text == PIECES[0]


def test_closing_from_another_thread_ends_the_reader(served: Served) -> None:
    """As with asyncio and another task: it gets an error with what came, and never a short answer. A second reader is
    told that there is one."""
    served.site.hold_after = 1
    stream = toolkit.chat("aura", "Hi", **served.arguments)
    next(stream)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, stream)
        while not stream._reading.locked():
            pass
        with pytest.raises(UsageError, match="Somebody else is reading"):
            next(stream)
        stream.close()
        with pytest.raises(StreamInterrupted, match="closed before its end") as caught:
            rest.result(SECONDS)
    assert caught.value.text == PIECES[0]


def test_streams_can_be_read_by_turns(served: Served) -> None:
    """Two at a time in one thread, in one event loop of one more thread."""
    served.site.hold_after = 0
    streams = [toolkit.chat("aura", "Hi", **served.arguments) for _ in range(2)]
    for piece in PIECES:
        served.site.hold_after += 1
        assert [next(stream) for stream in streams] == [piece, piece]
        assert len(portals()) == 1
    served.site.hold_after = None
    assert [list(stream) for stream in streams] == [[], []]
    assert not portals()


@assistant
def test_many_threads(served: Served) -> None:
    """Also at a site that takes one call at a time of an account."""
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(toolkit.chat("openassistant", "Hi", **served.arguments).text) for _ in range(8)]
        assert [call.result(SECONDS) for call in calls] == [ANSWER] * 8


async def test_inside_a_running_loop(served: Served) -> None:
    """As in a notebook: that loop is blocked, and nothing hangs."""
    assert "".join(toolkit.chat("aura", "Hi", **served.arguments)) == ANSWER


def test_a_client_keeps_its_connections(served: Served) -> None:
    """From call to call, until it is left; then what is half-read is closed too."""
    with SyncClient("aura", **served.arguments) as client:
        assert [client.chat("Hi").text() for _ in range(2)] == [ANSWER] * 2
        transport = client._client._shared.transport
        served.site.hold_after = 1
        stream = client.chat("Hi")
        next(stream)
        assert client._client._shared.transport is transport is not None
    assert not portals()
    with pytest.raises(StreamInterrupted, match="closed before its end"):
        list(stream)
    served.until_left()


def test_a_client_outlives_its_blocks(served: Served) -> None:
    """Nested ones, and calls after them: each opens and closes what it needs, and nothing is left."""
    client = SyncClient("aura", **served.arguments)
    for _ in range(2):
        with client:
            with client:
                assert client.chat("Hi").text() == ANSWER
            assert client.chat("Hi").text() == ANSWER
        assert portals() == []
        for _ in range(2):
            assert client.chat("Hi").text() == ANSWER
            assert portals() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_has_streams_of_its_own(served: Served) -> None:
    """What is open stays with the process that opened it, and the other one, without its thread, ends as ever."""
    served.site.hold_after = 1
    stream = toolkit.chat("aura", "Hi", **served.arguments)
    next(stream)

    def forked(told: Any) -> None:
        try:
            next(stream)
        except UsageError as error:
            told.send(str(error))
        stream.close()
        with suppress(ToolkitError):  # the stand-in's thread is not here either: it is enough that a loop runs
            toolkit.chat("aura", "Hi", cookies={"a": "b"}, proxy="http://127.0.0.1:1", retries=0).text()
        told.send("ends")

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=forked, args=(theirs,))
    process.start()
    process.join(SECONDS)
    try:
        assert process.exitcode == 0
        assert "Another process is reading this" in ours.recv()
        assert ours.recv() == "ends"
    finally:
        process.kill()
        process.join()
        stream.close()
    served.until_left()


def test_the_loop_of_all_streams_cannot_wait_for_itself(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that chats by this module is told so, and nothing hangs."""

    async def stream(*_: object) -> AsyncGenerator[str, None]:
        yield toolkit.chat("aura", "Hi", **served.arguments).text()

    monkeypatch.setattr(Aura, "stream", stream)
    with pytest.raises(UsageError, match=r"Use `toolkit\.Client` there"):
        toolkit.chat("aura", "Hi", **served.arguments).text()


def test_models(served: Served) -> None:
    """As the site tells them, or the known ones where it has no list."""
    assert SyncClient("aura", **served.arguments).models() == Aura.known_models
    assert len(served.site.calls("/api/models")) == 1
    assert SyncClient("aichatonline").models() == ("gpt-4o-mini",)
    assert not portals()


def test_deadlines_are_kept(served: Served) -> None:
    """By the same mechanism, so the error is the same."""
    served.site.hold_after = 0
    served.arguments["deadlines"] = toolkit.Deadlines(first_piece=0.05)
    with pytest.raises(StreamTimeout, match="first_piece"):
        toolkit.chat("aura", "Hi", **served.arguments).text()


async def test_a_session_is_harvested_as_ever(chromium: Browser) -> None:
    """The browser runs in the thread of the streams, and is closed with the visit. (Without a browser there is nothing
    to test, which the fixture knows.)"""
    site = AuraSite()
    async with serve(site.app()) as origin:
        text = await asyncio.to_thread(lambda: toolkit.chat("aura", "Hi", base_url=origin, store=MemoryStore()).text())
    assert text == ANSWER
    assert not portals()


async def test_a_browser_of_the_async_api_is_refused(chromium: Browser) -> None:
    """It belongs to the event loop that is blocked meanwhile: waiting for it would never end."""
    with pytest.raises(UsageError, match="async API"):
        toolkit.chat("aura", "Hi", browser=chromium)
    context = await chromium.new_context()
    with pytest.raises(UsageError, match="async API"):
        toolkit.chat("aura", "Hi", context=context)
    await context.close()


SYNC_CONTEXT = """
import sys, toolkit
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2])
    with toolkit.chat("aura", "Hi", base_url=sys.argv[1], context=browser.new_context()) as stream:
        sys.stdout.buffer.write(stream.text().encode())
"""


async def test_a_context_of_the_sync_api(chromium: Browser) -> None:
    """It is visited at once, in its own thread, though Playwright keeps an event loop running there."""
    site, found = AuraSite(), find_browser(Profile(), chromium.browser_type.executable_path)
    assert found is not None
    async with serve(site.app()) as origin:
        process = await script(SYNC_CONTEXT, origin, str(found.path))
        async with asyncio.timeout(SECONDS):
            assert await process.communicate() == (ANSWER.encode(), b"")
