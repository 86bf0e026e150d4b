"""How long a site asks to wait before the next request, read from the headers and the body of a refusal. Pure."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from toolkit.streams.json_decoding import JSON_ERRORS

LONGEST = 366 * 86_400.0  # seconds: a year, and so of any use to nobody
# The fields of a JSON body in which APIs say how long to wait.
_FIELDS = ("retry_after", "retryAfter", "retry-after", "retryDelay")
# A part of a duration in words, such as `1m` of `1m30.5s`; and a sentence that tells such a duration.
_PERIOD = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![a-z])", re.I)
_SENTENCE = re.compile(rf"\b(?:try again|retry|wait)\b[^.\d]{{0,40}}((?:{_PERIOD.pattern},?\s*(?:and\s+)?)+)", re.I)
# The seconds of a unit, by its first two letters, or its first one.
_UNITS = {"ms": 0.001, "mi": 60.0, "m": 60.0, "h": 3600.0, "s": 1.0}


def parse_retry_after(headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """How long the site asks to wait, in seconds from `now` (in seconds since 1970); None where it does not say.

    The first of these that is there counts: the header `Retry-After`, a number of seconds or an HTTP date (RFC 9110,
    10.2.3); the header `retry-after-ms`, which some APIs send; a field of a JSON body; a sentence such as
    "try again in 1m30s" in the body. What is longer than `LONGEST` counts as that.
    """
    seconds = _find_seconds(headers, body, now)
    return None if seconds is None else min(seconds, LONGEST)


def _find_seconds(headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    value = headers.get("Retry-After", "").strip()
    if (seconds := _number(value)) is not None:
        return seconds
    if value:
        with suppress(ValueError, OverflowError):
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    if (milliseconds := _number(headers.get("retry-after-ms", "").strip())) is not None:
        return milliseconds / 1000
    with suppress(*JSON_ERRORS):
        if (seconds := _wait_in_json(msgspec.json.decode(body))) is not None:
            return seconds
    sentence = _SENTENCE.search(body.decode("utf-8", "replace"))
    return _duration(sentence[1]) if sentence else None


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII) else None


def _duration(words: str) -> float | None:
    """A duration in words, such as `1m30.5s`, in seconds; None where `words` tell none."""
    periods = _PERIOD.findall(words)
    total = 0.0
    for number, unit in periods:
        unit = unit.lower()
        total += float(number) * (0.001 if unit.startswith("milli") else _UNITS.get(unit[:2], _UNITS[unit[0]]))
    return total if periods else None


def _wait_in_json(document: Any) -> float | None:
    """The seconds to wait that a field of a JSON document tells, at any depth; None where none does."""
    if isinstance(document, dict):
        for value in (document.get(name) for name in _FIELDS):
            if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
                return min(value, LONGEST)  # before it is a float, which has no room for each whole number
            if isinstance(value, str):
                return _number(value) if _number(value) is not None else _duration(value)
    parts = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return next((seconds for part in parts if (seconds := _wait_in_json(part)) is not None), None)
