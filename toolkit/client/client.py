"""The client: a session, the transport, a provider, and the answer as a `ChatStream`.

Only here do these meet. Where the session comes from is the keeper's business; one that turns out to have expired is
renewed once, before the first piece of the answer only.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import WeakSet

import msgspec

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.messages import ChatRequest, MessageLike, read_messages
from toolkit.chats.stream import Attempts, ChatStream
from toolkit.chats.watchdog import Watchdog
from toolkit.client.account_lock import lock_account
from toolkit.client.attempts import stream_answer
from toolkit.client.environment import session_from_variable, variable_name
from toolkit.client.health import Health, check
from toolkit.client.hints import ErrorHints
from toolkit.client.session_keeper import SessionKeeper
from toolkit.client.visitor import Login, Visitor
from toolkit.errors import (
    LoginRequired,
    ProtocolError,
    SessionError,
    SiteError,
    StreamInterrupted,
    StreamTimeout,
    ToolkitError,
    UsageError,
    WrongAccount,
)
from toolkit.http.excerpts import format_excerpt, redact_credentials
from toolkit.http.response import Recorder
from toolkit.http.retries import PATIENCE, RETRIES
from toolkit.http.route import Route
from toolkit.http.transport import OnSessionChange, Transport
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.providers.models import ModelsRequest, model_names
from toolkit.session.expiry import expiry
from toolkit.session.recipe import PageRecorder
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from toolkit.browser.profiles import Profile

log = logging.getLogger("toolkit")


class ChatRecorder(Recorder, PageRecorder, Protocol):
    """A recorder, as the client sees it: of the calls, of the pages that were visited, and of what was asked."""

    def record_chat(self, session: BrowserSession, messages: list[dict[str, str]], base_url: str | None) -> None:
        """A chat call begins, with that session."""


class Client:
    """Chats with one provider. An async context manager, which keeps connections open from call to call; without
    `async with`, each call closes its own.

    `provider` is a name, a `Provider` class or an instance. The session is `session` or `cookies` (names and values)
    if given; else it is harvested in `context` or `browser` (Playwright's, made by the caller) if given; else it is
    the one in the environment (`TOOLKIT_SESSION_` and the provider's name), which is used as it is; else it comes from
    `store` (`TOOLKIT_STORE`, files if that says nothing), and where that has none, from a browser of the profile
    `profile` (of the file `browsers`), which is closed again at once. `proxy` is a URL for both the browser and the
    calls; `route` says more than a proxy does; without both, the environment may name one (`TOOLKIT_PROXY`, as
    `toolkit replay` sets it, or `HTTPS_PROXY` and its like). `retries` is how often a request may be made again where
    that is safe. `say` is told what a person has to do in a window.

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
        store: Store | str | None = None,
        deadlines: Deadlines | None = None,
        retries: int = RETRIES,
        recorder: ChatRecorder | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        kind = registry.find(provider) if isinstance(provider, str) else provider
        self.provider = kind(base_url) if isinstance(kind, type) else kind
        self.key = Key(self.provider.name, self.provider.site, account)
        if cookies is not None and session is None:
            session = BrowserSession.from_cookie_values(self.provider.name, self.provider.site, cookies)
        if proxy is not None and route is not None:
            raise UsageError("Give a proxy or a route, not both.")
        own = session is None and context is None and browser is None
        self._variable = variable_name(self.provider.name, account)
        if own and store is None and (secret := os.environ.get(self._variable)):
            session = session_from_variable(self.provider, secret, self._variable)
        else:
            self._variable = ""
        self._own = tuple(cookie.value for cookie in session.cookies) if session is not None else ()
        if isinstance(store, str) or (store is None and own and session is None):
            store = open_store(store)
        self._store = store
        self._keeper = SessionKeeper(self.key, self.provider.harvest, self._visit, store=self._store, given=session)
        self._route = route or (Route.through(proxy) if proxy else Route.of_environment(os.environ, self.provider.site))
        self._deadlines = deadlines or Deadlines()
        self._retries = retries
        self._recorder = recorder
        self._visitor = Visitor(
            self.provider,
            account,
            profile=profile,
            browsers=browsers,
            context=context,
            browser=browser,
            route=self._route,
            say=say,
            recorder=recorder,
        )
        self._hints = ErrorHints(self.provider, account, self._variable)
        self._transport: Transport | None = None
        self._opened = AsyncExitStack()
        self._rotations = 0
        self._blocks = self._calls = 0  # that need the connections
        self._streams: WeakSet[ChatStream] = WeakSet()

    async def __aenter__(self) -> Client:
        self._blocks += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._blocks -= 1
        if not self._blocks:
            await self.aclose()

    async def aclose(self) -> None:
        """Close what is still being read, and the connections. More than once is fine."""
        async with AsyncExitStack() as closing:  # all of them, whatever one raises
            closing.push_async_callback(self._disconnect)
            for stream in list(self._streams):
                closing.push_async_callback(stream.aclose)

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
        return self.answer(request)

    async def models(self, *, refresh: bool = False) -> tuple[str, ...]:
        """The names of the models, the default first; see `Provider.models`."""
        return await model_names(self.provider, self.answer, refresh=refresh)

    def answer(self, request: ChatRequest | ModelsRequest) -> ChatStream:
        """The answer to a request that is made up already; see `chat`."""
        watch = Watchdog(self._deadlines)
        stream = ChatStream(self._attempts(request, watch), watch)
        self._streams.add(stream)
        return stream

    async def session(self) -> BrowserSession:
        """The session that calls are made with; harvested now if need be."""
        with self._hints:
            return (await self._keeper.acquire())[0]

    async def harvest(self) -> BrowserSession:
        """Visit the site with a browser now, and keep the session that results. The page finds what the session so
        far left there, so a login is not lost where the site still takes it."""
        with self._hints:
            self._refuse_handed_in()
            return await self._keeper.harvest()

    async def refresh(self) -> BrowserSession:
        """Renew the session that there is, without a window. Raises `LoginRequired` where there is none, and
        `SessionExpired` where the site wants a login; then all is as before."""
        with self._hints:
            self._refuse_handed_in()
            await self._known()
            return await self._keeper.harvest()

    async def login(self, *, seconds: float | None = None, cdp: str | None = None) -> BrowserSession:
        """Have a person log in, in a window that opens, or in the Chrome that is open already and takes orders at the
        address `cdp`; check the result, and keep it. The profile is `headed` unless the client has one.

        `seconds` is how long the person has, instead of what the profile says. Raises `WrongAccount` where somebody
        else has logged in than the stored session is of, `BrowserError` and its like (no display, the window was
        closed, the time is up); then the stored session is as before.
        """
        with self._hints:
            self._refuse_handed_in()
            session = await self._visit(await self._keeper.reload(), Login(seconds, cdp))
            await self._keeper.replace(session)
        return session

    async def check(self) -> Health:
        """Ask the site whether it still takes the session. Opens no browser. Raises `LoginRequired` where there is no
        session, `SessionExpired` where the site does not take it, and what else can go wrong on the way."""
        with self._hints:
            session = await self._known()
            async with self._transport_of(session) as http:
                health = await check(http, self.provider)
            if http.session is not session:  # taken only now: a site that knows nobody takes the cookies away
                session = await self._save_changes(session, http.session)
            return msgspec.structs.replace(health, expires_at=session.expires_at)

    def _refuse_handed_in(self) -> None:
        if self._variable:
            raise UsageError(
                f"{self._variable} is set: its session is used as it is, and none is stored.",
                hint="Unset it to log in, or to renew a stored session.",
            )

    async def _known(self) -> BrowserSession:
        """The session that there is."""
        session = await self._keeper.reload()
        if session is None:
            raise LoginRequired("There is no session.")
        return session

    async def _attempts(self, request: ChatRequest | ModelsRequest, watch: Watchdog) -> Attempts:
        """The attempts at one call. A session that the site does not take is renewed once, before the first text."""
        with self._hints:
            async with _Use(self), self._turn():
                session, fresh = await self._keeper.acquire()
                while True:
                    try:
                        http = await self._connected(session)
                        if self._recorder is not None and isinstance(request, ChatRequest):
                            messages = [message.as_dict() for message in request.messages]
                            self._recorder.record_chat(http.session, messages, self.provider.base_url)
                        async with aclosing(stream_answer(self.provider, request, http)) as pieces:
                            with watch.enforce_deadlines():
                                yield pieces
                        return
                    except (StreamInterrupted, StreamTimeout) as error:
                        if watch.finished and isinstance(error, StreamTimeout):
                            return  # all is said: what could not be waited for is the end of the connection
                        error.text = "".join(watch.received)
                        raise
                    except SiteError as error:
                        error.what = format_excerpt(redact_credentials(error.what, http.session))
                        error.args = (error.what,)
                        raise
                    except RecursionError:  # of whoever walks what the site sent
                        raise ProtocolError("The site sent JSON that is nested too deeply.") from None
                    except LoginRequired:
                        if watch.received or fresh or watch.reader_gone():  # it came of the tidying up
                            raise
                        if self._transport is not None:  # what the call itself has changed does not make it another one
                            session = self._transport.session
                    session, fresh = await self._keeper.renew(session), True

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """One call at a time for an account, where the provider wants it so. Accounts are told apart by name, and
        sessions that were handed in by their cookies."""
        if not self.provider.one_at_a_time:
            return nullcontext()
        shared = partial(self._store.lock, self.key, "call") if self._store is not None else None
        return lock_account((*self.key, *self._own), self._deadlines.turn, shared)

    async def _visit(self, previous: BrowserSession | None, login: Login | None = None) -> BrowserSession:
        """A session from a visit with a browser. A renewed one is checked: never is a good session replaced by that of
        nobody."""
        session = await self._visitor.visit(previous, login)
        if previous is None and login is None:
            return session
        return await self._verified(session, previous)

    async def _verified(self, session: BrowserSession, previous: BrowserSession | None) -> BrowserSession:
        """`session`, with who is signed in there, as far as the recipe can tell. Raises `LoginRequired` where nobody
        is, and `WrongAccount` where somebody else is than `previous` was of. What kept from asking is raised where
        there is a `previous` one to keep; a first login is not to be lost for it."""
        if self.provider.harvest.probe is None:
            return session
        try:
            async with self._transport_of(session) as http:
                health = await check(http, self.provider)
                session = msgspec.structs.replace(
                    http.session,
                    identity=health.identity,
                    expires_at=expiry(http.session, self.provider.harvest),  # a probe may renew it
                )
        except SessionError:
            raise
        except ToolkitError as error:
            if previous is not None:
                raise
            log.warning("the new session could not be checked: %s", error)
            return session
        if previous is not None and previous.identity not in (None, session.identity):
            raise WrongAccount(
                f"{session.identity} is signed in, and the stored session is of {previous.identity}.",
            )
        return session

    async def _connected(self, session: BrowserSession) -> Transport:
        """The transport, with `session`; kept from call to call, so connections are reused."""
        known = self._transport.session if self._transport is not None else None
        if self._transport is None or known is None or known.proxy != session.proxy:
            # an old one stays open until the end: calls of before may still be reading
            self._transport = await self._opened.enter_async_context(self._transport_of(session, self._save_changes))
        elif known.harvested_at != session.harvested_at or known.changed_at <= session.changed_at:
            self._transport.session = session  # else an answer has just renewed it, and the keeper is being told
        return self._transport

    def _transport_of(self, session: BrowserSession, on_session_change: OnSessionChange | None = None) -> Transport:
        return Transport(
            session,
            page=self.provider.page,
            hosts=self.provider.hosts,
            route=self._route,
            connect=self._deadlines.connect,
            cleanup=self._deadlines.cleanup,
            retries=self._retries,
            patience=self._deadlines.patience(PATIENCE),
            statuses=self.provider.statuses,
            at_login=self.provider.harvest.is_login_page,
            recorder=self._recorder if on_session_change is not None else None,
            on_session_change=on_session_change,
        )

    async def _save_changes(self, before: BrowserSession, after: BrowserSession) -> BrowserSession:
        """What the site set by `Set-Cookie` on its answers belongs to the session."""
        if self._variable and not self._rotations:
            log.warning("%s: the site has renewed the session that %s holds, which stays as it was: export it anew "
                        "before long", self.provider.name, self._variable)  # fmt: skip
        self._rotations += 1
        return await self._keeper.merge_changes(before, after)


class _Use(NamedTuple):
    """One call's use of a client's connections; the last one closes them where no `async with` keeps them."""

    client: Client

    async def __aenter__(self) -> None:
        self.client._calls += 1

    async def __aexit__(self, *_: object) -> None:
        self.client._calls -= 1
        if not self.client._calls and not self.client._blocks:
            await self.client._disconnect()
