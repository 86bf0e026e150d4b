"""What the endpoints of a server do."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import aclosing

import msgspec
from aiohttp import web

from toolkit.chats.events import Queued, Status
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.errors import ToolkitError
from toolkit.gateway.answer_stream import AnswerStream
from toolkit.gateway.answer_summary import AnswerSummary, estimate_prompt, summarize
from toolkit.gateway.call_log import CallLog, RunningCall
from toolkit.gateway.ending import ENDING, Ending
from toolkit.gateway.error_answers import OF_ONE_SITE, Refused, begun_error, told_error
from toolkit.gateway.fault_log import log_fault
from toolkit.gateway.middlewares import REQUEST_ID
from toolkit.gateway.prompt_limits import check_prompt
from toolkit.gateway.protocols import ChatProtocol
from toolkit.gateway.question import AnswerHead, Question
from toolkit.gateway.served import Served
from toolkit.gateway.served_models import ModelNames, ServedModel, ServedSite
from toolkit.gateway.silence_watch import SilenceWatch
from toolkit.gateway.site_clients import SiteClients
from toolkit.gateway.site_pauses import SitePauses

BODY_SECONDS = 30.0  # for a request to arrive
LIST_SECONDS = 10.0  # for a site to list its models
CREATED = 1_700_000_000  # of models, which nobody knows; clients want a number

log = logging.getLogger("toolkit")


class Endpoints:
    """The endpoints of one server, which share the `clients` of its sites, and whose calls are noted in `calls`.
    `limits` are those of `prompt_limits`."""

    def __init__(self, served: Served, clients: SiteClients, calls: CallLog, limits: Mapping[str, int]) -> None:
        self._served, self._clients, self._calls, self._limits = served, clients, calls, limits
        self._pauses, self._silence = SitePauses(served.store), SilenceWatch()

    async def health(self, _: web.Request) -> web.Response:
        """Whether the server is there. No site is asked."""
        return json_answer({"status": "ok"})

    async def list_models(self, _: web.Request) -> web.Response:
        names = await self._served.names()
        asked = filter(names.may_serve, names.sites)
        lists = await asyncio.gather(*(self._models_of(names, site) for site in asked))
        found = [
            *(alias for alias in names.aliases if names.is_served(alias)),
            *(one for each in lists for one in each),
        ]
        return json_answer({"object": "list", "data": [_model(name) for name in dict.fromkeys(found)]})

    async def show_model(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        await self._served.find(name)
        return json_answer(_model(name))

    async def count(self, protocol: ChatProtocol, request: web.Request) -> web.Response:
        """About how many tokens a question is. No site is asked."""
        name, question = protocol.read(await read_body(request))
        await self._served.find(name)
        assert protocol.write_count is not None
        counted = protocol.write_count(estimate_prompt(question))
        return web.Response(body=counted, content_type="application/json")

    async def answer(self, protocol: ChatProtocol, request: web.Request) -> web.StreamResponse:
        """What a site says to a question, in the shape of `protocol`."""
        name, question = protocol.read(await read_body(request))
        models = await self._served.find(name)
        head = AnswerHead(f"{protocol.id_prefix}{secrets.token_hex(12)}", int(time.time()), name, question)
        program = request.headers.get("User-Agent", "")
        if not question.stream:
            answer = await self._whole_answer(models, question, name, program, request.app[ENDING])
            document = protocol.write_document(answer, head)
            return web.Response(body=document, content_type="application/json")
        stream = AnswerStream(request, protocol.open_stream(head), self._silence)
        for position, model in enumerate(models):
            try:
                with self._calls.record(model.site, name, program, stream=True) as call:
                    check_prompt(question, model, self._limits)
                    async with self._pauses.kept(model), self._clients.call(model.site) as client:
                        await stream.send(_ask(client, model, question), question, call)
                break
            except (ToolkitError, Refused) as error:
                if stream.started or not _is_worth_another(error, position, models):
                    if not stream.response.prepared:
                        raise
                    await stream.fail(told_error(error))
                    break
                log.debug("%s failed before its first piece, the next one is asked", model.site.name)
            except ConnectionError:  # the client is gone
                raise
            except Exception as error:
                if not stream.response.prepared:
                    raise
                log_fault(f"Request {REQUEST_ID.get()}", error)
                await stream.fail(told_error(error))
                break
        return stream.response

    async def _whole_answer(
        self, models: tuple[ServedModel, ...], question: Question, name: str, program: str, ending: Ending
    ) -> AnswerSummary:
        for position, model in enumerate(models):
            try:
                with self._calls.record(model.site, name, program, stream=False) as call:
                    check_prompt(question, model, self._limits)
                    async with self._pauses.kept(model), self._clients.call(model.site) as client:
                        stream = _ask(client, model, question)
                        with ending.watched(stream):
                            answer = await _read(stream, question, call)
                        call.usage = answer.usage
                        return answer
            except (ToolkitError, Refused) as error:
                if call.first_piece is not None:
                    raise Refused(begun_error(error)) from None
                if not _is_worth_another(error, position, models):
                    raise
                log.debug("%s failed, the next one is asked", model.site.name)
        raise AssertionError("a name stands for one model or more")

    async def _models_of(self, names: ModelNames, site: ServedSite) -> Iterable[str]:
        models: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(LIST_SECONDS):
                models = await (await self._clients.client(site)).models()
        except (ToolkitError, TimeoutError) as error:  # a site that is down is no reason to hide the others
            log.warning("The models of %s cannot be listed (%s).", site.name, type(error).__name__)
        return names.of_site(site, models)


async def read_body(request: web.Request) -> bytes:
    """The body of `request`. Raises aiohttp's error for one that is too large, before it is read where its length is
    told, and `TimeoutError`."""
    told, most = request.content_length or 0, request.client_max_size
    if told > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=told)
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while data := await request.content.readany():  # `Request.read` would keep it for as long as the answer takes
            body += data
            if len(body) > most:
                raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    return bytes(body)


def _ask(client: Client, model: ServedModel, question: Question) -> ChatStream:
    return client.chat(question.messages, model=model.model, **question.arguments(type(client.provider)))


async def _read(stream: ChatStream, question: Question, call: RunningCall) -> AnswerSummary:
    """All of `stream`, whose beginning is noted in `call`."""
    async with stream, aclosing(stream.events()) as events:
        async for event in events:
            if not isinstance(event, Queued | Status):
                call.begin_answer()
    return summarize(stream, question)


def _is_worth_another(error: Exception, position: int, models: tuple[ServedModel, ...]) -> bool:
    """Whether another model is asked: there is one, and the error is not about the request whoever gets it."""
    told = told_error(error)
    return position + 1 < len(models) and (told.status not in (400, 413) or told.code in OF_ONE_SITE)


def json_answer(document: object) -> web.Response:
    """`document` as the body of an answer."""
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": name.partition("/")[0]}
