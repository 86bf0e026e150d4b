"""One connection of the server. What arrives on it and is no HTTP is refused without a word of it being repeated.

aiohttp answers such a request with the bytes that it could not read, and logs them too. They may be a key or a part of
a question: what follows a body is read as the next request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from toolkit.gateway.error_answers import UNEXPECTED, GatewayError, openai_error
from toolkit.gateway.fault_log import log_fault

log = logging.getLogger("toolkit")

LINGER_SECONDS = 5.0  # for which the rest of a body that is not wanted is read, so that the answer can be
NOT_HTTP = GatewayError(
    400,
    "invalid_request_error",
    "invalid_http",
    "The request is not HTTP/1.1, or more than its head may be (https://www.rfc-editor.org/rfc/rfc9112).",
)


class Connection(web.RequestHandler):
    """A connection of `server`, which calls `on_lost` at its end."""

    __slots__ = ("_on_lost",)

    def __init__(self, server: web.Server, on_lost: Callable[[Connection], None]) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # which is one of its values
            lingering_time=LINGER_SECONDS,
        )
        self._on_lost = on_lost

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._on_lost(self)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is not read, after which the connection is closed."""
        if status >= 500:
            self.log_exception(exc_info=exc)
        else:
            log.info("A request could not be read (%s).", type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of an answer has been sent")
        error = NOT_HTTP if status < 500 else GatewayError(500, "server_error", "internal_error", UNEXPECTED)
        headers = {**error.headers(), "X-Content-Type-Options": "nosniff"}
        answer = web.Response(
            status=error.status, body=openai_error(error), content_type="application/json", headers=headers
        )
        answer.force_close()
        return answer

    def log_exception(self, *_: Any, exc_info: BaseException | None = None, **__: Any) -> None:
        """Log where something failed, and never with what; no body that could not be decoded, which has been answered,
        and no client that is gone."""
        if isinstance(exc_info, web.RequestPayloadError | ConnectionError):
            return
        log_fault("A connection", exc_info)
