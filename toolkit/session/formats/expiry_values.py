"""When a cookie expires, in the spellings of the programs that write cookies. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from toolkit.session.browser_session import FAR_FUTURE
from toolkit.session.cookie_dates import parse_cookie_date

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
SECONDS_1601_TO_1970 = 11_644_473_600
# No date has so many seconds (they end with the year 9999), milliseconds, microseconds; each of these is one of
# another unit, in this century.
MAX_SECONDS, MAX_MILLISECONDS, MAX_MICROSECONDS = FAR_FUTURE, 1e14, 1e16


def read_expiry(told: object) -> float | None:
    """When a cookie expires that is said to expire at `told`, in seconds since 1970; None for a session cookie.

    `told` is a number, as such or as text: seconds or milliseconds or microseconds since 1970, or microseconds since
    1601 as in Chromium's files; or a date, of ISO 8601 or HTTP. A session cookie is one without an expiry: nothing, 0,
    a negative number (Playwright has -1), the word "session". Raises `ValueError` for anything else.
    """
    if isinstance(told, str):
        text = told.strip()
        if text.lower() in ("", "session"):
            return None
        told = float(text) if NUMBER.fullmatch(text) else _read_date(text)
    if told is None or told is False:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ValueError("not a time")
    seconds = _in_seconds(float(max(min(told, 1e18), -1.0)))  # within what a float can hold, which an int may not be
    return min(seconds, FAR_FUTURE) if seconds > 0 else None


def _in_seconds(number: float) -> float:
    if number <= MAX_SECONDS:
        return number
    if number <= MAX_MILLISECONDS:
        return number / 1e3
    return number / 1e6 - (SECONDS_1601_TO_1970 if number > MAX_MICROSECONDS else 0)


def _read_date(text: str) -> float:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        if (seconds := parse_cookie_date(text)) is None:
            raise ValueError("not a date") from None
        return seconds
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
