"""An HTTP error status, as one of our errors: which one, and what the site says about it. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from typing import Any

import msgspec

from toolkit.errors import BadRequest, LoginRequired, ProxyFailed, RateLimited, ServiceUnavailable, ToolkitError

EXCERPT = 300
Errors = Mapping[int, type[ToolkitError]]

# Where sites put the sentence that explains a refusal, most telling first.
_TELLING = ("message", "error", "detail", "msg")


def error_for(status: int, special: Errors | None = None) -> type[ToolkitError]:
    """The class of error for `status` (400 and above); `special` holds what a provider knows better."""
    if special and status in special:
        return special[status]
    if status == 401:
        return LoginRequired
    if status == 407:  # of a proxy that is asked without a tunnel
        return ProxyFailed
    if status == 429:
        return RateLimited
    return ServiceUnavailable if status >= 500 else BadRequest


def explanation(reason: str, body: bytes) -> str:
    """What the site says about its refusal, in one line of at most 300 characters: from a JSON body, else the body if
    it is short plain text that says more than the reason phrase, else the reason phrase."""
    text = body.decode("utf-8", "replace").strip()
    try:
        told = _told(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = "" if text.startswith("<") or text.lower() in ("", "error") else text
    parts = [reason.strip(), told]
    line = ": ".join(part for i, part in enumerate(parts) if part and part not in parts[:i])
    line = " ".join(line.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def _told(document: Any) -> str:
    """The sentence in a JSON document: Open Assistant's `message` is a string or a list of {loc, msg, type}."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(filter(None, map(_told, document)))
    if isinstance(document, dict):
        where = ".".join(str(part) for part in document.get("loc", ())) if isinstance(document.get("loc"), list) else ""
        for key in _TELLING:
            if told := _told(document.get(key)):
                return f"{where}: {told}" if where else told
    return ""


def retry_after(value: str | None, now: float) -> float | None:
    """The `Retry-After` header in seconds from `now`: a number of seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
