"""`SyncClient` and `chat`: chatting without asyncio, for scripts and notebooks.

These call `Client` in an event loop that runs in a background thread (see `background_loop`). All callers share that
loop, whatever thread they are in; it starts with the first open stream or running call, and ends with the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from inspect import signature
from typing import Any
from weakref import WeakSet

from toolkit.chats.messages import MessageLike
from toolkit.client.background_loop import Lease, run
from toolkit.client.client import Client
from toolkit.client.health import Health
from toolkit.client.sync_context import harvest_sync_context
from toolkit.client.sync_stream import SyncStream
from toolkit.errors import UsageError
from toolkit.providers.base import Provider
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key


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
