"""The result of one check, and the call that runs a check within a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

import msgspec

from toolkit.errors import ToolkitError

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
    """Await `check` and return its results. An error of the toolkit, or more than `seconds`, becomes a result too."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except ToolkitError as error:
        where = f" ({error.url})" if error.url else ""
        return [CheckResult(about, "wrong", f"{error.what}{where}", error.hint)]
    except TimeoutError:
        return [CheckResult(about, "wrong", f"There was no result within {seconds:g} s.", "See what holds it up.")]
