"""What is true of every request: who may not come in does not, and a failure is told in the shape of its protocol."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from aiohttp import web
from multidict import istr

from toolkit.errors import ToolkitError
from toolkit.gateway.cross_origin import cross_origin_headers, is_preflight, preflight_headers
from toolkit.gateway.error_answers import UNEXPECTED, GatewayError, Refused, openai_error, told_error
from toolkit.gateway.fault_log import log_fault
from toolkit.gateway.metrics import Metrics
from toolkit.gateway.protocols import protocol_at
from toolkit.gateway.request_guard import RequestGuard

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 8 * 1024 * 1024  # bytes of a request; agents send 76 KB, and pictures come within the JSON

# As multidicts keep the names: they make new ones for each answer otherwise.
X_REQUEST_ID, ANTHROPIC_REQUEST_ID, NO_SNIFF = istr("x-request-id"), istr("request-id"), istr("X-Content-Type-Options")

log = logging.getLogger("toolkit")

GUARD = web.AppKey("guard", RequestGuard)
METRICS = web.AppKey("metrics", Metrics)  # where there are some
REQUEST_ID: ContextVar[str] = ContextVar("request_id")  # of the request that is handled


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure in the shape that clients read, with the request's id; and a line in the log, without its query,
    its body or the answer."""
    REQUEST_ID.set(f"req_{secrets.token_hex(12)}")
    start, status = time.perf_counter(), 499
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        answer = _error(request, _of_http(error))
        if "Allow" in error.headers:  # which methods are for the endpoint, as RFC 9110 wants it with 405
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except TimeoutError:
        told = GatewayError(
            408, "invalid_request_error", "timeout", "The request did not arrive in time.", may_retry=True
        )
        status = told.status
        return _error(request, told)
    except (ToolkitError, Refused) as error:
        told = told_error(error)
        status = told.status
        return _error(request, told)
    except web.RequestPayloadError:  # in the encoding that it is said to be in
        told = GatewayError(400, "invalid_request_error", "invalid_body", "The body cannot be decoded.")
        status = told.status
        return _error(request, told)
    except (asyncio.CancelledError, ConnectionError):  # the client is gone
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours, of which a client is told the id
        status = 500
        log_fault(f"Request {REQUEST_ID.get()}", error)
        return _error(request, GatewayError(500, "server_error", "internal_error", UNEXPECTED))
    finally:
        took = (time.perf_counter() - start) * 1000
        line = {
            "id": REQUEST_ID.get(),
            "method": request.method,
            "path": request.path,
            "status": status,
            "ms": round(took),
        }
        log.info("%s %s %s %d %d ms", *line.values(), extra={"request": line})
        if (metrics := request.app.get(METRICS)) is not None:
            metrics.count_request(_endpoint(request), status)


@web.middleware
def guard_entry(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Nobody gets further than this who may not.

    It is no coroutine, since it has nothing to do once the handler runs, which can take long.
    """
    guard, headers = request.app[GUARD], request.headers
    refusal = guard.refusal(request.method, request.path, headers)
    if refusal is not None:
        raise Refused(refusal)
    if is_preflight(request.method, headers) and headers["Origin"] in guard.origins:
        return _as_handled(web.Response(status=204, headers=preflight_headers(headers)))
    return handler(request)


async def _as_handled(response: web.Response) -> web.StreamResponse:
    return response


def _endpoint(request: web.Request) -> str:
    """The path of the endpoint as the server has it, which is one of few."""
    resource = request.match_info.route.resource
    return "other" if resource is None else resource.canonical


def _of_http(error: web.HTTPException) -> GatewayError:
    if error.status == 404:
        what = "There is no such endpoint. Base URLs end with /v1 for OpenAI clients, and before it for Anthropic's."
        return GatewayError(404, "not_found_error", "unknown_endpoint", what)
    if error.status == 413:
        what = f"The request has more than {BODY_LIMIT // 1024 // 1024} MiB."
        return GatewayError(413, "invalid_request_error", "request_too_large", what)
    if error.status == 405:
        return GatewayError(405, "invalid_request_error", "method_not_allowed", "That method is not for this endpoint.")
    return GatewayError(error.status, "invalid_request_error", "invalid_request", error.reason)


def _error(request: web.Request, error: GatewayError) -> web.Response:
    """`error` in the shape of the protocol that is spoken at the request's path."""
    protocol = protocol_at(request.path)
    body = (openai_error if protocol is None else protocol.write_error)(error, REQUEST_ID.get())
    return web.Response(status=error.status, body=body, content_type="application/json", headers=error.headers())


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """The headers, OpenAI's and Anthropic's, by which a client's report can be found in the log; one by which browsers
    take an answer for nothing else; and those that let a page read it which may."""
    response.headers.update(cross_origin_headers(request.headers, request.app[GUARD].origins))
    if request_id := REQUEST_ID.get(""):  # aiohttp refuses an `Expect` that it does not know before there is one
        response.headers[X_REQUEST_ID] = response.headers[ANTHROPIC_REQUEST_ID] = request_id
    response.headers[NO_SNIFF] = "nosniff"
