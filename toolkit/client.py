"""The client: a session, the transport, a provider, and the answer as a `ChatStream`.

Only here do these meet. A session comes from the store or, where there is none that is good, from a visit of a real
browser; one that turns out to have expired is renewed once, before the first piece of the answer only.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from toolkit import providers
from toolkit.chat import ChatEvent, ChatStream, Finished, Text
from toolkit.deadlines import Deadlines, keep
from toolkit.errors import ConnectFailed, LoginRequired, StreamInterrupted, StreamTimeout, ToolkitError, UsageError
from toolkit.messages import ChatRequest, MessageLike, read_messages
from toolkit.providers.base import Provider
from toolkit.recipe import PageRecorder
from toolkit.response import Recorder
from toolkit.route import Route
from toolkit.session import BrowserSession
from toolkit.stores import Key, Store
from toolkit.stores.file import FileStore
from toolkit.transport import Transport
from toolkit.turns import turn

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext
    from playwright.sync_api import BrowserContext as SyncContext

    from toolkit.browser.profiles import Profile

CLOSED = "The public site is closed: point `base_url` at another deployment of it, or use a recording (`--replay`)."


class ChatRecorder(Recorder, PageRecorder, Protocol):
    """A recorder, as the client sees it: of the calls, of the pages that were visited, and of what was asked."""

    def asked(self, session: BrowserSession, messages: list[dict[str, str]], base_url: str | None) -> None:
        """A chat call begins, with that session."""


class Client:
    """Chats with one provider. An async context manager, which keeps connections open from call to call; without
    `async with`, each call closes its own.

    `provider` is a name, a `Provider` class or an instance. The session is `session` or `cookies` (names and values)
    if given; else it is harvested in `context` or `browser` (Playwright's, made by the caller) if given; else it comes
    from `store`, and where that has none, from a browser of the profile `profile` (of the file `browsers`), which is
    closed again at once. `proxy` is a URL for both the browser and the calls; `route` says more than a proxy does;
    without both, the environment may name one (`TOOLKIT_PROXY`, as `toolkit replay` sets it).
    `say` is told what a person has to do in a window.

    Raises `UnknownProvider`, `UsageError`, `ContextTypeError` for arguments that cannot be used.
    """

    def __init__(
        self,
        provider: str | type[Provider] | Provider,
        *,
        base_url: str | None = None,
        account: str = "default",
        session: BrowserSession | None = None,
        cookies: Mapping[str, str] | None = None,
        context: BrowserContext | None = None,
        browser: Browser | None = None,
        profile: str | Profile | None = None,
        browsers: Path | None = None,
        proxy: str | None = None,
        route: Route | None = None,
        store: Store | None = None,
        deadlines: Deadlines | None = None,
        recorder: ChatRecorder | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        kind = providers.find(provider) if isinstance(provider, str) else provider
        self.provider = kind(base_url) if isinstance(kind, type) else kind
        self.key = Key(self.provider.name, self.provider.site, account)
        if cookies is not None and session is None:
            session = BrowserSession.from_cookie_values(self.provider.name, self.provider.site, cookies)
        if proxy is not None and route is not None:
            raise UsageError("Give a proxy or a route, not both.")
        self._given = session
        self._session = session
        self._context, self._browser = context, browser
        if context is not None:
            from toolkit.browser.manager import check_context

            check_context(context)
        own = session is None and context is None and browser is None
        self._store = store if store is not None or not own else FileStore()
        self._profile, self._browsers = profile, browsers
        self._route = route or (Route.through(proxy) if proxy else Route.of_environment(os.environ))
        self._deadlines = deadlines or Deadlines()
        self._recorder = recorder
        self._say = say
        self._lock = asyncio.Lock()
        self._transport: Transport | None = None
        self._opened = AsyncExitStack()
        self._harvests = 0
        self._users = 0  # `async with` blocks and calls that need the connections
        self._streams: WeakSet[ChatStream] = WeakSet()

    async def __aenter__(self) -> Client:
        self._users += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._users -= 1
        if not self._users:
            await self.aclose()

    async def aclose(self) -> None:
        """Close what is still being read, and the connections. More than once is fine."""
        for stream in list(self._streams):
            await stream.aclose()
        await self._disconnect()

    @asynccontextmanager
    async def _connections(self) -> AsyncGenerator[None, None]:
        """One call's use of the connections; the last one closes them where no `async with` keeps them."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                await self._disconnect()

    async def _disconnect(self) -> None:
        self._transport = None
        opened, self._opened = self._opened, AsyncExitStack()
        await opened.aclose()

    def chat(
        self,
        messages: str | Iterable[MessageLike],
        *,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        **options: Any,
    ) -> ChatStream:
        """The answer to `messages` (one text, or `{"role", "content"}` mappings), as it arrives.

        `options` are what this provider knows besides. Raises `UsageError` at once for messages that cannot be sent;
        everything else is raised while reading.
        """
        request = ChatRequest(
            messages=read_messages(messages),
            model=model or None,
            temperature=temperature,
            max_tokens=max_tokens,
            options=options,
        )
        stream = ChatStream(self.run(request))
        self._streams.add(stream)
        return stream

    async def session(self) -> BrowserSession:
        """The session that calls are made with; harvested now if need be."""
        return (await self._ready())[0]

    async def harvest(self) -> BrowserSession:
        """Visit the site with a browser now, and keep the session that results. The page finds what the session so
        far left there, so a login is not lost where the site still takes it."""
        from toolkit.browser.manager import SessionManager

        async with SessionManager(
            self._profile,
            browsers=self._browsers,
            context=self._context,
            browser=self._browser,
            route=self._route,
            say=self._say,
            recorder=self._recorder,
        ) as manager:
            try:
                previous = self._session or (await self._store.load(self.key) if self._store is not None else None)
                session = await manager.harvest(self.provider, account=self.key.account, previous=previous)
            except ToolkitError as error:
                raise self._explained(error) from error
        await self._use(session)
        return session

    async def run(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """One call, as events. `chat` is what people use."""
        async with self._connections(), self._turn():
            said: list[str] = []
            _, fresh = await self._ready()
            harvests = self._harvests
            try:
                async with aclosing(self._attempt(request, said)) as events:
                    async for event in events:
                        yield event
                return
            except LoginRequired as error:
                if said or fresh:
                    raise self._explained(error) from error
            await self._renew(harvests)
            async with aclosing(self._attempt(request, said)) as events:
                async for event in events:
                    yield event

    async def _renew(self, harvests: int) -> None:
        """A new session after that many `harvests`. Of several calls that were refused, one opens the browser."""
        async with self._lock:
            if self._harvests == harvests:
                await self.harvest()

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """One call at a time for an account, where the provider wants it so. Accounts are told apart by name, and
        sessions that were handed in by their cookies."""
        if not self.provider.one_at_a_time:
            return nullcontext()
        own = tuple(cookie.value for cookie in self._given.cookies) if self._given is not None else ()
        return turn((*self.key, *own), self._deadlines.turn)

    async def _attempt(self, request: ChatRequest, said: list[str]) -> AsyncGenerator[ChatEvent, None]:
        """One try with the session that there is. `said` is filled with the text that comes."""
        finished = False
        try:
            http = await self._connected()
            if self._recorder is not None:
                messages = [message.as_dict() for message in request.messages]
                self._recorder.asked(http.session, messages, self.provider.base_url)
            async with (
                aclosing(_events(self.provider, request, http)) as raw,
                aclosing(keep(raw, self._deadlines)) as events,
            ):
                async for event in events:
                    if isinstance(event, Text):
                        said.append(event.text)
                    finished = finished or isinstance(event, Finished)
                    yield event
            if not finished:
                yield Finished("stop")
        except ToolkitError as error:
            if isinstance(error, StreamInterrupted | StreamTimeout):
                error.text = "".join(said)
            raise self._explained(error) from error.__cause__
        finally:
            await self._keep_rotated()

    async def _ready(self) -> tuple[BrowserSession, bool]:
        """The session, and whether it cannot be renewed: just harvested, or handed in."""
        async with self._lock:
            if self._session is None and self._store is not None:
                stored = await self._store.load(self.key)
                if stored is not None and not stored.expired(time.time()):
                    self._session = stored
            if self._session is not None:
                return self._session, self._session is self._given
            return await self.harvest(), True

    async def _use(self, session: BrowserSession) -> None:
        """Make calls with `session` from now on."""
        self._transport = None  # the old one stays open until the end: calls of before may still be reading
        self._session = session
        self._harvests += 1
        if self._store is not None:
            await self._store.save(self.key, session)

    async def _connected(self) -> Transport:
        """The transport of the session; kept from call to call, so connections are reused."""
        if self._transport is None:
            assert self._session is not None
            self._transport = await self._opened.enter_async_context(
                Transport(
                    self._session,
                    page=self.provider.page,
                    hosts=self.provider.hosts,
                    route=self._route,
                    connect=self._deadlines.connect,
                    cleanup=self._deadlines.cleanup,
                    statuses=self.provider.statuses,
                    recorder=self._recorder,
                )
            )
        return self._transport

    async def _keep_rotated(self) -> None:
        """What the site set by `Set-Cookie` on its answers belongs to the session."""
        if self._transport is None or self._session is None or self._transport.session is self._session:
            return
        given = self._session is self._given
        self._session = self._transport.session
        if given:
            self._given = self._session
        if self._store is not None:
            await self._store.save(self.key, self._session)

    def _explained(self, error: ToolkitError) -> ToolkitError:
        """`error`, with the provider and with what to do about it at this one."""
        name = self.provider.name
        error.provider = error.provider or name
        if isinstance(error, LoginRequired):
            where = f" --base-url {self.provider.base_url}" if self.provider.base_url else ""
            where += f" --account {self.key.account}" if self.key.account != "default" else ""
            error.hint = f"Log in by hand: `toolkit harvest {name} --profile headed{where}` opens a window for it."
        elif isinstance(error, ConnectFailed) and not self.provider.working and not self.provider.base_url:
            error.hint = CLOSED
        return error


async def _events(provider: Provider, request: ChatRequest, http: Transport) -> AsyncGenerator[ChatEvent, None]:
    """What the provider gives, as events: bare text becomes `Text`, empty text nothing."""
    async with aclosing(provider.stream(request, http)) as pieces:
        async for piece in pieces:
            if not isinstance(piece, str):
                yield piece
            elif piece:
                yield Text(piece)


def harvest_in(
    context: SyncContext,
    provider: str | type[Provider] | Provider,
    *,
    base_url: str | None = None,
    account: str = "default",
    profile: str | Profile | None = None,
) -> BrowserSession:
    """Visit a provider in a context of Playwright's sync API (pytest-playwright's, for one), and take the session.

    `provider` and `base_url` are as for `Client`; the session goes into `Client(session=...)`. Raises what
    `SessionManager.harvest` raises, and `ContextTypeError` for anything but such a context.
    """
    from toolkit.browser import manager

    kind = providers.find(provider) if isinstance(provider, str) else provider
    site = kind(base_url) if isinstance(kind, type) else kind
    return manager.harvest_in(context, site, account=account, profile=profile)


def open_chat(provider: type[Provider], request: ChatRequest, **arguments: Any) -> ChatStream:
    """One call with a client of its own. `arguments` are those of `Client`; `webdriver` is another name of `context`.

    A context of Playwright's sync API is visited right here, since it can be used in no other place.
    """
    webdriver = arguments.pop("webdriver", None)
    context = arguments.setdefault("context", webdriver)
    if context is not None:
        from toolkit.browser.manager import harvest_in, is_sync

        client = Client(provider, **arguments)
        if is_sync(context):
            session = harvest_in(context, client.provider, account=client.key.account)
            arguments = {**arguments, "context": None, "session": session}
    client = Client(provider, **arguments)

    async def source() -> AsyncGenerator[ChatEvent, None]:
        async with client, aclosing(client.run(request)) as events:
            async for event in events:
                yield event

    return ChatStream(source())
