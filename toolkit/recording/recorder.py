"""Records exchanges: those of our own calls, and those of the pages in a browser context.

    recorder = Recorder()
    recorder.watch(context)                      # a Playwright context (async API)
    ...                                          # visit, harvest; call with `Transport(..., recorder=recorder)`
    await recorder.drain()
    save(recorder.recording("what it was recorded from"), "file.har")

The recording has no secrets in it (see `toolkit.redaction.redact`). It is lean: of the pages it has what made the
session (see `toolkit.recording.lean`), with which the calls are replayed. `Recorder(page=True)` records all that a
browser needs as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from toolkit import errors
from toolkit.chats.messages import ChatRequest
from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording, Timings
from toolkit.recording.lean import leave_out_page
from toolkit.recording.page_recorder import PAGEREF, PageTrafficRecorder
from toolkit.recording.saved_things import without_saved_things
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.replay.body_matching import random_fields
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Site
from toolkit.session.slim_session import slim

# Exceptions that say that the caller stopped, not the connection.
CALLER_STOPPED = ("CancelledError", "GeneratorExit", "KeyboardInterrupt")


class Exchange:
    """One of our own calls, or one `of_visit`, which counts as the page's. `toolkit.http` calls the methods when the
    events happen, and the times are taken then."""

    def __init__(self, method: str, url: str, headers: Headers, body: bytes, *, of_visit: bool = False) -> None:
        self.started = datetime.now(UTC)
        self._of_visit = of_visit
        self._request = make_request(method, url, headers, body)
        self._clock = time.perf_counter()
        self._status, self._reason, self._headers = 0, "", list[tuple[str, str]]()
        self._http_version = "HTTP/1.1"
        self._wait = self._length = 0.0
        self._chunks: list[tuple[float, bytes]] = []
        self._error: str | None = None

    def response(self, status: int, reason: str, headers: Headers, http_version: str = "HTTP/1.1") -> None:
        """Records that the response has started."""
        self._status, self._reason, self._headers = status, reason, list(headers)
        self._http_version = http_version
        self._wait = self._length = self._now()

    def chunk(self, data: bytes) -> None:
        """Records one chunk of the body, after its Content-Encoding was decoded."""
        self._length = self._now()
        self._chunks.append((self._length - self._wait, data))

    def message(self, data: str | bytes, *, sent: bool) -> None:
        """Takes a message of the WebSocket that the response has opened."""

    def closed(self, by: str, code: int | None, reason: str) -> None:
        """Takes the end of that WebSocket."""

    def end(self, error: str | None = None) -> None:
        """Records the end of the exchange. `error` is `Name` or `Name: text` of the exception that ended it, if any.

        Only errors of the connection are recorded. That the caller stopped reading, or that the response reported an
        error, is nothing for a replay to repeat.
        """
        self._length = self._now()
        self._error = error if error and _is_connection_error(error) else None

    def entry(self) -> Entry:
        """Returns the exchange so far."""
        response = make_response(
            self._status, self._reason, self._headers, self._chunks, http_version=self._http_version
        )
        return Entry(
            started=self.started,
            request=self._request,
            response=response,
            time=round(self._length, 1),
            timings=Timings(wait=round(self._wait, 1), receive=round(self._length - self._wait, 1)),
            error=self._error,
            pageref=PAGEREF if self._of_visit else UNSET,
            resource_type="fetch" if self._of_visit else UNSET,
        )

    def _now(self) -> float:
        return (time.perf_counter() - self._clock) * 1000


class _CheckRecorder(NamedTuple):
    """Records the calls that check the session of a visit, among `exchanges`, as calls of the page."""

    exchanges: list[Exchange]

    def begin(self, method: str, url: str, headers: Headers, body: bytes) -> Exchange:
        exchange = Exchange(method, url, headers, body, of_visit=True)
        self.exchanges.append(exchange)
        return exchange


class _Call(NamedTuple):
    """The recorded chat call: what was asked at which site, and the session that it began with. `first` is the number
    of its first exchange."""

    request: ChatRequest
    site: Site
    base_url: str | None
    session: BrowserSession
    first: int

    def __repr__(self) -> str:
        return f"<_Call {self.site.name}>"

    def chat(self) -> RecordedChat:
        asked = self.request
        named = {name: getattr(asked, name) for name in ("model", "temperature", "max_tokens", "tools", "tool_choice")}
        settings = {name: value for name, value in named.items() if value not in (None, ())} | asked.options
        messages = [message.as_dict() for message in asked.messages]
        chat = RecordedChat(self.site.name, messages, self.base_url, settings)
        # An option may be any object of Python's. It is kept as JSON, or as text where JSON has no form for it.
        return msgspec.json.decode(msgspec.json.encode(chat, enc_hook=str), type=RecordedChat)


class Recorder:
    """Collects the exchanges of our own calls and of pages, and returns them in the order of their start.

    `random` names what a provider generates for each call, as `query.NAME` or `body.NAME`. `rules` are the user's rules
    for redaction. With `page`, all that pages fetch is recorded, so that a browser can be replayed to.
    """

    def __init__(self, *, random: Iterable[str] = (), rules: Rules | None = None, page: bool = False) -> None:
        self._random = tuple(random)
        self._rules = rules
        self._page = page
        self._call: _Call | None = None
        self._exchanges: list[Exchange] = []
        self._checks: list[Exchange] = []
        self._page_recorders: list[PageTrafficRecorder] = []

    def begin(self, method: str, url: str, headers: Headers, body: bytes) -> Exchange:
        """Starts recording one of our own calls. `body` is empty for a request without one."""
        exchange = Exchange(method, url, headers, body)
        self._exchanges.append(exchange)
        return exchange

    @property
    def check_recorder(self) -> _CheckRecorder | None:
        """What records the check of a visit's session. With `page` there is none: the page asks that itself, and is
        waited for."""
        return None if self._page else _CheckRecorder(self._checks)

    @property
    def has_call(self) -> bool:
        """Whether a chat call has begun, so that there is something to replay."""
        return self._call is not None

    def record_chat(self, session: BrowserSession, request: ChatRequest, site: Site, base_url: str | None) -> None:
        """Records that the chat call `request` starts at `site`, with `session`. Only the first call becomes part of
        the recording. Where it starts anew, since the site has refused its session, it is recorded from there on."""
        if self._call is None:
            self._call = _Call(request, site, base_url, session, len(self._exchanges))
        elif self._call.request is request:
            del self._exchanges[self._call.first :]
            self._call = self._call._replace(session=session)

    def watch(self, context: Any, left_out: Collection[str] = ()) -> None:
        """Starts recording the pages of `context`, a Playwright `BrowserContext` of the async API, without the headers
        of requests that `left_out` names in lower case: those that are no page's, but a gate's."""
        self._page_recorders.append(PageTrafficRecorder(context, left_out, assets=self._page))

    async def drain(self) -> None:
        """Waits until every exchange of the pages so far is read. Call it while the context is open.

        Raises `RecordingError` if some could not be read.
        """
        for recorder in self._page_recorders:
            await recorder.drain()

    async def aclose(self) -> None:
        """Stops recording pages, and drops what has not been read yet."""
        for recorder in self._page_recorders:
            await recorder.aclose()

    @forgetting_locals
    def recording(
        self, comment: str, on_step: Callable[[str], None] = lambda step: None, *, answer: str = ""
    ) -> Recording:
        """Returns what was recorded so far, without secrets and without who is signed in. `comment` says what it was
        recorded from. `on_step` is called with what is being done, in words. `answer` is the text of the answer
        that was recorded; what is taken out of the recording is taken out of that too.

        Raises `RecordingError` if a secret cannot be taken out.
        """
        entries = [exchange.entry() for exchange in (*self._exchanges, *self._checks)]
        entries += without_saved_things(entry for recorder in self._page_recorders for entry in recorder.entries)
        call, session, probe = self._call, None, None
        if call is not None:
            session, probe = call.session, call.site.harvest.probe
            if not self._page:
                entries = leave_out_page(entries, call.site, call.session)
                session = slim(session, call.site.harvest, time.time())
        for entry in entries:
            if places := random_fields(entry.request, self._random):
                entry.request.random = places
        entries.sort(key=lambda entry: entry.started)
        on_step(f"redacting {_megabytes(entries)}")
        recording = Recording(
            entries=entries,
            comment=comment,
            chat=call.chat() if call is not None else None,
            session=RecordedSession.from_session(session) if session is not None else None,
            lean=not self._page and bool(self._page_recorders),
            answer=answer,
        )
        return redact(recording, rules=self._rules, session=call.session if call is not None else None, probe=probe)


def _megabytes(entries: Iterable[Entry]) -> str:
    """Returns the size of all bodies, in words."""
    halves = ((one.request.body_size, one.response.content.size) for one in entries)
    return f"{sum(max(sent, 0) + got for sent, got in halves) / 1e6:.1f} MB"


def _is_connection_error(error: str) -> bool:
    name = error.partition(":")[0]
    kind = getattr(errors, name, None)
    if isinstance(kind, type):
        return issubclass(kind, errors.NetworkError)
    return name not in CALLER_STOPPED
