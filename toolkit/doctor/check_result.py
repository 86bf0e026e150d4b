"""The result of one check, and the call that runs a check within a time limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

import msgspec

from toolkit.errors import ToolkitError

log = logging.getLogger("toolkit")

State = Literal["ok", "note", "wrong"]


class CheckResult(msgspec.Struct, frozen=True):
    """What one check found. A "note" works but is worth knowing; what is "wrong" does not work, or is not safe.

    `about` names what was checked, such as "store". `what` is a sentence that says how it is, without secrets. `todo`
    is what to do about it, empty where nothing is needed.
    """

    about: str
    state: State
    what: str
    todo: str = ""


async def run_check(about: str, seconds: float, check: Awaitable[list[CheckResult]]) -> list[CheckResult]:
    """Await `check` and return its results. Any error, or more than `seconds`, becomes a result too."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are made, and all are shown
        if isinstance(error, TimeoutError) and not isinstance(error, ToolkitError) and error.errno is None:
            return [CheckResult(about, "wrong", f"There was no result within {seconds:g} s.", "See what holds it up.")]
        return [_failure(about, error)]


def run_quick_check(about: str, check: Callable[[], Iterable[CheckResult]]) -> list[CheckResult]:
    """Call `check`, which waits for nothing, and return its results. Any error becomes a result too."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - as in `run_check`
        return [_failure(about, error)]


def _failure(about: str, error: Exception) -> CheckResult:
    """The result for an error of a check. The text of one that is not ours is not shown: it can hold anything."""
    log.debug("the check of %s has failed", about, exc_info=error)
    if isinstance(error, ToolkitError):
        where = f" ({error.url})" if error.url else ""
        return CheckResult(about, "wrong", f"{error.what}{where}", error.hint)
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return CheckResult(about, "wrong", f"{error.strerror or type(error).__name__}{place}.", "See why that is so.")
    what = f"This check has failed ({type(error).__name__})."
    return CheckResult(about, "wrong", what, "This is a bug of the toolkit; `--debug` shows where.")
