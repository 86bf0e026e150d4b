"""The contract of providers: what every one keeps, shown by a recorded call, replayed well and in every bad way."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from inspect import iscoroutinefunction
from pathlib import Path
from traceback import walk_tb

from msgspec import UNSET
from msgspec.structs import replace
from yarl import URL

from toolkit.errors import RecordingError, ToolkitError, UsageError, redact_url
from toolkit.har.model import Entry, Recording
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.recording.files import load
from toolkit.testing.fault_injection import FAULTS, SILENCE, Fault, broken, with_body
from toolkit.testing.leak_detection import detect_leaks
from toolkit.testing.replayed_call import Call, Outcome, replay_call

SHOWN = 10


def provider_contract(
    provider: str | type[Provider], recording: Path | str | Recording, *, answer: str | None = None
) -> None:
    """Check that `provider` keeps what every provider has to. In a test, of whatever kind:

        def test_contract():
            provider_contract(MySite, "mysite.har", answer="The answer that was recorded.")

    `recording` is a file that `toolkit record` made, looked for beside the file that calls this. The laws:

    - replayed, it asks what was recorded, and gives the `answer` (any text, if that is not told);
    - however the bodies are cut into pieces, the text is the same;
    - cancelled at any of its requests, or left half-read, it ends at once: the connection is closed, and what it made
      at the site for the call is taken away (by the requests that were recorded after the answer);
    - whatever goes wrong at any of its requests (see `toolkit.testing.fault_injection`), it raises a `ToolkitError`:
      nothing else, and no answer that looks complete;
    - nothing is left behind: no task, no warning.

    Raises `AssertionError` with every broken law, at which request and in which way; `RecordingError` and `UsageError`
    where the recording cannot be used. It runs in a thread and an event loop of its own.
    """
    if not isinstance(recording, Recording):
        caller = sys._getframe(1).f_globals.get("__file__")
        path = Path(caller).parent / recording if caller else Path(recording)
        if not path.exists():
            raise RecordingError(f"There is no recording {path}.", hint="Make it by `toolkit record`.")
        recording = load(path)
    kind = registry.find(provider) if isinstance(provider, str) else provider
    with ThreadPoolExecutor(1) as pool:
        wrong = pool.submit(asyncio.run, _Contract(kind, recording, answer).broken()).result()
    if wrong:
        more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        raise AssertionError("\n- ".join([f"{kind.__name__} does not keep to:", *wrong[:SHOWN], *more]))


class _Enough(Exception):
    """So much is wrong that more would help nobody, or would take long."""


class _Contract:
    """The laws for one provider; `broken` gives those that it does not keep, in words."""

    def __init__(self, kind: type[Provider], recording: Recording, answer: str | None) -> None:
        if recording.chat is None or recording.session is None:
            raise UsageError("This recording does not tell which call was made.", hint="Make it by `toolkit record`.")
        if recording.chat.provider != kind.name:
            raise UsageError(f"This is a recording of {recording.chat.provider}, and not of {kind.name}.")
        self._kind, self._recording, self._answer = kind, recording, answer
        self._own = [i for i, entry in enumerate(recording.entries) if entry.pageref is UNSET]
        self._cleanup: set[str] = set()  # the requests that tidy up at the site
        self._made = 0  # the number of the request from which on there is something to tidy up
        self._wrong: list[str] = []

    async def broken(self) -> list[str]:
        asyncio.get_running_loop().slow_callback_duration = math.inf  # time is nobody's fault here
        async with detect_leaks() as left:
            if (well := await self._replayed()) is not None:
                with suppress(_Enough):
                    await self._cut(well.text)
                    for number in range(well.asked_at_first):
                        for name, fault in FAULTS.items():
                            await self._struck(number, name, fault)
                        await self._cancelled(number)
                    await self._left()
        return self._wrong + [f"nothing is left behind: {one}" for one in left]

    async def _replayed(self) -> Outcome | None:
        """The good call; None where it is not good, so that nothing more can be said."""
        law = "the recorded call, replayed, gives the recorded answer"
        if iscoroutinefunction(self._kind.stream):
            self._tell(f"{law}: `stream` is an async generator, and this one has no `yield`")
            return None
        outcome = await replay_call(self._kind, self._recording, Call(strict=True))
        if outcome.error is not None or outcome.differences:
            raised = [] if outcome.error is None else [self._raised(outcome.error)]
            self._tell(*(f"{law}: {one}" for one in (*raised, *outcome.differences)))
        elif not outcome.text:
            self._tell(f"{law}: it gave no text (what `stream` yields is `str`, or an event)")
        elif self._answer not in (None, outcome.text):
            self._tell(f"{law}: it gave {outcome.text!r} instead of {self._answer!r}")
        else:
            self._cleanup = set(outcome.asked[outcome.asked_at_first :])
            self._made = self._maker(outcome.asked_at_first)
            return outcome
        return None

    def _maker(self, first: int) -> int:
        """The request whose answer tells what the requests after the answer name; else, the last before it."""
        after = [self._entry(number).request for number in range(first, len(self._own))]
        names = {name for one in after for name in (*URL(one.url).query.values(), *URL(one.url).parts) if len(name) > 5}
        told = [self._entry(number).response.content.body().decode("utf-8", "replace") for number in range(first - 1)]
        return next((number for number, text in enumerate(told) if any(name in text for name in names)), first - 2)

    async def _cut(self, text: str) -> None:
        for how, size in (("of one byte", 1), ("of seven bytes", 7), ("all at once", None)):
            entries = [
                with_body(entry, entry.response.content.body(), size) if i in self._own else entry
                for i, entry in enumerate(self._recording.entries)
            ]
            outcome = await replay_call(
                self._kind, replace(self._recording, entries=entries), Call(separate_chunks=True)
            )
            if outcome.error is not None or outcome.text != text:
                got = repr(outcome.error or outcome.text)
                self._tell(f"the text does not depend on its pieces: in pieces {how} it is {got}")

    async def _struck(self, number: int, name: str, fault: Fault) -> None:
        where = f"{name} at {self._place(number)}"
        call = Call(short_deadline=fault.hangs, short_cleanup_deadline=fault.hangs and number <= self._made)
        outcome = await replay_call(self._kind, self._with(number, fault.apply), call)
        if outcome.error is None and not fault.is_harmless(self._entry(number)):
            self._tell(f"what goes wrong is an error: with {where} it gave {outcome.text!r} as if it were whole")
        elif outcome.error is not None and not isinstance(outcome.error, ToolkitError):
            self._tell(f"an error is a ToolkitError: with {where} {self._raised(outcome.error)}")
        self._tidied(outcome, f"with {where}", number)

    async def _cancelled(self, number: int) -> None:
        where = f"cancelled at {self._place(number)}"
        call = Call(cancel_at=number, short_cleanup_deadline=number <= self._made)
        outcome = await replay_call(self._kind, self._with(number, broken(SILENCE)), call)
        if not outcome.cancelled:
            got = repr(outcome.error or outcome.text)
            self._tell(f"a call that is cancelled ends: {where}, it went on and came to {got}")
        self._tidied(outcome, where, number)

    async def _left(self) -> None:
        outcome = await replay_call(self._kind, self._recording, Call(stop_after_first=True))
        if outcome.error is not None:
            self._tell(f"an answer can be left half-read: {self._raised(outcome.error)}")
        self._tidied(outcome, "left after the first piece")

    def _tidied(self, outcome: Outcome, when: str, number: int | None = None) -> None:
        if outcome.open:
            self._tell(f"the connection is closed: {when}, still open was {', '.join(outcome.open)}")
        if (number is None or number > self._made) and (missing := sorted(self._cleanup - set(outcome.asked))):
            self._tell(f"what was made is taken away: {when}, it did not ask {', '.join(missing)}")
        self._tell(*(f"nothing is left behind: {when}, {one}" for one in outcome.leaks))
        if outcome.open or len(self._wrong) >= SHOWN:
            raise _Enough

    def _tell(self, *wrong: str) -> None:
        self._wrong += wrong

    def _raised(self, error: Exception) -> str:
        """What was raised, and at which line of the provider."""
        file = sys.modules[self._kind.__module__].__file__
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
        return f"it raised {error!r}" + (f" (line {lines[-1]} of {Path(str(file)).name})" if lines else "")

    def _entry(self, number: int) -> Entry:
        return self._recording.entries[self._own[number]]

    def _place(self, number: int) -> str:
        entry = self._entry(number)
        return f"request {number + 1} ({entry.request.method} {redact_url(entry.request.url)})"

    def _with(self, number: int, apply: Callable[[Entry], Entry]) -> Recording:
        entries = list(self._recording.entries)
        entries[self._own[number]] = apply(entries[self._own[number]])
        return replace(self._recording, entries=entries)
