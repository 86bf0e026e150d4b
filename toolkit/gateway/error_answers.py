"""What a client is told of a failure: the HTTP status, and the error in OpenAI's shape. Pure.

https://platform.openai.com/docs/guides/error-codes. A status matters to clients: they repeat a request by themselves
after 408, 409, 429 and each from 500 on, unless `x-should-retry` says otherwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from toolkit.errors import (
    AccountPending,
    BadRequest,
    BrowserError,
    ChallengeRequired,
    ConnectFailed,
    GateRefused,
    LoginRequired,
    NetworkError,
    ProtocolError,
    RateLimited,
    ServiceUnavailable,
    SiteError,
    StoreError,
    StreamTimeout,
    ToolkitError,
    UnknownModel,
    UnknownProvider,
    UsageError,
    WrongAccount,
)

DOWN_SECONDS = 5.0  # after which to ask again what is down, or wants a pause, and does not say when
# Codes of refusals that are about one site, and not about the request whoever gets it. By the first, clients know that
# they have to shorten the conversation.
TOO_LONG, UNSUPPORTED = OF_ONE_SITE = ("context_length_exceeded", "unsupported_by_site")
UNEXPECTED = "Something went wrong in this server that should not have; its log says what, by the request's id."


class GatewayError(NamedTuple):
    """A failure as a client is told it. `kind` and `code` are the words of OpenAI's `type` and `code`, `param` is the
    field of the request that is meant. `retry_after` is in seconds. `may_retry` says that the request
    had no effect, so that it can be repeated."""

    status: int
    kind: str
    code: str
    message: str
    param: str | None = None
    retry_after: float | None = None
    may_retry: bool = False

    def headers(self) -> dict[str, str]:
        """The headers that tell clients whether to try again, and when."""
        told = {} if self.may_retry else {"x-should-retry": "false"}
        return told | ({} if self.retry_after is None else {"Retry-After": str(math.ceil(self.retry_after))})


class Refused(Exception):
    """Ends the handling of a request that cannot be kept to. `error` is what the client is told.

    It stays within this room: callers of the toolkit never see it.
    """

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error


# The first class that an error belongs to decides.
_KINDS: tuple[tuple[type[ToolkitError], int, str, str], ...] = (
    (UnknownModel, 404, "not_found_error", "model_not_found"),
    (UnknownProvider, 404, "not_found_error", "model_not_found"),
    (RateLimited, 429, "rate_limit_error", "rate_limited"),
    (LoginRequired, 403, "permission_error", "login_required"),
    (AccountPending, 403, "permission_error", "account_pending"),
    (ChallengeRequired, 403, "permission_error", "challenge_required"),
    (WrongAccount, 403, "permission_error", "wrong_account"),
    (GateRefused, 403, "permission_error", "gate_refused"),
    (BadRequest, 400, "invalid_request_error", "refused_by_site"),
    (UsageError, 400, "invalid_request_error", "invalid_request"),
    (StoreError, 503, "server_error", "store_failed"),
    (StreamTimeout, 504, "server_error", "timeout"),
    (ServiceUnavailable, 503, "server_error", "site_unavailable"),
    (BrowserError, 503, "server_error", "browser_failed"),
    (NetworkError, 502, "server_error", "connection_failed"),
    (SiteError, 502, "server_error", "upstream_error"),
    (ProtocolError, 502, "server_error", "upstream_error"),
)


def gateway_error(error: ToolkitError) -> GatewayError:
    """The error of the toolkit as a client is told it, with the command to run where there is one."""
    message = " ".join(text for text in (error.what, error.hint) if text)
    message = f"{error.provider}: {message}" if error.provider else message
    for kind, status, word, code in _KINDS:
        if isinstance(error, kind):
            may_retry, seconds = _had_no_effect(error), getattr(error, "retry_after", None)
            if isinstance(error, ServiceUnavailable) and not may_retry:
                status = 502  # after 503 load balancers ask another server
            if status in (429, 503) and seconds is None:
                seconds = DOWN_SECONDS
            return GatewayError(status, word, code, message, None, seconds, may_retry)
    return GatewayError(500, "server_error", "internal_error", message)


def told_error(error: Exception) -> GatewayError:
    """Any error as a client is told it; of one that is a fault of this server nothing but that."""
    if isinstance(error, Refused):
        return error.error
    if isinstance(error, ToolkitError):
        return gateway_error(error)
    return GatewayError(500, "server_error", "internal_error", UNEXPECTED)


def begun_error(error: Exception) -> GatewayError:
    """Any error as a client is told it where a part of the answer had come: asked again, the site would be asked
    twice."""
    told = told_error(error)
    return told._replace(status=502 if told.status == 503 else told.status, may_retry=False)


def _had_no_effect(error: ToolkitError) -> bool:
    """Whether the same call can be made again, and nothing is asked twice: as in `toolkit.http.retries`."""
    if isinstance(error, ServiceUnavailable):
        return error.status == 503
    if isinstance(error, ConnectFailed):
        return not error.sent
    return isinstance(error, RateLimited | StoreError)


def invalid(param: str | None, message: str) -> GatewayError:
    """The error for a request that cannot be kept to; `param` is the field that it is about."""
    return GatewayError(400, "invalid_request_error", "invalid_request", message, param)


def too_long(param: str, message: str) -> GatewayError:
    """The error for a prompt that one site does not take."""
    return invalid(param, message)._replace(code=TOO_LONG)


def unsupported(param: str, message: str) -> GatewayError:
    """The error for a request that one site cannot be asked, and another one perhaps can."""
    return invalid(param, message)._replace(code=UNSUPPORTED)


def openai_fields(error: GatewayError) -> dict[str, str | None]:
    """`error` in the fields that OpenAI has for it."""
    return {"message": error.message, "type": error.kind, "param": error.param, "code": error.code}


def openai_error(error: GatewayError, _: str = "") -> bytes:
    """`error` in OpenAI's shape, as JSON; the request's id stands in a header alone."""
    return msgspec.json.encode({"error": openai_fields(error)})
