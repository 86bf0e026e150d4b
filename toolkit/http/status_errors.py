"""An HTTP error status, as one of our errors: which one, and what the site says about it. Pure."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from toolkit.errors import BadRequest, LoginRequired, ProxyFailed, RateLimited, ServiceUnavailable, ToolkitError
from toolkit.http.excerpts import format_excerpt
from toolkit.streams.json_decoding import JSON_ERRORS

EXCERPT = 300
# By status, or by status and a part of what the site says about it.
Errors = Mapping[int | tuple[int, str], type[ToolkitError]]

# Where sites put the sentence that explains a refusal, most telling first.
_TELLING = ("message", "error", "detail", "msg")


def error_for(status: int, special: Errors | None = None, told: str = "") -> type[ToolkitError]:
    """The class of error for `status` (400 and above) and what the site has `told` about it; `special` holds what a
    provider knows better."""
    for key, kind in (special or {}).items():
        if key == status or (isinstance(key, tuple) and key[0] == status and key[1] in told):
            return kind
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
    except JSON_ERRORS:
        told = "" if text.startswith("<") or text.lower() in ("", "error") else text
    parts = [reason.strip(), told]
    line = ": ".join(part for i, part in enumerate(parts) if part and part not in parts[:i])
    return format_excerpt(line)


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


def retry_after(headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """How long the site asks to wait, in seconds from `now`; None where it does not say.

    By `Retry-After`, a number of seconds or an HTTP date (RFC 9110, 10.2.3); by `retry-after-ms`, which some APIs send;
    else by a JSON body that has such a field, or by a sentence such as "try again in 1m30s".
    """
    value = headers.get("Retry-After", "").strip()
    if (seconds := _number(value)) is not None:
        return seconds
    if value:
        with suppress(ValueError, OverflowError):
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    if (milliseconds := _number(headers.get("retry-after-ms", "").strip())) is not None:
        return milliseconds / 1000
    with suppress(*JSON_ERRORS):
        if (seconds := _wait_in(msgspec.json.decode(body))) is not None:
            return seconds
    sentence = _SENTENCE.search(body.decode("utf-8", "replace"))
    return _duration(sentence[1]) if sentence else None


# The fields in which APIs say how long to wait, and how they write a while in words.
_WAITS = ("retry_after", "retryAfter", "retry-after", "retryDelay")
_PERIOD = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![a-z])", re.I)
_SENTENCE = re.compile(rf"\b(?:try again|retry|wait)\b[^.\d]{{0,40}}((?:{_PERIOD.pattern},?\s*(?:and\s+)?)+)", re.I)


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII) else None


def _duration(words: str) -> float | None:
    """`1m30.5s` in seconds; None where that says no duration."""
    periods = _PERIOD.findall(words)
    sizes = {"ms": 0.001, "mi": 60.0, "m": 60.0, "h": 3600.0, "s": 1.0}
    total = 0.0
    for number, unit in periods:
        unit = unit.lower()
        total += float(number) * (0.001 if unit.startswith("milli") else sizes.get(unit[:2], sizes[unit[0]]))
    return total if periods else None


def _wait_in(document: Any) -> float | None:
    """The wait that a JSON document tells in one of its fields, however deep."""
    parts = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in (document.get(name) for name in _WAITS) if isinstance(document, dict) else ():
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        if isinstance(value, str):
            return _number(value) if _number(value) is not None else _duration(value)
    return next((seconds for part in parts if (seconds := _wait_in(part)) is not None), None)
