"""Runs one call: an attempt with the session at hand and, if the site refuses it, a second one with a new session.

    session ──▶ SharedTransport.connect ──▶ stream_answer ──▶ pieces ──▶ ChatStream (reads, and throws errors back)
       ▲                                                        │
       └── SessionKeeper.renew ◀── LoginRequired, once, before the first text

`ChatStream` reads the pieces and `Watchdog` enforces the deadlines: `toolkit.chats.stream` draws how the three work
together.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from types import TracebackType
from typing import NamedTuple, Protocol

from toolkit.chats.events import Pieces
from toolkit.chats.messages import ChatRequest
from toolkit.chats.stream import Attempts
from toolkit.chats.watchdog import Watchdog
from toolkit.client.hints import ErrorHints
from toolkit.client.session_keeper import Acquired, SessionKeeper
from toolkit.client.transports import SharedTransport
from toolkit.errors import EmptyAnswer, LoginRequired, ProtocolError, StreamTimeout, ToolkitError
from toolkit.http.recorder_protocol import Recorder
from toolkit.http.refusal_excerpt import redact_error
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.providers.model_lists import ModelsRequest, cached_models
from toolkit.session.api_key import key_refused
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import PageRecorder, Site

log = logging.getLogger("toolkit")

HEADS_SECONDS = 10.0  # the longest wait for the answers to other calls before a session is renewed


class ChatRecorder(Recorder, PageRecorder, Protocol):
    """What a client needs of a recorder: it records HTTP calls, pages that are visited, and the chat messages.

    `check_recorder` records the call that checks the session of a visit; None where that is not to be recorded.
    """

    @property
    def check_recorder(self) -> Recorder | None: ...

    def record_chat(self, session: BrowserSession, request: ChatRequest, site: Site, base_url: str | None) -> None:
        """Note that the chat call `request` begins at `site`, with which `session`; also where it begins anew, with
        another one. `base_url` is None at the provider's public site."""


class CallRunner(NamedTuple):
    """Runs the calls of one client. `account_lock` gives the lock that a call holds from beginning to end; it is
    given the call's watchdog."""

    provider: Provider
    keeper: SessionKeeper
    shared: SharedTransport
    hints: ErrorHints
    account_lock: Callable[[Watchdog], AbstractAsyncContextManager[None]]
    recorder: ChatRecorder | None

    async def attempts(self, request: ChatRequest | ModelsRequest, watch: Watchdog) -> Attempts:
        """Yield the pieces of each attempt at `request`, as `ChatStream` expects them.

        The reader throws the error that ended an attempt into this generator: it leads to a renewal and the next
        attempt, or is completed and raised again.
        """
        with self.hints:
            async with self.shared, _WithinTotal(self.account_lock(watch), watch):
                watch.place = None
                acquired = await watch.within_total(self.keeper.acquire())
                while True:
                    try:
                        http = await self.shared.connect(acquired.session)
                        self._record(request, http.session)
                        with _AttemptErrors(watch, http, request):
                            async with aclosing(stream_answer(self.provider, request, http)) as pieces:
                                with watch.enforce_deadlines():
                                    yield pieces
                        return
                    except LoginRequired as error:
                        if acquired.fresh:
                            self.keeper.outcomes.tell(error)
                            raise
                        if not _can_start_over(watch):
                            raise
                        refused = http.session_refused_by(error)
                    acquired = await watch.within_total(self._renew(refused))

    def _record(self, request: ChatRequest | ModelsRequest, session: BrowserSession) -> None:
        if self.recorder is not None and isinstance(request, ChatRequest):
            self.recorder.record_chat(session, request, self.provider, self.provider.base_url)

    async def _renew(self, refused: BrowserSession) -> Acquired:
        """Return a session in place of the `refused` one. It counts as fresh, so no call renews twice.

        Other calls that are on their way are waited for: one of them may bring the token that has replaced the refused
        one, at a site that changes it with each call.
        """
        log.debug("%s: the site does not take the session, so the call needs another one", self.provider.name)
        if self.shared.transport is not None:
            await self.shared.transport.wait_for_heads(HEADS_SECONDS)
        return Acquired(await self.keeper.renew(refused), fresh=True)


class _WithinTotal(NamedTuple):
    """Another context manager, which is entered within the time of the whole call. An `AsyncExitStack` would do it too;
    a thousand calls at once would pay with half a megabyte."""

    entered: AbstractAsyncContextManager[None]
    watch: Watchdog

    async def __aenter__(self) -> None:
        await self.watch.within_total(self.entered.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self.entered.__aexit__(kind, error, trace)


class _AttemptErrors(NamedTuple):
    """A context manager around one attempt, which completes the errors that end it."""

    watch: Watchdog
    http: Transport
    request: ChatRequest | ModelsRequest

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        """Complete `error`. Returns True, which suppresses it, if the answer was complete all the same.

        Raises `EmptyAnswer` where the answer has ended without an error and there is nothing in it.
        """
        if isinstance(error, StreamTimeout) and self.watch.finish_reason is not None:
            error = None  # only the end of the connection did not come in time
        if error is None:
            self._raise_for_empty_answer()
            return True
        if isinstance(error, LoginRequired) and self.http.session.api_key is not None:
            error = key_refused(error)
            redact_error(error, self.http.credential_remover())
            raise error from None
        if isinstance(error, ToolkitError):  # it may quote what the site has reported
            redact_error(error, self.http.credential_remover())
        elif isinstance(error, RecursionError):  # raised by code that walks through the site's JSON
            raise ProtocolError("The site sent JSON that is nested too deeply.") from None
        return False

    def _raise_for_empty_answer(self) -> None:
        """Raise `EmptyAnswer` for an answer without text, unless it is pictures, or calls of the caller's tools."""
        details = self.watch.details
        wanted = isinstance(self.request, ChatRequest) and self.request.tools and details.tool_calls
        if self.watch.received or details.media or wanted:
            return
        reason = self.watch.finish_reason
        told = "" if reason in (None, "stop") else f"; it ended for the reason {reason!r}"
        found = details.describe()
        raise EmptyAnswer(f"The answer has no text, {f'only {found}' if found else 'and nothing else in it'}{told}.")


def _can_start_over(watch: Watchdog) -> bool:
    """Return whether the call may be made again: nothing of the answer has arrived yet, which would come twice, and the
    reader still waits for it."""
    details = watch.details
    arrived = watch.received or details.reasoning or details.tool_calls or details.sources or details.media
    return not arrived and not watch.reader_gone()


def stream_answer(provider: Provider, request: ChatRequest | ModelsRequest, http: Transport) -> Pieces:
    """Ask `provider` over `http`. Returns the pieces of a chat's answer, or the names of models as pieces."""
    if isinstance(request, ModelsRequest):
        return _stream_model_names(provider, request, http)
    return provider.stream(request, http)


async def _stream_model_names(provider: Provider, request: ModelsRequest, http: Transport) -> AsyncGenerator[str, None]:
    for name in await cached_models(provider, http, refresh=request.refresh):
        yield name
