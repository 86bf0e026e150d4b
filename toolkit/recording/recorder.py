"""Records exchanges: those of our own calls, and those of the pages in a browser context.

    recorder = Recorder()
    recorder.watch(context)                      # a Playwright context (async API)
    ...                                          # visit, harvest; call with `Transport(..., recorder=recorder)`
    await recorder.drain()
    save(recorder.recording("what it was recorded from"), "file.har")

The recording has no secrets in it (see `toolkit.redaction.redact`).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from toolkit import errors
from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording, Timings
from toolkit.recording.page_recorder import PageTrafficRecorder
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.replay.body_matching import random_fields
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Probe

# Exceptions that say that the caller stopped, not the connection.
CALLER_STOPPED = ("CancelledError", "GeneratorExit", "KeyboardInterrupt")


class Exchange:
    """One of our own calls. `toolkit.http` calls the methods when the events happen, and the times are taken then."""

    def __init__(self, method: str, url: str, headers: Headers, body: bytes) -> None:
        self.started = datetime.now(UTC)
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
        )

    def _now(self) -> float:
        return (time.perf_counter() - self._clock) * 1000


class Recorder:
    """Collects the exchanges of our own calls and of pages, and returns them in the order of their start.

    `random` names what a provider generates for each call, as `query.NAME` or `body.NAME`. `probe` is that of its
    recipe, whose answer tells who is signed in. `rules` are the user's rules for redaction.
    """

    def __init__(self, *, random: Iterable[str] = (), rules: Rules | None = None, probe: Probe | None = None) -> None:
        self._random, self._probe = tuple(random), probe
        self._rules = rules
        self._chat: RecordedChat | None = None
        self._session: BrowserSession | None = None
        self._exchanges: list[Exchange] = []
        self._page_recorders: list[PageTrafficRecorder] = []

    def begin(self, method: str, url: str, headers: Headers, body: bytes) -> Exchange:
        """Starts recording one of our own calls. `body` is empty for a request without one."""
        exchange = Exchange(method, url, headers, body)
        self._exchanges.append(exchange)
        return exchange

    def record_chat(self, session: BrowserSession, messages: list[dict[str, Any]], base_url: str | None) -> None:
        """Records that a chat call starts, with `session`. Only the first one becomes part of the recording."""
        if self._chat is None:
            self._chat = RecordedChat(provider=session.provider, messages=messages, base_url=base_url)
            self._session = session

    def watch(self, context: Any, left_out: Collection[str] = ()) -> None:
        """Starts recording the pages of `context`, a Playwright `BrowserContext` of the async API, without the headers
        of requests that `left_out` names in lower case: those that are no page's, but a gate's."""
        self._page_recorders.append(PageTrafficRecorder(context, left_out))

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
    def recording(self, comment: str) -> Recording:
        """Returns what was recorded so far, without secrets and without who is signed in. `comment` says what it was
        recorded from.

        Raises `RecordingError` if a secret cannot be taken out.
        """
        entries = [exchange.entry() for exchange in self._exchanges]
        entries += [entry for recorder in self._page_recorders for entry in recorder.entries]
        for entry in entries:
            if places := random_fields(entry.request, self._random):
                entry.request.random = places
        entries.sort(key=lambda entry: entry.started)
        session = RecordedSession.from_session(self._session) if self._session is not None else None
        recording = Recording(entries=entries, comment=comment, chat=self._chat, session=session)
        return redact(recording, rules=self._rules, session=self._session, probe=self._probe)


def _is_connection_error(error: str) -> bool:
    name = error.partition(":")[0]
    kind = getattr(errors, name, None)
    if isinstance(kind, type):
        return issubclass(kind, errors.NetworkError)
    return name not in CALLER_STOPPED
