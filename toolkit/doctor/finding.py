"""One thing that was looked at, and how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

import msgspec

from toolkit.errors import ToolkitError

State = Literal["ok", "note", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """`about` is what was looked at, `what` how it is, in a sentence without secrets, `todo` what to do, if anything.

    A note is worth knowing and works; what is wrong does not, or is not safe.
    """

    about: str
    state: State
    what: str
    todo: str = ""


async def run_check(about: str, seconds: float, look: Awaitable[list[Finding]]) -> list[Finding]:
    """What `look` finds within `seconds`; that it fails, or takes longer, is a finding too."""
    try:
        async with asyncio.timeout(seconds):
            return await look
    except ToolkitError as error:
        where = f" ({error.url})" if error.url else ""
        return [Finding(about, "wrong", f"{error.what}{where}", error.hint)]
    except TimeoutError:
        return [Finding(about, "wrong", f"There was no result within {seconds:g} s.", "See what holds it up.")]
