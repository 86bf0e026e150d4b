"""How old a recording is, and how old it may be. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from toolkit.errors import RecordingError, UsageError
from toolkit.har.model import Recording

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=36500)


def parse_age(text: str) -> timedelta:
    """Returns the age that `text` tells: a whole number of hours, days or weeks, such as `12h`, `90d`, `8w`.

    Raises `UsageError` for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,6})([hdw])", text.strip())
    age = int(match[1]) * UNITS[match[2]] if match else timedelta(0)
    if not timedelta(0) < age <= LONGEST:
        raise UsageError(f"{text!r} is no age: write a number of hours, days or weeks, such as 12h, 90d or 8w.")
    return age


def check_age(recording: Recording, allowed: timedelta, now: datetime) -> None:
    """Raises `RecordingError` if the first exchange of `recording` was made longer than `allowed` before `now`."""
    if not recording.entries:
        return
    started = recording.entries[0].started
    age = now - (started if started.tzinfo is not None else started.replace(tzinfo=UTC))
    if age > allowed:
        raise RecordingError(
            f"The recording {recording.path} is {_describe(age)} old, and {_describe(allowed)} are allowed.",
            hint=f"`toolkit recording drift {recording.path}` tells what has changed since; record it anew.",
        )


def _describe(age: timedelta) -> str:
    """Returns `age` in words: in days, or below two of these in hours."""
    hours = age // UNITS["h"]
    return f"{age.days} days" if hours >= 48 else f"{hours} hours"
