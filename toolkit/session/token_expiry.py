"""When a token ends, by its own words or by those of the page that keeps it. Pure."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from toolkit.session.browser_session import FAR_FUTURE
from toolkit.streams.json_decoding import JSON_ERRORS

MILLISECONDS = 1e11  # a time since 1970 that is larger is in milliseconds: as seconds it is in the year 5138


class _Claims(msgspec.Struct):
    """The claim of a JWT that says when it expires (RFC 7519, section 4.1.4)."""

    exp: float


def jwt_expiry(text: str) -> float | None:
    """The `exp` of a JWT in seconds since 1970 by its issuer's clock, at least 0; None if `text` is not a JWT with an
    `exp` up to the year 9999. The token may be quoted for a URL or for JSON, and may follow the word `Bearer`."""
    token = unquote(text).strip().strip('"').removeprefix("Bearer ").removeprefix("bearer ")
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        expires = msgspec.json.decode(claims, type=_Claims).exp
    except JSON_ERRORS:
        return None
    return max(expires, 0.0) if expires <= FAR_FUTURE else None


def written_time(value: Any) -> float | None:
    """The time that a page has written down, in seconds since 1970: a number of seconds or milliseconds, also as text,
    or a date of ISO 8601. None for anything else, and for what is after the year 9999."""
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = _iso_time(value)
    seconds = seconds / 1000 if seconds > MILLISECONDS else seconds
    return seconds if math.isfinite(seconds) and 0 < seconds <= FAR_FUTURE else None


def write_time(seconds: float, like: Any) -> Any:
    """`seconds` since 1970 in the form of `like`, the time that a page has written down."""
    if like is None:
        return int(seconds)
    if isinstance(like, str) and not _is_number(like):
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    number = int(seconds * 1000) if float(like) > MILLISECONDS else int(seconds)
    return str(number) if isinstance(like, str) else number


def _iso_time(value: Any) -> float:
    try:
        when = datetime.fromisoformat(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
