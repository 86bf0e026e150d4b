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

from toolkit.chats.events import Media
from toolkit.chats.messages import MessageLike
from toolkit.client.background_loop import Lease, run
from toolkit.client.client import Client
from toolkit.client.session_health import Health
from toolkit.client.sync_context_harvest import harvest_sync_context
from toolkit.client.sync_stream import SyncStream
from toolkit.errors import UsageError
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.stores.base import Key


class SyncClient:
    """Chats with one provider: `Client` without asyncio. As a context manager it keeps connections open from call to
    call; without `with`, each call closes its own.

    Takes the arguments of `Client`, and raises what it raises; `say` is called in another thread. A `context` of
    Playwright's sync API is visited at once, in the calling thread. Objects of the async API belong to the event loop
    that made them, and raise `UsageError`.

    Ctrl-C in any method ends the work, including a visit with its browser and window, before `KeyboardInterrupt` is
    raised; the stored session stays as it was. A second Ctrl-C is raised without waiting. (Called inside `asyncio.run`,
    the first Ctrl-C is caught by that.)
    """

    @forgetting_locals
    def __init__(self, provider: str | type[Provider] | Provider, **arguments: Any) -> None:
        self._has_sync_context = arguments.get("context") is not None
        arguments = harvest_sync_context(provider, arguments)
        if arguments.get("context") is not None or arguments.get("browser") is not None:
            raise UsageError("This is a browser or a context of Playwright's async API.", hint="Use `toolkit.Client`.")
        self._client = Client(provider, **arguments)
        self._leases: list[Lease] = []  # one for each open `with` block, the innermost last
        self._streams: WeakSet[SyncStream] = WeakSet()

    @property
    def provider(self) -> Provider:
        """The provider that answers the calls."""
        return self._client.provider

    @property
    def key(self) -> Key:
        """The key of the session in the store."""
        return self._client.key

    @forgetting_locals
    def chat(self, messages: str | Iterable[MessageLike], **options: Any) -> SyncStream:
        """Return the answer to `messages`, to be read as it arrives. Takes and raises what `Client.chat` does."""
        self._streams.add(stream := SyncStream(self._client.chat(messages, **options)))
        return stream

    def models(self, *, refresh: bool = False) -> tuple[str, ...]:
        """Return the names of the models, the default first; see `Provider.models`."""
        return run(partial(self._client.models, refresh=refresh))

    def download(self, media: Media) -> Media:
        """Return an image or a file of an answer with its bytes; see `Client.download`."""
        return run(partial(self._client.download, media))

    def session(self) -> BrowserSession:
        """Return the session that calls are made with. It is harvested now if there is none; see `Client.session`."""
        return run(self._client.session)

    def harvest(self) -> BrowserSession:
        """Visit the site with a browser now, and store and return the session; see `Client.harvest`."""
        return run(self._visiting_client.harvest)

    def refresh(self) -> BrowserSession:
        """Renew the present session without a window, and return the new one; see `Client.refresh`."""
        return run(self._visiting_client.refresh)

    def login(self, *, seconds: float | None = None, cdp: str | None = None) -> BrowserSession:
        """Let a person log in; check, store and return the session that results. For the arguments, see
        `Client.login`."""
        return run(partial(self._visiting_client.login, seconds=seconds, cdp=cdp))

    def check(self, *, seconds: float | None = None) -> Health:
        """Ask the site, without a browser, whether it still accepts the session; see `Client.check`."""
        return run(partial(self._client.check, seconds=seconds))

    def close(self) -> None:
        """Close all answers that are still being read, and the connections. Closing again does nothing."""
        for stream in list(self._streams):
            stream.close()
        while self._leases:
            self._leases.pop().close()

    @property
    def _visiting_client(self) -> Client:
        """The client, if it can visit the site in a browser of its own; else raises `UsageError`."""
        if self._has_sync_context:
            raise UsageError(
                "This client has what was harvested in a context of Playwright's sync API.",
                hint="Make another `SyncClient` to visit the site again.",
            )
        return self._client

    async def _exit_client(self) -> None:
        await self._client.__aexit__(None, None, None)

    def __enter__(self) -> SyncClient:
        self._leases.append(lease := Lease(self._exit_client))
        lease.call(self._client.__aenter__)
        return self

    def __exit__(self, *_: object) -> None:
        if len(self._leases) == 1:
            self.close()
        elif self._leases:
            self._leases.pop().close()


@forgetting_locals
def chat(
    provider: str | type[Provider] | Provider, messages: str | Iterable[MessageLike], **arguments: Any
) -> SyncStream:
    """Make one chat call: `for piece in toolkit.chat("aura", "Hi"): ...`, or `toolkit.chat("aura", "Hi").text()`.

    `arguments` are those of `Client` (such as `base_url`, `account`, `session`) and of `Client.chat` (such as `model`,
    and further settings of the provider). Works in any thread, also inside a running event loop, which it blocks.
    """
    client_arguments = {name: arguments.pop(name) for name in signature(Client).parameters if name in arguments}
    return SyncClient(provider, **client_arguments).chat(messages, **arguments)
