"""Reads the dates of cookies (RFC 6265bis, section 5.1.1) as Chromium does. Pure."""

from __future__ import annotations

import re
from datetime import MAXYEAR, UTC, datetime

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DELIMITERS = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
NUMBER = re.compile(r"[0-9]+")
TIME_OF_DAY = re.compile(r"([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})")


def parse_cookie_date(text: str) -> float | None:
    """The time of a cookie-date in seconds since 1970; None if `text` is not one.

    The parts of the date may come in any order, and other words are skipped. As in Chromium, nothing may be attached
    to a number, and a year has up to five digits and no lower bound.
    """
    time_of_day: re.Match[str] | None = None
    day = month = year = None
    for token in DELIMITERS.split(text):
        if NUMBER.fullmatch(token):
            if day is None and len(token) <= 2:
                day = int(token)
            elif year is None and len(token) <= 5:
                year = int(token)
        elif month is None and token[:3].lower() in MONTHS:
            month = MONTHS.index(token[:3].lower()) + 1
        else:
            time_of_day = time_of_day or TIME_OF_DAY.fullmatch(token)
    if time_of_day is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    hour, minute, second = map(int, time_of_day.groups())
    try:
        return datetime(min(year, MAXYEAR), month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
