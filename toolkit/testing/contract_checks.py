"""The checks of the contract of providers: a recorded call is replayed unchanged, in other chunks, cut, with every
fault, and cancelled. `toolkit.testing.contract` says what the laws are."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from traceback import walk_tb

from msgspec import UNSET
from msgspec.structs import replace
from yarl import URL

from toolkit.errors import (
    BadRequest,
    EmptyAnswer,
    LoginRequired,
    ReplayMismatch,
    ToolkitError,
    UsageError,
    redact_url,
)
from toolkit.har.model import Entry, Recording
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.providers.model_lists import NO_LIST
from toolkit.replay.certificate_authority import CertificateAuthority, temporary_authority
from toolkit.testing.fault_injection import (
    CLOSED_AS_COMPLETE,
    FAULTS,
    LOST,
    REFUSALS,
    SILENCE,
    SOCKET_CLOSES,
    SOCKET_FAULTS,
    Fault,
    break_connection,
    say_in_the_middle,
    server_frames,
    with_body,
    with_frames,
)
from toolkit.testing.frames import frame_ends
from toolkit.testing.leak_detection import detect_leaks
from toolkit.testing.replayed_call import Call, Outcome, replay_call

SLOWNESS = (1.0, 10.0, 100.0)  # of the machine, for a deadline that passes before the fault that it is to meet
CUTS = 8  # frames at the end of the answer after which it is cut
CREDENTIALS = ("cookie", "authorization")
SHOWN = 10  # violations that an error lists, and after which the checks stop


def _note_missing_lists(kind: type[Provider], missing: list[BadRequest]) -> type[Provider]:
    """`kind`, which adds to `missing` each answer to its `list_models` that says that the site has no such list. A call
    may go on after it, with the models that the provider knows."""

    class Noting(kind):  # type: ignore[misc, valid-type]
        async def list_models(self, http: Transport) -> tuple[str, ...]:
            try:
                return await super().list_models(http)  # type: ignore[no-any-return]
            except BadRequest as error:
                if error.status == NO_LIST and self.known_models:
                    missing.append(error)
                raise

    return Noting if kind.list_models is not Provider.list_models else kind


class _EnoughViolations(Exception):
    """Ends the checks: further violations would not help, or finding them would take long."""


class ContractCheck:
    """Checks the laws for one provider. `run` returns the violations, a sentence for each."""

    def __init__(
        self, kind: type[Provider], recording: Recording, answer: str | None, error_events: tuple[bytes, ...] = ()
    ) -> None:
        if recording.chat is None or recording.session is None:
            raise UsageError("This recording does not tell which call was made.", hint="Make it by `toolkit record`.")
        if recording.chat.provider != kind.name:
            raise UsageError(f"This is a recording of {recording.chat.provider}, and not of {kind.name}.")
        self._kind, self._recording, self._answer = kind, recording, answer
        self._error_events = (*kind.error_events, *error_events)
        self._call_entries = [i for i, entry in enumerate(recording.entries) if entry.pageref is UNSET]
        self._cleanup: set[str] = set()  # the requests that delete what the call created at the site
        self._created_at = 0  # the number of the request that creates it
        self._violations: list[str] = []
        self._authority: CertificateAuthority

    async def run(self) -> list[str]:
        asyncio.get_running_loop().slow_callback_duration = math.inf  # a slow machine is no violation
        with temporary_authority() as self._authority:
            return await self._run()

    async def _run(self) -> list[str]:
        async with detect_leaks() as leaks:
            if (replayed := await self._check_replay()) is not None:
                with suppress(_EnoughViolations):
                    await self._check_chunking(replayed.text)
                    for number in range(replayed.asked_at_first):
                        more = SOCKET_FAULTS if self._entry(number).is_socket else {}
                        for name, fault in (FAULTS | more).items():
                            if name == CLOSED_AS_COMPLETE and not self._kind.marks_end:
                                continue  # that is how the answers of this site end
                            await self._check_fault(number, name, fault)
                        await self._check_cancellation(number)
                        await self._check_refused_session(number)
                    await self._check_cuts(replayed)
                    await self._check_error_events(replayed)
                    await self._check_early_exit()
        return self._violations + [f"nothing is left behind: {one}" for one in leaks]

    async def _replay(self, recording: Recording, call: Call, kind: type[Provider] | None = None) -> Outcome:
        """The outcome of the recorded call, by the provider or by `kind`."""
        return await replay_call(kind or self._kind, recording, call, self._authority)

    async def _check_replay(self) -> Outcome | None:
        """Check the replay without faults. Returns its outcome, or None if it violates a law: then nothing else can be
        checked."""
        law = "the recorded call, replayed, gives the recorded answer"
        if iscoroutinefunction(self._kind.stream):
            self._report(f"{law}: `stream` is an async generator, and this one has no `yield`")
            return None
        outcome = await self._replay(self._recording, Call(strict=True))
        if isinstance(outcome.error, EmptyAnswer) and not outcome.differences:
            self._report(f"{law}: it gave no text (what `stream` yields is `str`, or an event)")
        elif outcome.error is not None or outcome.differences:
            self._report(*(f"{law}: {one}" for one in self._causes(outcome)))
        elif self._answer not in (None, outcome.text):
            self._report(f"{law}: it gave {outcome.text!r} instead of {self._answer!r}")
        else:
            self._cleanup = set(outcome.asked[outcome.asked_at_first :])
            self._created_at = self._find_creating_request(outcome.asked_at_first)
            return outcome
        return None

    def _causes(self, outcome: Outcome) -> Iterable[str]:
        """Why the replay went wrong. What was not asked for after an error is no cause."""
        if isinstance(outcome.error, ReplayMismatch):
            return (str(outcome.error),)
        if outcome.error is not None:
            return (self._describe_error(outcome.error),)
        return outcome.differences

    def _find_creating_request(self, first: int) -> int:
        """The number of the request that creates what the cleanup deletes. `first` is the number of the first cleanup
        request.

        It is the request whose answer contains an id that is in a cleanup's URL; without such an id, the last one
        before the request for the answer.
        """
        after = [self._entry(number).request for number in range(first, len(self._call_entries))]
        ids = {part for one in after for part in (*URL(one.url).query.values(), *URL(one.url).parts) if len(part) > 5}
        bodies = [self._entry(number).response.content.body().decode("utf-8", "replace") for number in range(first - 1)]
        return next((number for number, text in enumerate(bodies) if any(part in text for part in ids)), first - 2)

    async def _check_chunking(self, text: str) -> None:
        for how, size in (("of one byte", 1), ("of seven bytes", 7), ("all at once", None)):
            entries = [
                with_body(entry, entry.response.content.body(), size)
                if i in self._call_entries and not entry.is_socket
                else entry
                for i, entry in enumerate(self._recording.entries)
            ]
            outcome = await self._replay(replace(self._recording, entries=entries), Call(separate_chunks=True))
            if outcome.error is not None or outcome.text != text:
                got = repr(outcome.error or outcome.text)
                self._report(f"the text does not depend on its pieces: in pieces {how} it is {got}")

    async def _check_fault(self, number: int, name: str, fault: Fault) -> None:
        where = f"{name} at {self._describe_request(number)}"
        call = Call(short_deadline=fault.hangs, short_cleanup_deadline=fault.hangs and number <= self._created_at)
        missing_lists: list[BadRequest] = []
        kind = _note_missing_lists(self._kind, missing_lists)
        for slowness in SLOWNESS:
            faulty = self._with_fault(number, fault.apply)
            outcome = await self._replay(faulty, call._replace(slowness=slowness), kind)
            if not fault.hangs or len(outcome.asked) > number:
                break  # else the machine is so slow that the deadline has passed before the fault
        harmless = bool(missing_lists) or fault.is_harmless(self._entry(number))
        if outcome.error is None and not harmless:
            self._report(f"what goes wrong is an error: with {where} it gave {outcome.text!r} as if it were whole")
        elif outcome.error is not None and not isinstance(outcome.error, ToolkitError):
            self._report(f"an error is a ToolkitError: with {where} {self._describe_error(outcome.error)}")
        self._check_cleanup(outcome, f"with {where}", number)

    async def _check_refused_session(self, number: int) -> None:
        entry = self._entry(number)
        if not any(pair.name.lower() in CREDENTIALS for pair in entry.request.headers):
            return
        for name, refuse in REFUSALS.items():
            outcome = await self._replay(self._with_fault(number, refuse), Call())
            if not isinstance(outcome.error, LoginRequired):
                got = repr(outcome.error or outcome.text)
                where = f"{name} at {self._describe_request(number)}"
                self._report(f"a session that the site refuses is a LoginRequired: with {where} it gave {got}")

    async def _check_cuts(self, replayed: Outcome) -> None:
        number = replayed.asked_at_first - 1
        entry = self._entry(number)
        if entry.is_socket:
            await self._check_socket_cuts(number, replayed.text)
            return
        for end in frame_ends(entry)[-CUTS:] if self._kind.marks_end else ():
            outcome = await self._replay_with_body(number, entry.response.content.body()[:end])
            if outcome.error is None and outcome.text != replayed.text:
                where = f"after byte {end} of the answer to {self._describe_request(number)}"
                self._report(f"what is cut is an error: cut {where} it gave {outcome.text!r} as if it were whole")
                return  # the cuts before this one show no more

    async def _check_socket_cuts(self, number: int, text: str) -> None:
        for place in server_frames(self._entry(number))[-CUTS:] if self._kind.marks_end else ():
            for close in (SOCKET_CLOSES["as complete"], LOST):
                cut = partial(with_frames, cut=[place], close=close)
                outcome = await self._replay(self._with_fault(number, cut), Call())
                if outcome.error is None and outcome.text != text:
                    where = f"before frame {place + 1} of {self._describe_request(number)}, and closed by {close.by}"
                    self._report(f"what is cut is an error: cut {where}, it gave {outcome.text!r} as if it were whole")
                    return

    async def _check_error_events(self, replayed: Outcome) -> None:
        number = replayed.asked_at_first - 1
        body = self._entry(number).response.content.body()
        ends = frame_ends(self._entry(number))
        middle = ends[len(ends) // 2] if ends else 0
        for event in self._error_events:
            if self._entry(number).is_socket:
                faulty = self._with_fault(number, say_in_the_middle(event))
                outcome = await self._replay(faulty, Call())
            else:
                outcome = await self._replay_with_body(number, body[:middle] + event)
            if not isinstance(outcome.error, ToolkitError):
                where = f"within the answer to {self._describe_request(number)}"
                got = repr(outcome.error or outcome.text)
                self._report(f"a failure that the site reports is an error: with {event!r} {where} it gave {got}")

    async def _replay_with_body(self, number: int, body: bytes) -> Outcome:
        """The outcome where the site sends `body` as its whole answer to the request of that number."""
        return await self._replay(self._with_fault(number, partial(with_body, body=body)), Call())

    async def _check_cancellation(self, number: int) -> None:
        where = f"cancelled at {self._describe_request(number)}"
        call = Call(cancel_at=number, short_cleanup_deadline=number <= self._created_at)
        outcome = await self._replay(self._with_fault(number, break_connection(SILENCE)), call)
        if not outcome.cancelled:
            got = repr(outcome.error or outcome.text)
            self._report(f"a call that is cancelled ends: {where}, it went on and came to {got}")
        self._check_cleanup(outcome, where, number)

    async def _check_early_exit(self) -> None:
        outcome = await self._replay(self._recording, Call(stop_after_first=True))
        if outcome.error is not None:
            self._report(f"an answer can be left half-read: {self._describe_error(outcome.error)}")
        self._check_cleanup(outcome, "left after the first piece")

    def _check_cleanup(self, outcome: Outcome, when: str, number: int | None = None) -> None:
        if outcome.open:
            self._report(f"the connection is closed: {when}, still open was {', '.join(outcome.open)}")
        if (number is None or number > self._created_at) and (missing := sorted(self._cleanup - set(outcome.asked))):
            self._report(f"what was made is taken away: {when}, it did not ask {', '.join(missing)}")
        self._report(*(f"nothing is left behind: {when}, {one}" for one in outcome.leaks))
        if outcome.open or len(self._violations) >= SHOWN:
            raise _EnoughViolations

    def _report(self, *violations: str) -> None:
        self._violations += violations

    def _describe_error(self, error: Exception) -> str:
        """Says what was raised, and at which line of the provider."""
        file = sys.modules[self._kind.__module__].__file__
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
        return f"it raised {error!r}" + (f" (line {lines[-1]} of {Path(str(file)).name})" if lines else "")

    def _entry(self, number: int) -> Entry:
        return self._recording.entries[self._call_entries[number]]

    def _describe_request(self, number: int) -> str:
        entry = self._entry(number)
        return f"request {number + 1} ({entry.request.method} {redact_url(entry.request.url)})"

    def _with_fault(self, number: int, apply: Callable[[Entry], Entry]) -> Recording:
        entries = list(self._recording.entries)
        entries[self._call_entries[number]] = apply(entries[self._call_entries[number]])
        return replace(self._recording, entries=entries)
