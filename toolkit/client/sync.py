"""Chatting without asyncio, for scripts and notebooks: `chat`, `SyncClient`, and the `SyncStream` that they give.

This is a face of `Client` and `ChatStream`, not a second implementation: one event loop runs in a thread of anyio's
while any stream is open or any work is done, all callers share it whatever thread they are in, and it ends with the
last of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from functools import partial
from inspect import signature
from typing import Any
from weakref import WeakSet

from toolkit.chats.events import ChatEvent, Text
from toolkit.chats.messages import MessageLike
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.client.health import Health
from toolkit.client.one_shot import harvest_sync_context
from toolkit.client.portal import Lease, run
from toolkit.errors import StreamInterrupted, ToolkitError, UsageError
from toolkit.providers.base import Provider
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key


class SyncStream:
    """The answer of one chat call, as it arrives: `ChatStream` without asyncio.

    `for piece in stream` gives `str` pieces; errors of the call show at the first. `with stream:` closes it at the end,
    and so does dropping it, a little later. Ctrl-C while it is read closes it too, with what the provider has to tidy
    up at its site. All errors are of `toolkit.errors`.
    """

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._lease: Lease | None = None
        self._reading = threading.Lock()
        self._done = False
        self._failed: ToolkitError | None = None

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended; None before the end."""
        return self._stream.finish_reason

    def __iter__(self) -> SyncStream:
        return self

    def __next__(self) -> str:
        while (event := self._next()) is not None:
            if isinstance(event, Text):
                return event.text
        raise StopIteration

    def events(self) -> Iterator[ChatEvent]:
        """Everything that happens: text, the place in the site's queue, and the end."""
        while (event := self._next()) is not None:
            yield event

    def text(self) -> str:
        """The rest of the answer as one text. The stream is closed afterwards, also on an error."""
        with self:
            return "".join(self)

    def close(self) -> None:
        """Close the connection and let the provider tidy up at its site. More than once is fine, and so is another
        thread than the one that reads: for that one the stream ends."""
        self._done = True
        if self._lease is not None:
            self._lease.close()

    def __enter__(self) -> SyncStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self._lease is not None:
            self._lease.drop()

    def _next(self) -> ChatEvent | None:
        """The next event; None at the end. A stream that has failed goes on failing: it never looks complete."""
        if not self._reading.acquire(blocking=False):
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        try:
            if self._failed is not None:
                raise self._failed
            if self._done:
                return None
            if self._lease is None:
                self._lease = Lease(self._stream.aclose)
            event = None if self._lease.closed else self._lease.call(self._read)
            if event is None and self.finish_reason is None and not self._done:
                hint = "Wait for the thread that reads it."
                raise StreamInterrupted("The program has ended before the answer was complete.", hint=hint)
        except BaseException as error:
            interrupted = StreamInterrupted("The reading of this answer was interrupted.")
            self._failed = error if isinstance(error, ToolkitError) else interrupted
            self.close()
            raise
        finally:
            self._reading.release()
        if event is None:
            self.close()
        return event

    async def _read(self) -> ChatEvent | None:
        async with aclosing(self._stream.events()) as events:
            return await anext(events, None)


class SyncClient:
    """Chats with one provider: `Client` without asyncio. A context manager, which keeps connections open from call to
    call; without `with`, each call closes its own.

    Takes what `Client` takes, and raises what it raises; `say` is called in another thread. `context` is one of
    Playwright's sync API, and is visited here and now; objects of the async API belong to the event loop that made
    them, and are a `UsageError`.

    Ctrl-C in any of its methods ends what it does, a visit with its browser and window included, before it is raised;
    the stored session is as before. A second one does not wait for that. (`asyncio.run`, where that is what this is
    called in, keeps the first for itself.)
    """

    def __init__(self, provider: str | type[Provider] | Provider, **arguments: Any) -> None:
        self._visited = arguments.get("context") is not None
        arguments = harvest_sync_context(provider, arguments)
        if arguments.get("context") is not None or arguments.get("browser") is not None:
            raise UsageError("This is a browser or a context of Playwright's async API.", hint="Use `toolkit.Client`.")
        self._client = Client(provider, **arguments)
        self._leases: list[Lease] = []  # of `with` blocks, the innermost last
        self._streams: WeakSet[SyncStream] = WeakSet()

    @property
    def provider(self) -> Provider:
        """The provider that is asked."""
        return self._client.provider

    @property
    def key(self) -> Key:
        """What the session is stored under."""
        return self._client.key

    def chat(self, messages: str | Iterable[MessageLike], **options: Any) -> SyncStream:
        """The answer to `messages`, as it arrives. Takes and raises what `Client.chat` does."""
        self._streams.add(stream := SyncStream(self._client.chat(messages, **options)))
        return stream

    def models(self, *, refresh: bool = False) -> tuple[str, ...]:
        """The names of the models, the default first; see `Provider.models`."""
        return run(partial(self._client.models, refresh=refresh))

    def session(self) -> BrowserSession:
        """The session that calls are made with, harvested now if need be; see `Client.session`."""
        return run(self._client.session)

    def harvest(self) -> BrowserSession:
        """Visit the site with a browser now, and keep the session that results; see `Client.harvest`."""
        return run(self._visiting.harvest)

    def refresh(self) -> BrowserSession:
        """Renew the session that there is, without a window; see `Client.refresh`."""
        return run(self._visiting.refresh)

    def login(self, *, seconds: float | None = None, cdp: str | None = None) -> BrowserSession:
        """Have a person log in, within so many `seconds`, in a window that opens, or in the Chrome that takes orders at
        the address `cdp`; check the result, and keep it; see `Client.login`."""
        return run(partial(self._visiting.login, seconds=seconds, cdp=cdp))

    def check(self) -> Health:
        """Ask the site whether it still takes the session, without a browser; see `Client.check`."""
        return run(self._client.check)

    def close(self) -> None:
        """Close what is still being read, and the connections. More than once is fine."""
        for stream in list(self._streams):
            stream.close()
        while self._leases:
            self._leases.pop().close()

    @property
    def _visiting(self) -> Client:
        """The client, for a visit in a browser that is not this thread's."""
        if self._visited:
            raise UsageError(
                "This client has what was harvested in a context of Playwright's sync API.",
                hint="Make another `SyncClient` to visit the site again.",
            )
        return self._client

    async def _left(self) -> None:
        await self._client.__aexit__(None, None, None)

    def __enter__(self) -> SyncClient:
        self._leases.append(lease := Lease(self._left))
        lease.call(self._client.__aenter__)
        return self

    def __exit__(self, *_: object) -> None:
        if len(self._leases) == 1:
            self.close()
        elif self._leases:
            self._leases.pop().close()


def chat(
    provider: str | type[Provider] | Provider, messages: str | Iterable[MessageLike], **arguments: Any
) -> SyncStream:
    """One chat call: `for piece in toolkit.chat("aura", "Hi"): ...`, or `toolkit.chat("aura", "Hi").text()`.

    `arguments` are those of `Client` (such as `base_url`, `account`, `session`), and of `Client.chat` (such as `model`,
    and what the provider knows besides). Works in any thread, and inside a running event loop, which it blocks.
    """
    own = {name: arguments.pop(name) for name in signature(Client).parameters if name in arguments}
    return SyncClient(provider, **own).chat(messages, **arguments)
