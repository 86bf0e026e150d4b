"""Chatting without asyncio, for scripts and notebooks: `chat`, `SyncClient`, and the `SyncStream` that they give.

This is a face of `Client` and `ChatStream`, not a second implementation: one event loop runs in a thread of anyio's
while any stream is open, all callers share it whatever thread they are in, and it ends with the last stream.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 - so that its hook is there before ours, see below
import os
import sys
import threading
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import aclosing, suppress
from inspect import signature
from typing import Any, TypeVar
from weakref import WeakSet

from anyio.from_thread import BlockingPortalProvider

from toolkit.call import visited
from toolkit.chat_stream import ChatEvent, ChatStream, Text
from toolkit.client import Client
from toolkit.errors import StreamInterrupted, ToolkitError, UsageError
from toolkit.messages import MessageLike
from toolkit.models import ModelsRequest
from toolkit.providers.base import Provider

T = TypeVar("T")

_portals = BlockingPortalProvider()
_leases: set[_Lease] = set()

# Where a wait without end cannot be interrupted by Ctrl-C, it is made of short ones.
_WAIT = 0.1 if sys.platform == "win32" else None


class SyncStream:
    """The answer of one chat call, as it arrives: `ChatStream` without asyncio.

    `for piece in stream` gives `str` pieces; errors of the call show at the first. `with stream:` closes it at the end,
    and so does dropping it, a little later. Ctrl-C while it is read closes it too, with what the provider has to tidy
    up at its site. All errors are of `toolkit.errors`.
    """

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._lease: _Lease | None = None
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
                self._lease = _Lease(self._stream.aclose)
            event = self._lease.call(self._read)
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

    Takes what `Client` takes, and raises what it raises. `context` is one of Playwright's sync API, and is visited
    here and now; objects of the async API belong to the event loop that made them, and are a `UsageError`.
    """

    def __init__(self, provider: str | type[Provider] | Provider, **arguments: Any) -> None:
        arguments = visited(provider, arguments)
        if arguments.get("context") is not None or arguments.get("browser") is not None:
            raise UsageError("This is a browser or a context of Playwright's async API.", hint="Use `toolkit.Client`.")
        self._client = Client(provider, **arguments)
        self._leases: list[_Lease] = []  # of `with` blocks, the innermost last
        self._streams: WeakSet[SyncStream] = WeakSet()

    def chat(self, messages: str | Iterable[MessageLike], **options: Any) -> SyncStream:
        """The answer to `messages`, as it arrives. Takes and raises what `Client.chat` does."""
        return self._read(self._client.chat(messages, **options))

    def models(self, *, refresh: bool = False) -> tuple[str, ...]:
        """The names of the models, the default first; see `Provider.models`."""
        if not self._client.provider.lists_models:
            return self._client.provider.known_models
        with self._read(self._client.answer(ModelsRequest(refresh))) as names:
            return tuple(names)

    def close(self) -> None:
        """Close what is still being read, and the connections. More than once is fine."""
        for stream in list(self._streams):
            stream.close()
        while self._leases:
            self._leases.pop().close()

    async def _left(self) -> None:
        await self._client.__aexit__(None, None, None)

    def _read(self, stream: ChatStream) -> SyncStream:
        self._streams.add(face := SyncStream(stream))
        return face

    def __enter__(self) -> SyncClient:
        self._leases.append(lease := _Lease(self._left))
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


class _Lease:
    """The event loop, for as long as something in it is open that `aclose` closes."""

    def __init__(self, aclose: Callable[[], Awaitable[None]]) -> None:
        self._aclose = aclose
        self._closing = threading.Lock()
        self._open = True
        self._elsewhere = False
        self._portal = _portals.__enter__()
        try:
            self._loop: AbstractEventLoop = self._portal.call(get_running_loop)
        except RuntimeError:
            _portals.__exit__(None, None, None)
            raise UsageError("A provider cannot wait like this.", hint="Use `toolkit.Client` there.") from None
        _leases.add(self)

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, run in the loop. Ctrl-C interrupts the wait for it, not the work."""
        if self._elsewhere:
            raise UsageError("Another process is reading this.", hint="Make a call of its own after a fork.")
        return self._done(work).result()

    def leave(self) -> None:
        """Leave it to the process that this one was forked from: the loop's thread is there, and not here."""
        self._closing, self._open, self._elsewhere = threading.Lock(), False, True

    def close(self) -> None:
        """Close, and wait until it is done. The last lease ends the loop and its thread."""
        with self._closing:
            if self._open:
                closed = self._done(self._aclose)
                self._open = False
                _leases.discard(self)
                _portals.__exit__(None, None, None)
                closed.result()

    def _done(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        result = self._portal.start_task_soon(work)
        while not result.done():
            wait([result], _WAIT)
        return result

    def drop(self) -> None:
        """Close soon. Waits for nothing and takes no lock: a collector may call this at any place of any thread."""
        if self._open:
            with suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._close_elsewhere)

    def _close_elsewhere(self) -> None:
        threading.Thread(target=self.close, name="toolkit-close").start()


_lost: list[BlockingPortalProvider] = []  # whose threads are in another process; one that is dropped waits for its own


def _forked() -> None:
    global _portals
    _lost.append(_portals)
    _portals = BlockingPortalProvider()
    while _leases:
        _leases.pop().leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _close_all() -> None:
    for lease in list(_leases):
        lease.close()


# As the interpreter ends, what is still open is tidied up. By then `atexit` is too late: the executors are shut that
# resolve names. They are so by the same hook, which is called in the reverse order (hence the import above).
threading._register_atexit(_close_all)  # type: ignore[attr-defined]
