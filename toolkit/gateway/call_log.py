"""The calls of a server: how many are under way, and the last ones that have ended. Nothing of what was asked or
answered is kept, and nothing outlives the process."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

import msgspec

from toolkit.errors import ToolkitError
from toolkit.gateway.answer_summary import AnswerUsage
from toolkit.gateway.error_answers import told_error
from toolkit.gateway.served_models import ServedSite

KEPT = 200  # calls
MODEL_CHARACTERS = 80  # of the name that a client says, which may be anything
OK = "ok"
CANCELLED = "cancelled"  # the client has gone, or the server has ended
_PROGRAM = re.compile(r"[A-Za-z][\w.-]{0,39}(/[\w.-]{1,20})?", re.ASCII)


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call at a site. `began` is in seconds since 1970, `seconds` how long it took, and `first_piece` how long it
    took until the answer began; None for one that never did. `model` is the name that the client said, `client` which
    program it is. `outcome` is `ok`, `cancelled`, or the code of the error that the client was told. The tokens are
    None where the answer did not come to its end; `estimated` says that they are counted here."""

    began: float
    model: str
    site: ServedSite
    client: str
    stream: bool
    outcome: str
    seconds: float
    first_piece: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    estimated: bool


class RunningCall:
    """A call that is under way, to `site` for the `model` of the client `client`. See `CallLog.record`."""

    __slots__ = ("_began", "_client", "_log", "_model", "_site", "_start", "_stream", "first_piece", "outcome", "usage")

    def __init__(self, log: CallLog, site: ServedSite, model: str, client: str, *, stream: bool) -> None:
        self._log, self._site, self._model, self._client, self._stream = log, site, model, client, stream
        self._began, self._start = time.time(), time.perf_counter()
        self.first_piece: float | None = None
        self.outcome = OK
        self.usage: AnswerUsage | None = None

    def __enter__(self) -> RunningCall:
        self._log.waiting += 1
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.fail(error)
        if self.first_piece is None:
            self._log.waiting -= 1
        else:
            self._log.streams -= self._stream
        self._log.add(self._record())

    def _record(self) -> CallRecord:
        usage = self.usage
        return CallRecord(
            began=self._began,
            model=self._model[:MODEL_CHARACTERS],
            site=self._site,
            client=self._client,
            stream=self._stream,
            outcome=self.outcome,
            seconds=self.seconds,
            first_piece=self.first_piece,
            prompt_tokens=usage and usage.prompt,
            completion_tokens=usage and usage.completion,
            estimated=usage is not None and usage.estimated,
        )

    def begin_answer(self) -> None:
        """Something of the answer is there, for the first time or again."""
        if self.first_piece is None:
            self.first_piece = self.seconds
            self._log.waiting -= 1
            self._log.streams += self._stream

    def fail(self, error: BaseException) -> None:
        """The call has ended by `error`."""
        self.outcome = outcome_of(error)

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self._start


class CallLog:
    """The calls of one server. `waiting` are those without any of their answer, `streams` the streamed answers on their
    way, `recent` the last ones that have ended, the newest at the end. Each of `listeners` gets every record."""

    def __init__(self) -> None:
        self.waiting = 0
        self.streams = 0
        self.recent: deque[CallRecord] = deque(maxlen=KEPT)
        self.listeners: list[Callable[[CallRecord], None]] = []

    def record(self, site: ServedSite, model: str, user_agent: str, *, stream: bool) -> RunningCall:
        """For `with`: gives the call that the block makes, which is recorded at its end. Errors pass through."""
        return RunningCall(self, site, model, program_of(user_agent), stream=stream)

    def add(self, record: CallRecord) -> None:
        """Note a call that has ended."""
        self.recent.append(record)
        for listener in self.listeners:
            listener(record)


def outcome_of(error: BaseException) -> str:
    """The outcome of a call that ended by `error`."""
    if not isinstance(error, Exception):
        return CANCELLED
    if isinstance(error, ConnectionError) and not isinstance(error, ToolkitError):  # the client's, not the site's
        return CANCELLED
    return told_error(error).code


def program_of(user_agent: str) -> str:
    """The program that `user_agent` names first, with its version; empty for none. What follows it may be anything."""
    found = _PROGRAM.match(user_agent)
    return found[0] if found is not None else ""
