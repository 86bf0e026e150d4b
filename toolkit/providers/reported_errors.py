"""Failures that a site reports inside an answer, as the errors that an HTTP status would have been. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.errors import LoginRequired, RateLimited, SiteError, StatusError, ToolkitError, UnknownModel
from toolkit.http.refusal_excerpt import format_excerpt
from toolkit.http.retry_after import parse_retry_after
from toolkit.http.status_errors import error_class

# What servers call a failure in the place of a number (OpenAI's, Anthropic's, Google's and OpenRouter's words).
BY_NAME: dict[str, tuple[type[ToolkitError], int]] = {
    "rate_limit_exceeded": (RateLimited, 429),
    "rate_limit_error": (RateLimited, 429),
    "insufficient_quota": (RateLimited, 429),
    "resource_exhausted": (RateLimited, 429),
    "too_many_requests": (RateLimited, 429),
    "model_not_found": (UnknownModel, 404),
    "invalid_api_key": (LoginRequired, 401),
    "authentication_error": (LoginRequired, 401),
    "unauthenticated": (LoginRequired, 401),
}


def reported_error(reported: Any, url: str) -> ToolkitError:
    """The error for what a site `reported` in its answer from `url`: a sentence, or an object with one.

    Where it gives a code that is an HTTP status, or one of the usual names, the error is of the type that the status
    means (`RateLimited` for 429); else it is a `SiteError`.
    """
    message = _message(reported) or "an error without a word"
    kind, status = _kind(reported, message)
    error = kind(format_excerpt(f"The site reported: {message}"), url=url)
    if isinstance(error, StatusError):
        error.status, error.body = status, format_excerpt(message)
        error.ask_to_wait(parse_retry_after({}, msgspec.json.encode(reported), 0.0))
    return error


def _message(reported: Any) -> str:
    """What it says, in words."""
    if isinstance(reported, str):
        return reported
    if isinstance(reported, list):
        return "; ".join(filter(None, map(_message, reported)))
    if not isinstance(reported, dict):
        return "" if reported in (None, True) else str(reported)
    for name in ("message", "detail", "error", "msg", "content", "error_message"):
        if text := _message(reported.get(name)):
            return text
    return str(reported.get("type") or reported.get("code") or "")


def _kind(reported: Any, message: str) -> tuple[type[ToolkitError], int]:
    names = [reported.get(name) for name in ("code", "status", "type")] if isinstance(reported, dict) else []
    if isinstance(reported, dict) and isinstance(reported.get("error"), dict):
        return _kind(reported["error"], message)
    for name in names:
        if isinstance(name, int) and not isinstance(name, bool) and 400 <= name <= 599:
            return error_class(name, explained=message), name
        if isinstance(name, str) and name.isdecimal() and 400 <= int(name[:4]) <= 599:
            return error_class(int(name), explained=message), int(name)
        if isinstance(name, str) and name.lower() in BY_NAME:
            return BY_NAME[name.lower()]
    return SiteError, 0
