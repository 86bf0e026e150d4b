"""Turns an answer with an HTTP status of 400 or above into an error of `toolkit.errors`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from toolkit.errors import (
    BadRequest,
    ChallengeRequired,
    LoginRequired,
    ProxyFailed,
    RateLimited,
    ReplayMismatch,
    ServiceUnavailable,
    StatusError,
    ToolkitError,
    redact_url,
)
from toolkit.http.aiohttp_errors import CHECK_PROXY
from toolkit.http.refusal_excerpt import EXCERPT_LENGTH, LONGEST_TOLD, explanation, redact_error
from toolkit.http.retry_after import parse_retry_after

MISMATCH = 599  # what the local network of a replay answers: `toolkit.replay.replay_app`

# The errors that statuses mean at one provider. A key is a status, or a status and a part of the site's explanation, or
# of the body that it stands in.
StatusErrors = Mapping[int | tuple[int, str], type[ToolkitError]]


def error_class(status: int, special: StatusErrors | None = None, explained: str = "") -> type[ToolkitError]:
    """The class of error for `status` (400 and above).

    `special` holds the provider's own meanings, which come first; `explained` is what the site says about it.
    """
    for key, kind in (special or {}).items():
        if key == status or (isinstance(key, tuple) and key[0] == status and key[1] in explained):
            return kind
    if status == 401:
        return LoginRequired
    if status == 407:  # from a proxy that was asked without a tunnel
        return ProxyFailed
    if status == 429:
        return RateLimited
    return ServiceUnavailable if status >= 500 else BadRequest


def status_error(
    raw: aiohttp.ClientResponse, body: bytes, special: StatusErrors | None, redact: Callable[[str], str] = str
) -> ToolkitError:
    """The error for an answer with a status of 400 or above.

    `body` is the beginning of the answer's body; `special` is as in `error_class`; `redact` takes the credentials out
    of what the site says. The error is also an `aiohttp.ClientResponseError`, except for a mismatch under replay.
    """
    if raw.status == MISMATCH and raw.reason == "Replay Mismatch":
        return ReplayMismatch(body.decode("utf-8", "replace").strip(), url=str(raw.url))
    explained = explanation(raw.reason or "", body, redact)
    kind = error_class(raw.status, special, f"{explained}\n{body.decode('utf-8', 'replace')}")
    if raw.headers.get("cf-mitigated") == "challenge":  # https://developers.cloudflare.com/cloudflare-challenges/
        kind = ChallengeRequired
    who, hint = ("proxy", CHECK_PROXY) if kind is ProxyFailed else ("site", None)
    text = f"The {who} answered {raw.status}{': ' if explained else ''}{explained}.".replace("..", ".")
    error: Any = _also_response_error(kind)(text, url=str(raw.url), hint=hint)
    shown = redact(body[:LONGEST_TOLD].decode("utf-8", "replace"))[:EXCERPT_LENGTH]
    error.body = shown if issubclass(kind, StatusError) else ""
    if isinstance(error, StatusError):
        error.ask_to_wait(parse_retry_after(raw.headers, body, time.time()))
    _set_aiohttp_fields(error, raw, explained, redact)
    redact_error(error, redact)
    return cast("ToolkitError", error)


def _set_aiohttp_fields(error: Any, raw: aiohttp.ClientResponse, explained: str, redact: Callable[[str], str]) -> None:
    """Set what an `aiohttp.ClientResponseError` has, without what must not reach a log: the cookies of the request and
    of the answer, and the URL's query."""
    error.status, error.reason, error.message = raw.status, redact(raw.reason or ""), explained
    shown = URL(redact(redact_url(str(raw.url))))
    error.request_info = aiohttp.RequestInfo(shown, raw.method, CIMultiDictProxy(CIMultiDict()), shown)
    shown_headers = [(name, redact(value)) for name, value in raw.headers.items() if name.lower() != "set-cookie"]
    error.headers, error.history = CIMultiDict(shown_headers), ()


_RESPONSE_ERRORS: dict[type[ToolkitError], type[ToolkitError]] = {}


def _also_response_error(kind: type[ToolkitError]) -> type[ToolkitError]:
    """A subclass of `kind` that is an `aiohttp.ClientResponseError` too, which callers of a provider's
    `create_async_generator` expect for an HTTP error status.

    It is created here, so that `toolkit.errors` does not import aiohttp.
    """
    if kind in _RESPONSE_ERRORS:
        return _RESPONSE_ERRORS[kind]
    body = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__str__": ToolkitError.__str__,
        "__repr__": ToolkitError.__repr__,
    }
    both = cast("type[ToolkitError]", type(kind.__name__, (kind, aiohttp.ClientResponseError), body))
    return _RESPONSE_ERRORS.setdefault(kind, both)
