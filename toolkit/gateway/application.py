"""The server as an `aiohttp.web.Application`: its routes, and what is true of every request."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.errors import ToolkitError
from toolkit.gateway import chat_completions
from toolkit.gateway.answer_stream import AnswerStream, SlowClient
from toolkit.gateway.answer_summary import summarize
from toolkit.gateway.chat_completions import ChunkWriter, Question
from toolkit.gateway.error_answers import UNEXPECTED, GatewayError, gateway_error
from toolkit.gateway.request_errors import Refused
from toolkit.gateway.request_guard import RequestGuard
from toolkit.gateway.served_models import ModelNames, ServedModel, ServedSite, served_sites
from toolkit.gateway.site_clients import SiteClients
from toolkit.providers import registry
from toolkit.stores.base import Store
from toolkit.stores.choose import open_store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 8 * 1024 * 1024  # bytes of a request; agents send 76 KB, and pictures come within the JSON
BODY_SECONDS = 30.0  # for a request to arrive
LIST_SECONDS = 10.0  # for a site to list its models
CREATED = 1_700_000_000  # of models, which nobody knows; clients want a number

log = logging.getLogger("toolkit")


class Served(NamedTuple):
    """What is served. `base_urls` names the deployment of a provider, `aliases` gives models names of one's own, `only`
    are patterns of the names that are served."""

    store: Store
    open_client: Callable[[ServedSite], Client]
    base_urls: Mapping[str, str] = {}
    aliases: Mapping[str, tuple[str, ...]] = {}
    only: tuple[str, ...] = ()


def app(
    *,
    key: str,
    hosts: Iterable[str],
    origins: Iterable[str] = (),
    store: Store | str | None = None,
    base_urls: Mapping[str, str] | None = None,
    aliases: Mapping[str, Iterable[str]] | None = None,
    only: Iterable[str] = (),
    **options: Any,
) -> web.Application:
    """The server, for those who run one themselves.

    `key` is what clients have to show, "" for none. `hosts` are the values of Host that it answers to, with the port,
    and `origins` those web pages that may call it. `store` is where the sessions are, as `Client` takes it. `base_urls`
    names by provider the one deployment that is served; `aliases` gives models names of one's own, each for one or more
    that are tried in turn; `only` are patterns such as `openwebui/*` of the names that are served. `options` are
    further arguments of `Client`, whose `retries` are none here: clients of the server try again themselves.

    Run it with `handler_cancellation=True` (of `web.AppRunner` and `web.run_app`): only then does a client that goes
    away end the call at the site at once. Raises `UsageError` for arguments that cannot be used.
    """
    opened = open_store(store) if store is None or isinstance(store, str) else store

    def open_client(site: ServedSite) -> Client:
        given = {"retries": 0, **options}
        return Client(site.provider, base_url=site.base_url, account=site.account, store=opened, **given)

    served = Served(
        opened,
        open_client,
        dict(base_urls or {}),
        {name: tuple(ids) for name, ids in (aliases or {}).items()},
        tuple(only),
    )
    application = web.Application(client_max_size=BODY_LIMIT, middlewares=[_answer_errors, _guard])
    application[GUARD] = RequestGuard(frozenset(host.lower() for host in hosts), frozenset(origins), key)
    server = _Server(served)
    application.router.add_get("/healthz", server.health)
    application.router.add_get("/v1/models", server.list_models)
    application.router.add_get("/v1/models/{id:.+}", server.show_model)
    application.router.add_post("/v1/chat/completions", server.complete_chat)
    application.on_response_prepare.append(_name_request)
    application.cleanup_ctx.append(server.closing)
    return application


class _Server:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._clients = SiteClients(served.open_client)

    async def closing(self, _: web.Application) -> AsyncIterator[None]:
        """Closes the clients with the server."""
        yield
        await self._clients.aclose()

    async def health(self, _: web.Request) -> web.Response:
        """Whether the server is there. No site is asked."""
        return _json({"status": "ok"})

    async def list_models(self, _: web.Request) -> web.Response:
        names = await self._names()
        lists = await asyncio.gather(*(self._models_of(names, site) for site in names.sites))
        found = [
            *(alias for alias in names.aliases if names.is_served(alias)),
            *(one for each in lists for one in each),
        ]
        return _json({"object": "list", "data": [_model(name) for name in dict.fromkeys(found)]})

    async def show_model(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        (await self._names()).find(name)
        return _json(_model(name))

    async def complete_chat(self, request: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
        name, question = chat_completions.read_request(body)
        models = (await self._names()).find(name)
        answer_id, created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
        if not question.stream:
            return await self._whole_answer(models, question, answer_id, created, name)
        stream = AnswerStream(request, ChunkWriter(answer_id, created, name))
        for position, model in enumerate(models):
            try:
                async with self._clients.call(model.site) as client:
                    await stream.send(_ask(client, model, question), question)
                break
            except (ToolkitError, Refused) as error:
                if stream.started or not _is_worth_another(error, position, models):
                    if not stream.response.prepared:
                        raise
                    await stream.fail(_told(error))
                    break
                log.debug("%s failed before its first piece, the next one is asked", model.site.name)
        return stream.response

    async def _whole_answer(
        self,
        models: tuple[ServedModel, ...],
        question: Question,
        answer_id: str,
        created: int,
        name: str,
    ) -> web.Response:
        for position, model in enumerate(models):
            try:
                async with self._clients.call(model.site) as client:
                    stream = _ask(client, model, question)
                    text = await stream.text(allow_truncated=True)
                    answer = summarize(stream, text, question.messages)
                break
            except (ToolkitError, Refused) as error:
                if not _is_worth_another(error, position, models):
                    raise
                log.debug("%s failed, the next one is asked", model.site.name)
        body = chat_completions.document(answer, answer_id, created, name)
        return web.Response(body=body, content_type="application/json")

    async def _names(self) -> ModelNames:
        served = self._served
        stored = await served.store.sessions()
        sites = served_sites(stored, registry.find, registry.names(), served.base_urls)
        return ModelNames(sites, served.aliases, served.only)

    async def _models_of(self, names: ModelNames, site: ServedSite) -> Iterable[str]:
        models: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(LIST_SECONDS):
                models = await (await self._clients.client(site)).models()
        except (ToolkitError, TimeoutError) as error:  # a site that is down is no reason to hide the others
            log.warning("The models of %s cannot be listed (%s).", site.name, type(error).__name__)
        return names.of_site(site, models)


GUARD = web.AppKey("guard", RequestGuard)
REQUEST_ID: ContextVar[str] = ContextVar("request_id")  # of the request that is handled


def _ask(client: Client, model: ServedModel, question: Question) -> ChatStream:
    return client.chat(question.messages, model=model.model, **question.arguments(type(client.provider)))


def _is_worth_another(error: Exception, position: int, models: tuple[ServedModel, ...]) -> bool:
    """Whether another model is asked: there is one, and the error is not about the request itself."""
    return position + 1 < len(models) and _told(error).status not in (400, 413)


def _told(error: Exception) -> GatewayError:
    if isinstance(error, Refused):
        return error.error
    if isinstance(error, ToolkitError):
        return gateway_error(error)
    return GatewayError(500, "server_error", "internal_error", UNEXPECTED)


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
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
        return _error(_of_http(error))
    except TimeoutError:
        told = GatewayError(
            408, "invalid_request_error", "timeout", "The request did not arrive in time.", may_retry=True
        )
        status = told.status
        return _error(told)
    except (ToolkitError, Refused) as error:
        told = _told(error)
        status = told.status
        return _error(told)
    except (asyncio.CancelledError, ConnectionError, SlowClient):  # the client is gone
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours, of which a client is told the id
        status = 500
        # Where, and never with what: an exception's own text may be part of a question or an answer.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("Request %s failed (%s):\n%s", REQUEST_ID.get(), type(error).__name__, where)
        return _error(GatewayError(500, "server_error", "internal_error", UNEXPECTED))
    finally:
        took = (time.perf_counter() - start) * 1000
        log.info("%s %s %s %d %.0f ms", REQUEST_ID.get(), request.method, request.path, status, took)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody gets further than this who may not."""
    refusal = request.app[GUARD].refusal(request.method, request.path, request.headers)
    if refusal is not None:
        raise Refused(refusal)
    return await handler(request)


def _of_http(error: web.HTTPException) -> GatewayError:
    if error.status == 404:
        what = "There is no such endpoint. The base URL of OpenAI clients ends with /v1."
        return GatewayError(404, "not_found_error", "unknown_endpoint", what)
    if error.status == 413:
        what = f"The request has more than {BODY_LIMIT // 1024 // 1024} MiB."
        return GatewayError(413, "invalid_request_error", "request_too_large", what)
    if error.status == 405:
        return GatewayError(405, "invalid_request_error", "method_not_allowed", "That method is not for this endpoint.")
    return GatewayError(error.status, "invalid_request_error", "invalid_request", error.reason)


def _error(error: GatewayError) -> web.Response:
    body, headers = error.document(), error.headers()
    return web.Response(status=error.status, body=body, content_type="application/json", headers=headers)


async def _name_request(_: web.Request, response: web.StreamResponse) -> None:
    """The header by which a client's report can be found in the log."""
    response.headers["x-request-id"] = REQUEST_ID.get()


def _json(document: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": name.partition("/")[0]}
