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
from typing import Any, NamedTuple

import msgspec

from toolkit.chats.messages import ChatRequest
from toolkit.har.message_builders import Headers
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.recording.exchange import Exchange
from toolkit.recording.lean import leave_out_page
from toolkit.recording.page_recorder import PageTrafficRecorder
from toolkit.recording.saved_things import without_saved_things
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.replay.body_matching import random_fields
from toolkit.replay.engine_io_merge import frame_places, has_frames
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Site
from toolkit.session.slim_session import slim


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

    `random` names what a provider generates for each call, as `query.NAME`, `body.NAME` or `frames.EVENT.NAME`, and
    `uncompared` what in frames a replay does not compare (see `toolkit.har.frames`). `rules` are the user's rules for
    redaction. With `page`, all that pages fetch is recorded, so that a browser can be replayed to.
    """

    def __init__(
        self,
        *,
        random: Iterable[str] = (),
        uncompared: Iterable[str] = (),
        rules: Rules | None = None,
        page: bool = False,
    ) -> None:
        self._random = tuple(random)
        self._uncompared = tuple(uncompared)
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

    async def ready(self) -> None:
        """Waits until the pages that are open are recorded as a whole. Call it before one of them goes anywhere."""
        for recorder in self._page_recorders:
            await recorder.ready()

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
            if places := random_fields(entry.request, self._random) + frame_places(entry, self._random):
                entry.request.random = places
            if self._uncompared and has_frames(entry):
                entry.request.uncompared = list(self._uncompared)
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
        typed = [password for recorder in self._page_recorders for password in recorder.typed_passwords]
        begun_with = call.session if call is not None else None
        return redact(recording, rules=self._rules, session=begun_with, probe=probe, typed=typed)


def _megabytes(entries: Iterable[Entry]) -> str:
    """Returns the size of all bodies, in words."""
    halves = ((one.request.body_size, one.response.content.size) for one in entries)
    return f"{sum(max(sent, 0) + got for sent, got in halves) / 1e6:.1f} MB"
