"""Times and lengths of time, as tables and messages show them."""

from __future__ import annotations

from datetime import datetime

DAY = 86400.0  # seconds
UNITS = (("d", DAY), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
LATEST = 253_370_764_800.0  # the first of January 9999: the year that follows overflows in some time zones


def format_time(seconds: float) -> str:
    """Formats a time, given in seconds since 1970, by this machine's clock. Times after `LATEST` are shown as that, and
    earlier ones than 1970 as its beginning."""
    return datetime.fromtimestamp(max(0.0, min(seconds, LATEST))).strftime("%Y-%m-%d %H:%M")


def format_duration(seconds: float) -> str:
    """Formats a length of time in its largest whole unit, such as `3 d`. A negative one is shown as 0."""
    unit, length = next(((unit, length) for unit, length in UNITS if seconds >= length), UNITS[-1])
    return f"{max(0, int(seconds // length))} {unit}"
