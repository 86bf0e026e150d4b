"""Makes up what a site's page makes up for a call: random ids, and the time as a page tells it."""

from __future__ import annotations

import secrets
import string
import time
from datetime import UTC, datetime

LOWER = string.ascii_lowercase + string.digits
ALNUM = string.ascii_letters + string.digits
DIGITS = string.digits


def random_text(length: int, alphabet: str = LOWER) -> str:
    """So many random characters of `alphabet`."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def now_ms() -> int:
    """The time in milliseconds since 1970, as `Date.now()`."""
    return int(time.time() * 1000)


def now_iso(timespec: str = "milliseconds") -> str:
    """The time as `new Date().toISOString()`; `timespec` is that of `datetime.isoformat`."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
