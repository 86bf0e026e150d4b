"""What can go wrong under aiohttp, as errors of ours. The one place where that is decided."""

from __future__ import annotations

import os
import ssl
import time
from typing import Any, cast

import aiohttp
import aiohttp.http_exceptions
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from toolkit.errors import (
    ChallengeRequired,
    ConnectFailed,
    NetworkError,
    ProtocolError,
    ProxyFailed,
    ReplayMismatch,
    StatusError,
    StreamInterrupted,
    StreamTimeout,
    TLSFailed,
    ToolkitError,
    redact_url,
)
from toolkit.http.statuses import EXCERPT, Errors, error_for, explanation, retry_after

CHECK_PROXY = "Check the proxy's address, user and password."
MISMATCH = 599  # of `toolkit.replay.replay_app`
CHECK_TLS = "Check the site's address and this machine's clock; a proxy that opens TLS needs its root in SSL_CERT_FILE."

_RESPONSE_ERRORS: dict[type[ToolkitError], type[ToolkitError]] = {}


def _also_response_error(kind: type[ToolkitError]) -> type[ToolkitError]:
    """`kind`, made catchable as `aiohttp.ClientResponseError` too, which is what callers of the providers expect of
    an HTTP error status. `toolkit.errors` itself stays free of aiohttp."""
    if kind in _RESPONSE_ERRORS:
        return _RESPONSE_ERRORS[kind]
    body = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__str__": ToolkitError.__str__,
        "__repr__": ToolkitError.__repr__,
    }
    made = cast("type[ToolkitError]", type(kind.__name__, (kind, aiohttp.ClientResponseError), body))
    return _RESPONSE_ERRORS.setdefault(kind, made)


def status_error(raw: aiohttp.ClientResponse, body: bytes, special: Errors | None) -> ToolkitError:
    """The error for an answer with a status of 400 or above, whose body begins with `body`."""
    if raw.status == MISMATCH and raw.reason == "Replay Mismatch":  # not the site's answer, but our local network's
        return ReplayMismatch(body.decode("utf-8", "replace").strip(), url=str(raw.url))
    told = explanation(raw.reason or "", body)
    kind = error_for(raw.status, special, told)
    if raw.headers.get("cf-mitigated") == "challenge":  # https://developers.cloudflare.com/cloudflare-challenges/
        kind = ChallengeRequired
    who, hint = ("proxy", CHECK_PROXY) if kind is ProxyFailed else ("site", None)
    error: Any = _also_response_error(kind)(
        f"The {who} answered {raw.status}{': ' if told else ''}{told}.".replace("..", "."), url=str(raw.url), hint=hint
    )
    error.status, error.reason, error.message = raw.status, raw.reason or "", told
    error.body = body[:EXCERPT].decode("utf-8", "replace") if issubclass(kind, StatusError) else ""
    # What aiohttp's own error holds, less what nobody may read in a log: our cookies, the query, the site's cookies.
    shown = URL(redact_url(str(raw.url)))
    error.request_info = aiohttp.RequestInfo(shown, raw.method, CIMultiDictProxy(CIMultiDict()), shown)
    error.headers, error.history = CIMultiDict(raw.headers), ()
    error.headers.popall("Set-Cookie", None)
    if isinstance(error, StatusError):
        error.retry_after = retry_after(raw.headers, body, time.time())
    return cast("ToolkitError", error)


# What aiohttp raises on the way; anything else is a fault of our own, and stays what it is.
FAULTS = (aiohttp.ClientError, TimeoutError, ssl.SSLError, ConnectionError)


def map_error(error: BaseException, url: str, *, connect: float | None = None, opened: bool = False) -> ToolkitError:
    """One of `FAULTS`, as an error of ours about `url`.

    `opened` says that the answer has begun, so that a lost connection is an interrupted stream. `connect` is the
    deadline in seconds that aiohttp keeps.
    """
    if isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, ssl.SSLError) and not opened:
        error = error.__cause__  # of a handshake inside a tunnel that is not of aiohttp's making
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = ProxyFailed(f"The proxy answered {error.status} {error.message}.", url=url, hint=CHECK_PROXY)
        refused.status = error.status
        return refused
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ProxyFailed(f"The proxy cannot be reached ({detail(error)}).", url=url, hint=CHECK_PROXY)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        cause = getattr(error, "certificate_error", error)
        reason = getattr(cause, "verify_message", "") or "it cannot be verified"
        return TLSFailed(f"The site's certificate is refused: {reason}.", url=url, hint=CHECK_TLS)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return TLSFailed(f"The TLS handshake failed ({detail(error)}).", url=url, hint=CHECK_TLS)
    if isinstance(error, TimeoutError):
        text = f"No connection within {connect or 0:g} s (deadline `connect`)."
        return StreamTimeout(text, deadline="connect", seconds=connect or 0.0, url=url)
    if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
        return ProtocolError("The site's answer is not encoded as it says.", url=url)
    if opened and isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | ConnectionError):
        return StreamInterrupted("The connection broke before the answer was complete.", url=url)
    if isinstance(error, aiohttp.ClientConnectionError | ConnectionError):
        unknown = isinstance(error, aiohttp.ClientConnectorDNSError)
        text = "The site's host name is not known." if unknown else f"The site cannot be reached ({detail(error)})."
        failed = ConnectFailed(text, url=url)
        failed.sent = not isinstance(error, aiohttp.ClientConnectorError)
        return failed
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return ProtocolError("The site's answer is not valid HTTP.", url=url)
    return NetworkError(f"The call failed ({type(error).__name__}).", url=url)


def detail(error: BaseException) -> str:
    """The operating system's word for it, never aiohttp's text, which can hold a proxy's password."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLError):
        return getattr(cause, "reason", None) or "SSL"
    if isinstance(cause, OSError) and cause.strerror and cause.errno:
        if "Connect call failed" in cause.strerror:  # asyncio's own text, in the place of the system's
            return os.strerror(cause.errno)
        return cause.strerror
    return type(error).__name__
