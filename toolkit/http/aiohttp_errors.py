"""Turns the exceptions of aiohttp and of the system below it into errors of `toolkit.errors`.

No other file decides that. For HTTP error statuses see `toolkit.http.status_errors`, for SOCKS `toolkit.http.socks`.
"""

from __future__ import annotations

import os
import ssl

import aiohttp
import aiohttp.http_exceptions

from toolkit.errors import (
    ConnectFailed,
    NetworkError,
    ProtocolError,
    ProxyFailed,
    StreamInterrupted,
    StreamTimeout,
    TLSFailed,
    ToolkitError,
    deadline_hint,
    file_limit_error,
)

CHECK_PROXY = "Check the proxy's address, user and password."
CHECK_TLS = (
    "Check the site's address and this machine's clock. A root of one's own is named as `ca_file` in browsers.json, "
    "that of a proxy which opens TLS in SSL_CERT_FILE."
)

CHECK_CERTIFICATE = (
    "Check the address and the network. Some sites close it so where they want a certificate of yours: "
    "`client_certificates` in browsers.json."
)

MAX_HEAD_LINE = 65_536  # bytes that the head of an answer may have in one line; Chromium takes 256 KB in all

# What making a call and reading its answer may raise; anything else is a bug of ours, and is not caught.
HTTP_ERRORS = (aiohttp.ClientError, TimeoutError, ssl.SSLError, ConnectionError)

# Where these have no number, it is aiohttp that has found the connection closed.
OF_CLOSED_CONNECTIONS = (aiohttp.ClientOSError, aiohttp.ClientConnectionResetError)


def map_error(error: BaseException, url: str, *, connect: float | None = None, opened: bool = False) -> ToolkitError:
    """The error of ours that one of `HTTP_ERRORS` means for a call of `url`.

    `opened` says that the answer has begun, so a lost connection is an interrupted stream. `connect` is the deadline
    for connecting, in seconds, which aiohttp enforces.
    """
    if isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, ssl.SSLError) and not opened:
        error = error.__cause__  # the handshake inside a SOCKS tunnel, which aiohttp does not know
    if (limit := file_limit_error(getattr(error, "os_error", error))) is not None:
        return limit
    if isinstance(error, aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError):
        return _proxy_error(error, url)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return _tls_error(error, url)
    if isinstance(error, TimeoutError):
        text = f"No connection within {connect or 0:g} s (deadline `connect`)."
        return StreamTimeout(text, deadline="connect", seconds=connect or 0.0, url=url, hint=deadline_hint("connect"))
    if _has_cause(error, aiohttp.http_exceptions.ContentEncodingError):
        return ProtocolError("The site's answer is not encoded as it says.", url=url)
    if _has_cause(error, aiohttp.http_exceptions.LineTooLong):
        return ProtocolError(f"The head of the site's answer has a line of more than {MAX_HEAD_LINE:,} bytes.", url=url)
    if opened and isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | ConnectionError):
        return StreamInterrupted("The connection broke before the answer was complete.", url=url)
    if isinstance(error, aiohttp.ClientConnectionError | ConnectionError):
        return _connect_error(error, url)
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return ProtocolError("The site's answer is not valid HTTP.", url=url)
    return NetworkError(f"The call failed ({type(error).__name__}).", url=url)


def _proxy_error(error: BaseException, url: str) -> ProxyFailed:
    if not isinstance(error, aiohttp.ClientHttpProxyError):
        return ProxyFailed(f"The proxy cannot be reached ({system_reason(error)}).", url=url, hint=CHECK_PROXY)
    refused = ProxyFailed(f"The proxy answered {error.status} {error.message}.", url=url, hint=CHECK_PROXY)
    refused.status = error.status
    return refused


def _tls_error(error: BaseException, url: str) -> TLSFailed:
    if not isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return TLSFailed(f"The TLS handshake failed ({system_reason(error)}).", url=url, hint=CHECK_TLS)
    cause = getattr(error, "certificate_error", error)
    reason = getattr(cause, "verify_message", "") or "it cannot be verified"
    return TLSFailed(f"The site's certificate is refused: {reason}.", url=url, hint=CHECK_TLS)


def _connect_error(error: BaseException, url: str) -> ConnectFailed:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        text = "The site's host name is not known."
    elif isinstance(error, aiohttp.ServerDisconnectedError) or _has_no_number(error):
        text = "The site closed the connection before it answered."
    else:
        text = f"The site cannot be reached ({system_reason(error)})."
    failed = ConnectFailed(text, url=url)
    if isinstance(error, aiohttp.ServerDisconnectedError) and url.startswith("https:"):
        failed.hint = CHECK_CERTIFICATE  # TLS 1.3 tells it after the handshake, and aiohttp does not hand it on
    failed.sent = not isinstance(error, aiohttp.ClientConnectorError)
    return failed


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether `error` was raised from an error of that kind, at once or by way of others."""
    cause = error.__cause__
    return cause is not None and (isinstance(cause, kind) or _has_cause(cause, kind))


def _has_no_number(error: BaseException) -> bool:
    """Whether `error` is not of the system but of aiohttp, which has found a connection closed that it was to use."""
    return isinstance(error, OSError) and type(error) in OF_CLOSED_CONNECTIONS and error.errno is None


def system_reason(error: BaseException) -> str:
    """The operating system's or TLS's reason for `error`, else the error's class name. It is never aiohttp's text,
    which can hold a proxy's password."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLError):
        return getattr(cause, "reason", None) or "SSL"
    if isinstance(cause, OSError) and cause.strerror and cause.errno:
        if "Connect call failed" in cause.strerror:  # asyncio's text, which replaces the system's
            return os.strerror(cause.errno)
        return cause.strerror
    return type(error).__name__
