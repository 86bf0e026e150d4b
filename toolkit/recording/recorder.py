"""Records exchanges at their two ends: our own calls as they are made, and the traffic of a browser's pages.

    recorder = Recorder()
    recorder.watch(context)                      # a Playwright context (async API)
    ...                                          # visit, harvest; call with `Transport(..., recorder=recorder)`
    await recorder.drain()
    save(recorder.recording("what it was recorded from"), "file.har")

The recording comes out without secrets (see `toolkit.redaction.redact`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from toolkit import errors
from toolkit.har.build import Headers, make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording, Timings
from toolkit.recording.page_recorder import PageWatcher
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.replay.matching import random_fields
from toolkit.session.value import BrowserSession

OWN_DOING = ("CancelledError", "GeneratorExit", "KeyboardInterrupt")


class Exchange:
    """One call of ours, told step by step. Times are taken when it is told."""

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
        """The answer has begun."""
        self._status, self._reason, self._headers = status, reason, list(headers)
        self._http_version = http_version
        self._wait = self._length = self._now()

    def chunk(self, data: bytes) -> None:
        """One chunk of the body, decoded where it has a Content-Encoding."""
        self._length = self._now()
        self._chunks.append((self._length - self._wait, data))

    def end(self, error: str | None = None) -> None:
        """The exchange is over. `error` is the name, or `Name: text`, of what ended it, None for its own end.

        Only what befell the connection is kept. That the caller stopped reading, or read an error out of the answer,
        is no fault that replay should repeat.
        """
        self._length = self._now()
        self._error = error if error and _befell_the_connection(error) else None

    def entry(self) -> Entry:
        """The exchange so far."""
        answer = make_response(self._status, self._reason, self._headers, self._chunks, http_version=self._http_version)
        return Entry(
            started=self.started,
            request=self._request,
            response=answer,
            time=round(self._length, 1),
            timings=Timings(wait=round(self._wait, 1), receive=round(self._length - self._wait, 1)),
            error=self._error,
        )

    def _now(self) -> float:
        return (time.perf_counter() - self._clock) * 1000


class Recorder:
    """Collects exchanges. They are ordered by when they started, whichever end told of them.

    `random` names what a provider makes up anew for each call, as `query.NAME` or `body.NAME`. `rules` are the user's
    for redaction.
    """

    def __init__(self, *, random: Iterable[str] = (), rules: Rules | None = None) -> None:
        self._random = tuple(random)
        self._rules = rules
        self._chat: RecordedChat | None = None
        self._session: BrowserSession | None = None
        self._exchanges: list[Exchange] = []
        self._watchers: list[PageWatcher] = []

    def begin(self, method: str, url: str, headers: Headers, body: bytes) -> Exchange:
        """A call of ours starts now. `body` is empty where it has none."""
        exchange = Exchange(method, url, headers, body)
        self._exchanges.append(exchange)
        return exchange

    def record_chat(self, session: BrowserSession, messages: list[dict[str, str]], base_url: str | None) -> None:
        """A chat call begins, with `session`. The recording tells of the first one."""
        if self._chat is None:
            self._chat = RecordedChat(provider=session.provider, messages=messages, base_url=base_url)
            self._session = session

    def watch(self, context: Any) -> None:
        """Record what the pages of `context` exchange from now on: a Playwright `BrowserContext` of the async API."""
        self._watchers.append(PageWatcher(context))

    async def drain(self) -> None:
        """Wait until everything that the pages have exchanged so far is read. Call it while the context is open."""
        for watcher in self._watchers:
            await watcher.drain()

    async def aclose(self) -> None:
        """Stop watching, and drop what has not been read yet."""
        for watcher in self._watchers:
            await watcher.aclose()

    def recording(self, comment: str) -> Recording:
        """What was recorded so far, without secrets. `comment` says what it was recorded from.

        Raises `RecordingError` where a secret cannot be taken out.
        """
        entries = [exchange.entry() for exchange in self._exchanges]
        entries += [entry for watcher in self._watchers for entry in watcher.entries]
        for entry in entries:
            if places := random_fields(entry.request, self._random):
                entry.request.random = places
        entries.sort(key=lambda entry: entry.started)
        began = RecordedSession.from_session(self._session) if self._session is not None else None
        recording = Recording(entries=entries, comment=comment, chat=self._chat, session=began)
        return redact(recording, rules=self._rules, session=self._session)


def _befell_the_connection(error: str) -> bool:
    name = error.partition(":")[0]
    kind = getattr(errors, name, None)
    if isinstance(kind, type):
        return issubclass(kind, errors.NetworkError)
    return name not in OWN_DOING
