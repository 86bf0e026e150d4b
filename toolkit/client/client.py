"""`Client`: the public face of this room, which composes a session, a transport and a provider.

The parts have files of their own: where the session comes from (`session_keeper`), the browser visits (`visitor`), the
connections (`transports`) and the course of a call (`attempts`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

import msgspec

from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import Media
from toolkit.chats.messages import ChatRequest, MessageLike, read_messages, read_tools
from toolkit.chats.stream import ChatStream
from toolkit.chats.total_deadline import within_total
from toolkit.chats.watchdog import Watchdog
from toolkit.client.argument_checks import check_call, check_client
from toolkit.client.attempts import CallRunner, ChatRecorder
from toolkit.client.environment_session import session_from_variable, variable_name
from toolkit.client.hints import ErrorHints
from toolkit.client.media_download import download_media
from toolkit.client.one_call_per_account import call_lock, lock_account
from toolkit.client.renew_command import configured_command
from toolkit.client.renewal_rungs import renewal_rungs
from toolkit.client.session_health import REFUSED, Health, check
from toolkit.client.session_keeper import SessionKeeper
from toolkit.client.site_discovery import SiteAddress
from toolkit.client.transports import SharedTransport, TransportFactory
from toolkit.client.visit_verification import verify_visit
from toolkit.client.visitor import Login, Visitor
from toolkit.errors import LoginRequired, UsageError, file_limit_error
from toolkit.http.retries import RETRIES
from toolkit.http.route import Route
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.providers.model_lists import ModelsRequest, model_names
from toolkit.providers.setting_notes import setting_notes
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.stores.base import Key, Store
from toolkit.stores.choose import open_store

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from toolkit.browser.profiles import Profile

log = logging.getLogger("toolkit")

SHORT_SECONDS = 30.0  # for a check or a list of models in all, unless deadlines are given


class Client:
    """Chats with one provider. As an async context manager it keeps connections open from call to call; without
    `async with`, each call closes its own.

    `provider` is a name, a `Provider` class or an instance; `base_url` is the deployment of it to call. The session is
    the first of these that there is:

    - `session`, or `cookies` (names and values)
    - one harvested in `context` or `browser`, which are Playwright's and stay open
    - the environment variable `TOOLKIT_SESSION_` plus the provider's name, unless `store` is given; it is never renewed
    - the session of `account` in `store`, an object or a text for `open_store` (None: `TOOLKIT_STORE`, else files)
    - one harvested in a browser of the profile `profile` (of the file `browsers`), which is closed again at once

    `proxy` is a URL for both the browser and the calls; `route` is used instead of a proxy and can also replace name
    resolution and certificates. Without both, the environment may name a proxy (`TOOLKIT_PROXY`, as `toolkit replay`
    sets it, or `HTTPS_PROXY` and its like). `deadlines` says how long to wait for what; `retries` is how often a
    request may be repeated where that is safe. `recorder` records the calls and visits. `say` is called with what a
    person has to do in a browser window. `renew_command` is a command that prints a session where the stored one cannot
    be renewed otherwise without a browser (None: what the environment names).

    Raises `UnknownProvider`, `UsageError` or `ContextTypeError` for arguments that cannot be used, and `SessionError`
    or `StoreError` for an environment variable that holds no such session or names no usable store.
    """

    @forgetting_locals
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
        renew_command: str | None = None,
    ) -> None:
        check_client(
            provider=provider,
            base_url=base_url,
            account=account,
            session=session,
            cookies=cookies,
            browsers=browsers,
            proxy=proxy,
            route=route,
            store=store,
            deadlines=deadlines,
            retries=retries,
            recorder=recorder,
            say=say,
            renew_command=renew_command,
        )
        try:
            kind = registry.find(provider) if isinstance(provider, str) else provider
        except OSError as error:  # a provider's module is loaded when it is first needed
            raise file_limit_error(error) or error from None
        self.provider = kind(base_url) if isinstance(kind, type) else kind
        if cookies is not None and session is None:
            session = BrowserSession.from_cookie_values(self.provider.name, self.provider.site, cookies)
        if proxy is not None and route is not None:
            raise UsageError("Give a proxy or a route, not both.")
        needs_source = session is None and context is None and browser is None
        self._variable = ""  # the environment variable that the session is from
        if needs_source and store is None and (secret := os.environ.get(variable_name(self.provider.name, account))):
            self._variable = variable_name(self.provider.name, account)
            session = session_from_variable(self.provider, secret, self._variable)
        if isinstance(store, str) or (store is None and needs_source and session is None):
            store = open_store(store)
        self._store = store
        self._deadlines = deadlines or Deadlines()
        # For what a site answers at once. Whoever gives deadlines has chosen the one for all of it as well.
        self._short = deadlines or Deadlines(total=SHORT_SECONDS)
        self._given_cookies = tuple(cookie.value for cookie in session.cookies) if session is not None else ()
        self._variable_outdated = False  # a warning has been logged that the variable's session has been renewed

        route = route or (Route.through(proxy) if proxy else Route.of_environment(os.environ, self.provider.site))
        self._transports = TransportFactory(self.provider, route, self._deadlines, retries, profile, browsers)
        self._recorder = recorder
        self._site = SiteAddress(self._transports, account)
        self._shared = SharedTransport(self._transports, recorder=recorder, on_session_change=self._save_changes)
        self._visitor = Visitor(
            self.provider,
            account,
            profile=profile,
            browsers=browsers,
            context=context,
            browser=browser,
            route=route,
            say=say,
            recorder=recorder,
        )
        if renew_command is None:
            renew_command = configured_command(self.provider.name, os.environ)
        self._keeper = SessionKeeper(
            self.key,
            self.provider.harvest,
            self._visit,
            rungs=renewal_rungs(self._transports, renew_command),
            store=store,
            given=session,
        )
        self._hints = ErrorHints(self.provider, account, self._variable, other_accounts=[])
        self._runner = CallRunner(self.provider, self._keeper, self._shared, self._hints, self._lock_account, recorder)
        # A recording has the address that is known.
        self._site.looked_for = session is not None or (route is not None and route.sealed)
        self._open_blocks = 0  # how many `async with` blocks keep the connections open
        self._told: set[str] = set()
        self._streams: WeakSet[ChatStream] = WeakSet()

    @property
    def key(self) -> Key:
        """What the session is stored under: provider, site and account."""
        return self._site.key

    async def __aenter__(self) -> Client:
        self._open_blocks += 1
        await self._shared.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open_blocks -= 1
        try:
            if not self._open_blocks:
                await self.aclose()
        finally:
            await self._shared.__aexit__()

    async def aclose(self) -> None:
        """Close all answers that are still being read, and the connections. Closing again does nothing."""
        async with AsyncExitStack() as stack:  # which closes the rest even if one of them raises
            stack.push_async_callback(self._shared.close)
            for stream in list(self._streams):
                stack.push_async_callback(stream.aclose)

    @forgetting_locals
    def chat(
        self,
        messages: str | Iterable[MessageLike],
        *,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        tools: Iterable[Mapping[str, Any]] = (),
        tool_choice: str | Mapping[str, Any] | None = None,
        **options: Any,
    ) -> ChatStream:
        """Return the answer to `messages` (one text, or `{"role", "content"}` mappings), to be read as it arrives.

        A content is text or a list of parts, of which one can be a `toolkit.Image` or `toolkit.File`. `tools` and
        `tool_choice` are as OpenAI's API has them. `options` are further settings that this provider has.

        Raises `UsageError` at once for what cannot be sent, or not to this provider (see `Provider.accepts`). All other
        errors are raised while reading.
        """
        check_call(model=model, temperature=temperature, max_tokens=max_tokens, tools=tools, tool_choice=tool_choice)
        request = ChatRequest(
            messages=read_messages(messages),
            model=model or None,
            temperature=temperature,
            max_tokens=max_tokens,
            tools=read_tools(tools),
            tool_choice=dict(tool_choice) if isinstance(tool_choice, Mapping) else tool_choice,
            options=options,
        )
        return self.answer(request)

    async def models(self, *, refresh: bool = False) -> tuple[str, ...]:
        """Return the names of the models, the default first; see `Provider.models`.

        Raises `StreamTimeout` if the site takes longer than the deadline `total`, or 30 s if no deadlines were given.
        """
        return await model_names(self.provider, self.answer, refresh=refresh)

    def answer(self, request: ChatRequest | ModelsRequest) -> ChatStream:
        """Return the answer to a `request` that is complete already; see `chat`, also for the `UsageError`."""
        limited = False
        if isinstance(request, ChatRequest):
            self.provider.check_accepts(request)
            self._tell(setting_notes(self.provider, request))
            limited = request.max_tokens is not None
        watch = Watchdog(self._deadlines if isinstance(request, ChatRequest) else self._short)
        stream = ChatStream(
            self._runner.attempts(request, watch), watch, provider=self.provider.name, length_limited=limited
        )
        self._streams.add(stream)
        return stream

    def _tell(self, notes: Iterable[str]) -> None:
        """Log `notes`, each once for this client."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                log.warning("%s", note)

    async def download(self, media: Media) -> Media:
        """Return `media`, an image or a file of an answer, with its bytes; where it has only a URL, they are fetched
        with the session."""
        with self._hints:
            async with self._shared:
                http = await self._shared.connect((await self._keeper.acquire()).session)
                return await download_media(self.provider, http, media)

    async def session(self) -> BrowserSession:
        """Return the session that calls are made with. It is harvested now if there is none."""
        with self._hints:
            return (await self._keeper.acquire()).session

    async def harvest(self) -> BrowserSession:
        """Visit the site with a browser now, and store and return the session that results.

        The browser starts with the cookies of the present session, so a login survives if the site still accepts it.
        """
        with self._hints:
            self._require_renewable()
            return await self._keeper.harvest()

    async def refresh(self) -> BrowserSession:
        """Renew the present session, without a window, and return the new one: by the site's own call for that, by the
        person's command, or by a visit. Raises `LoginRequired` if there is no session, and `SessionExpired` if the site
        wants a login; then the session stays as it was."""
        with self._hints:
            self._require_renewable()
            await self._require_session()
            return await self._keeper.harvest(visit=False)

    async def login(self, *, seconds: float | None = None, cdp: str | None = None) -> BrowserSession:
        """Let a person log in; check, store and return the session that results.

        A window opens for it, with the profile `headed` unless the client has another one; with `cdp`, the person uses
        the running Chrome whose DevTools endpoint has that address. `seconds` is how long the person has (None: what
        the profile says). Raises `WrongAccount` if somebody else logged in than the stored session is of, and
        `BrowserError` if there is no display, the window was closed or the time is up; then the stored session stays as
        it was. Raises `StoreError` before the window opens if the session could not be stored.
        """
        with self._hints:
            self._require_renewable()
            previous = await self._keeper.reload()
            await self._keeper.check_storable()
            session = await self._visit(previous, Login(seconds, cdp))
            await self._keeper.replace(session)
        return session

    async def check(self, *, seconds: float | None = None) -> Health:
        """Ask the site, without a browser, whether it still accepts the session.

        `seconds` is how long that may take; None is the deadline `total`, or 30 s if no deadlines were given.

        Raises `LoginRequired` if there is no session, `SessionExpired` if the site does not accept it, `StreamTimeout`
        if it takes longer, and whatever else an HTTP call raises.
        """
        with self._hints:
            async with within_total(self._short.total if seconds is None else seconds):
                return await self._check()

    async def _check(self) -> Health:
        session = await self._require_session()
        async with self._transports.create(session) as http:
            try:
                health = await check(http, self.provider)
            except LoginRequired:
                await self._keeper.note_check(session, REFUSED)
                raise
        # Saved only after the check: a site deletes the cookies of a session it refuses.
        if http.session is not session:
            session = await self._save_changes(session, http.session)
        await self._keeper.note_check(session, health.state, health.identity)
        return msgspec.structs.replace(health, expires_at=session.expires_at)

    def _require_renewable(self) -> None:
        if self._variable:
            raise UsageError(
                f"{self._variable} is set: its session is used as it is, and none is stored.",
                hint="Unset it to log in, or to renew a stored session.",
            )

    async def _require_session(self) -> BrowserSession:
        session = await self._keeper.reload() or await self._find_site()
        if session is None:
            raise LoginRequired("There is no session.")
        return session

    def _lock_account(self, watch: Watchdog) -> AbstractAsyncContextManager[None]:
        """Return the lock of this account for one call, if the provider takes only one call at a time. `watch` is told
        the place of the call in the line.

        Accounts are distinguished by their names, and sessions that were given by their cookies as well.
        """
        if not self.provider.one_at_a_time:
            return nullcontext()
        shared, in_order = call_lock(self._store, self.key, watch.note_place, watch.end_for_lost_turn)
        account = (*self.key, *self._given_cookies)
        return lock_account(account, self._deadlines.turn, shared, in_order=in_order, on_place=watch.note_place)

    async def _visit(self, previous: BrowserSession | None, login: Login | None = None) -> BrowserSession:
        """Harvest a session with a browser. It is checked, unless there is no `previous` one that it could replace and
        nobody has logged in."""
        found = await self._find_site() if previous is None else None
        if found is not None and login is None:
            return found
        session = await self._visitor.visit(previous, login)
        if self.provider.base_url is None:
            session = msgspec.structs.replace(session, origin=self.key.origin)
        elif session.origin != origin_of(self.provider.site):
            await self._keeper.move_to(self._site.move_to(session.origin + urlsplit(self.provider.site).path))
        if previous is None and login is None:
            return session
        recorder = self._recorder.check_recorder if self._recorder is not None else None
        return await verify_visit(session, previous, self._transports, recorder)

    async def _find_site(self) -> BrowserSession | None:
        """Look where the address of the site leads. Returns the session that is stored for that, where it is another
        one than this one has been."""
        moved = await self._site.find(self._store, self._hints.other_accounts)
        return await self._keeper.move_to(moved) if moved is not None else None

    async def _save_changes(self, before: BrowserSession, after: BrowserSession) -> BrowserSession:
        """Save what the site's `Set-Cookie` headers made of the session `before`. Returns the session to go on with."""
        if self._variable and not self._variable_outdated:
            self._variable_outdated = True
            log.warning(
                "%s: the site has renewed the session that %s holds, which stays as it was: export it anew before long",
                self.provider.name,
                self._variable,
            )
        return await self._keeper.merge_changes(before, after)
