"""Closing and cancelling at awkward moments: who wanted the end gets it, and nobody else."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, ClassVar

import pytest

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import Finished, Media, Piece, Queued, Reasoning, Source, Sources, Text
from toolkit.chats.messages import ChatRequest
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.errors import LoginRequired, SiteError, StreamInterrupted, StreamTimeout, UsageError
from toolkit.http.transport import Transport
from toolkit.providers.base import Pieces, Provider
from toolkit.session.browser_session import BrowserSession


class Fake(Provider):
    """Says a piece, then nothing until `goes_on`, and ends only when it `may_end`, however it is ended."""

    name = "fake"
    url = "https://fake.example/"
    failing: ClassVar[type[Exception] | None] = None
    made_of_it: Exception | None = None  # of a cancellation

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(base_url)
        self.goes_on, self.tidies, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        try:
            yield "first"
            try:
                await self.goes_on.wait()
            except asyncio.CancelledError:
                if self.made_of_it is not None:
                    raise self.made_of_it from None
                raise
            if self.failing is not None:
                raise self.failing("a mistake")
            yield Text("second")
        finally:
            self.tidies.set()
            await self.may_end.wait()


async def begun(deadlines: Deadlines | None = None) -> tuple[Fake, ChatStream]:
    provider = Fake()
    session = BrowserSession.from_cookie_values("fake", "https://fake.example", {"a": "b"})
    stream = Client(provider, session=session, deadlines=deadlines).chat("Hi")
    assert await anext(stream) == "first"
    return provider, stream


async def rounds(number: int = 3) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def rest(stream: AsyncIterator[str]) -> list[str]:
    return [piece async for piece in stream]


async def test_many_may_close_a_stream_at_once() -> None:
    """Also while the provider tidies up: each waits for the end, and whoever reads then is told that it broke off."""
    provider, stream = await begun()
    first = asyncio.create_task(stream.aclose())
    await provider.tidies.wait()
    others = [asyncio.create_task(stream.aclose()) for _ in range(2)]
    with pytest.raises(StreamInterrupted, match="closed before its end"):
        await rest(stream)
    await rounds()
    assert not any(task.done() for task in (first, *others))
    provider.may_end.set()
    await asyncio.gather(first, *others)


async def test_many_may_close_a_stream_that_is_read() -> None:
    """The reader is interrupted once, with what had come, and goes on as if nobody had cancelled anything."""
    provider, stream = await begun()

    async def reads() -> int:
        with pytest.raises(StreamInterrupted, match="closed before its end") as caught:
            await rest(stream)
        assert caught.value.text == "first"
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    reading = asyncio.create_task(reads())
    await rounds()
    closing = [asyncio.create_task(stream.aclose()) for _ in range(3)]
    await provider.tidies.wait()
    provider.may_end.set()
    await asyncio.gather(*closing)
    assert await reading == 0


@pytest.mark.parametrize("first", ["owner", "closer"])
async def test_a_cancellation_is_not_lost_where_somebody_closes(first: str) -> None:
    """The reader's owner wanted its task to end, whoever else wants the stream to."""
    provider, stream = await begun()
    provider.may_end.set()
    reading = asyncio.create_task(rest(stream))
    await rounds()
    if first == "owner":
        reading.cancel()
    closing = asyncio.create_task(stream.aclose())
    if first == "closer":
        await asyncio.sleep(0)
        reading.cancel()
    await closing
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_time_limit_is_not_lost_where_somebody_closes() -> None:
    """`asyncio.timeout` of the reader is up while the provider tidies up, and somebody closes the stream then."""
    provider, stream = await begun()

    async def reads() -> None:
        async with asyncio.timeout(0):
            await rest(stream)

    reading = asyncio.create_task(reads())
    await provider.tidies.wait()
    closing = asyncio.create_task(stream.aclose())
    await rounds()
    provider.may_end.set()
    await closing
    with pytest.raises(TimeoutError):
        await reading


async def test_a_cancellation_is_not_lost_in_a_deadline() -> None:
    """Both in one round of the loop: the task is cancelled, as its owner wanted it."""
    provider, stream = await begun(Deadlines(between_pieces=0.0))
    reading = asyncio.create_task(rest(stream))
    await asyncio.sleep(0)
    reading.cancel()
    await provider.tidies.wait()
    provider.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_of_a_deadline_and_a_time_limit_none_is_taken_for_the_owner() -> None:
    """Three want the end in one round of the loop, and each takes back its own cancellation only."""
    provider, stream = await begun(Deadlines(between_pieces=0.0))
    provider.may_end.set()

    async def reads() -> None:
        async with asyncio.timeout(0):
            await rest(stream)

    reading = asyncio.create_task(reads())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_deadline_takes_back_its_own_cancellation() -> None:
    """Whether it is told as such, or a provider makes something else of it: the task can go on."""
    for made_of_it, told in ((None, StreamTimeout), (SiteError("something else"), SiteError)):
        provider, stream = await begun(Deadlines(between_pieces=0.0))
        provider.made_of_it = made_of_it
        provider.may_end.set()
        with pytest.raises(told):
            await anext(stream)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_a_deadline_that_a_provider_passes_over_is_kept_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says a piece instead of ending: the next one has its time as well."""

    async def stream(*_: object) -> Pieces:
        yield "first"
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        yield "second"
        await asyncio.Event().wait()

    monkeypatch.setattr(Fake, "stream", stream)
    _, answer = await begun(Deadlines(between_pieces=0.0))
    assert await anext(answer) == "second"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    with pytest.raises(StreamTimeout):
        await anext(answer)


async def test_a_stream_that_a_mistake_ended_never_looks_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither at the mistake, which is raised as it is, nor later."""
    monkeypatch.setattr(Fake, "failing", KeyError)
    provider, stream = await begun()
    provider.goes_on.set()
    provider.may_end.set()
    with pytest.raises(KeyError):
        await anext(stream)
    for _ in range(2):
        with pytest.raises(StreamInterrupted, match="KeyError"):
            await anext(stream)


async def test_a_deadline_after_the_end_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider has said that the answer is complete, and only tidies up: it is no broken one."""

    async def stream(*_: object) -> Pieces:
        yield "first"
        yield Finished("stop")
        await asyncio.Event().wait()

    monkeypatch.setattr(Fake, "stream", stream)
    _, answer = await begun(Deadlines(between_pieces=0.0))
    assert await rest(answer) == []
    assert answer.finish_reason == "stop"


@pytest.mark.parametrize("value", [-1.0, float("nan"), "5", None])
def test_a_deadline_is_a_number_of_seconds(value: Any) -> None:
    """Told where it is written, and not in the middle of an answer; for ever is a number too."""
    with pytest.raises(UsageError, match="`cleanup` is a number of seconds"):
        Deadlines(cleanup=value)
    assert Deadlines(total=math.inf, between_pieces=None).patience(5.0) == 5.0


def renewing(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client whose session can be renewed, by one that is as good."""
    session = BrowserSession.from_cookie_values("fake", "https://fake.example", {"a": "b"})

    async def renewed(_: BrowserSession) -> BrowserSession:
        return session

    client = Client(Fake(), session=session)
    monkeypatch.setattr(client._keeper, "given", False)
    monkeypatch.setattr(client._keeper, "renew", renewed)
    return client


async def test_no_text_is_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the site takes the session no more is told in the middle of an answer, and does not begin it anew."""

    async def stream(*_: object) -> Pieces:
        yield "first"
        raise LoginRequired("not any more")

    monkeypatch.setattr(Fake, "stream", stream)
    answer = renewing(monkeypatch).chat("Hi")
    assert await anext(answer) == "first"
    with pytest.raises(LoginRequired):
        await anext(answer)


@pytest.mark.parametrize(
    "event", [Reasoning("hm"), Sources((Source("a"),)), Media("https://a.example/b.png")], ids=repr
)
async def test_nothing_of_an_answer_is_told_twice(event: Piece, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no text is part of the answer too; a place in a queue is none."""

    async def stream(*_: object) -> Pieces:
        yield Queued(1, 1)
        yield event
        raise LoginRequired("not any more")

    monkeypatch.setattr(Fake, "stream", stream)
    with pytest.raises(LoginRequired):
        await renewing(monkeypatch).chat("Hi").text()


async def test_a_break_after_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a deadline is not: with a break, something is wrong at the site."""

    async def stream(*_: object) -> Pieces:
        yield "first"
        yield Finished("stop")
        raise StreamInterrupted("broken off")

    monkeypatch.setattr(Fake, "stream", stream)
    _, answer = await begun()
    with pytest.raises(StreamInterrupted, match="broken off") as told:
        await anext(answer)
    assert told.value.text == "first"


@pytest.mark.parametrize("end", ["cancelled", "closed while read", "closed"])
async def test_a_call_that_nobody_wants_is_not_made_again(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site takes the session no more when the provider tidies up: that is told, and no reason to ask again."""
    asked = asyncio.Event()

    async def stream(*_: object) -> Pieces:
        assert not asked.is_set()
        try:
            yield Queued(1, 1)
            asked.set()
            await asyncio.Event().wait()
        finally:
            raise LoginRequired("not any more")

    monkeypatch.setattr(Fake, "stream", stream)
    answer = await renewing(monkeypatch).chat("Hi")
    if end == "closed":
        with pytest.raises(LoginRequired):
            await answer.aclose()
        return
    reading = asyncio.create_task(rest(answer))
    await asked.wait()
    if end == "cancelled":
        reading.cancel()
    else:
        await answer.aclose()
    with pytest.raises(LoginRequired, match="fake: not any more"):
        await reading


async def test_text_as_an_event_is_text() -> None:
    """A provider may say it in either way."""
    provider, stream = await begun()
    provider.goes_on.set()
    provider.may_end.set()
    assert await rest(stream) == ["second"]


async def test_closing_a_client_closes_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a provider fails to tidy up: the other streams end, and the connections do."""
    ended: list[Fake] = []

    async def stream(self: Fake, request: ChatRequest, http: Transport) -> Pieces:
        try:
            yield "first"
        finally:
            ended.append(self)
            raise OSError("no way to tidy up")

    monkeypatch.setattr(Fake, "stream", stream)
    session = BrowserSession.from_cookie_values("fake", "https://fake.example", {"a": "b"})
    async with Client(Fake(), session=session) as client:
        streams = [client.chat("Hi") for _ in range(3)]
        for one in streams:
            await anext(one)
        with suppress(OSError):
            await client.aclose()
        assert len(ended) == 3
        assert client._shared.transport is None
