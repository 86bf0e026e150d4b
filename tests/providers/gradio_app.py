"""A scripted app that speaks Gradio's protocol as version 6.31 does (measured), for what no real app does on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.sites.base import POLL_SECONDS
from tests.sites.serving import serve
from toolkit.chats.deadlines import Deadlines
from toolkit.client.client import Client
from toolkit.session.browser_session import BrowserSession

BOX, BOT, PICTURES, TONE = 1, 2, 3, 4
TYPES = {BOX: "textbox", BOT: "chatbot", PICTURES: "multimodaltextbox", TONE: "slider"}

Events = list[tuple[str, Any]]


def function(number: int, name: str, inputs: list[int], outputs: list[int], **more: Any) -> dict[str, Any]:
    return {"id": number, "api_name": name, "inputs": inputs, "outputs": outputs, "api_visibility": "public", **more}


def turn(role: str, text: str, **metadata: Any) -> dict[str, Any]:
    return {"role": role, "metadata": metadata or None, "content": [{"text": text, "type": "text"}], "options": None}


class GradioApp:
    """`scripts` has the events of each function by name; the data of one that is not queued is its first event's.
    `ending`: "eof", or "hang" after the last event. `calls` are the bodies of the calls of functions, by name."""

    def __init__(self, functions: list[dict[str, Any]], scripts: dict[str, Events]) -> None:
        self.functions, self.scripts = functions, scripts
        self.ending = "eof"
        self.parameters: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.uploads: list[tuple[str, bytes]] = []

    def app(self) -> web.Application:
        app = web.Application()
        api = "/gradio_api"
        app.add_routes(
            [
                web.get("/config", self._config),
                web.get(f"{api}/info", self._info),
                web.post(f"{api}/upload", self._upload),
                web.post(f"{api}/run/{{name}}", self._run),
                web.post(f"{api}/call/{{name}}", self._call),
                web.get(f"{api}/call/{{name}}/e1", self._events),
            ]
        )
        return app

    async def _config(self, _: web.Request) -> web.Response:
        components = [{"id": number, "type": kind} for number, kind in TYPES.items()]
        document = {"version": "6.31.0", "api_prefix": "/gradio_api", "components": components}
        return web.json_response(document | {"dependencies": self.functions})

    async def _info(self, _: web.Request) -> web.Response:
        return web.json_response({"named_endpoints": {k: {"parameters": v} for k, v in self.parameters.items()}})

    async def _upload(self, request: web.Request) -> web.Response:
        async for part in await request.multipart():
            assert part.name == "files"  # type: ignore[union-attr]
            self.uploads.append((part.filename, await part.read()))  # type: ignore[union-attr,arg-type]
        return web.json_response([f"/tmp/{self.uploads[-1][0]}"])

    async def _run(self, request: web.Request) -> web.Response:
        self.calls.append((request.match_info["name"], await request.json()))
        return web.json_response({"data": self.scripts[request.match_info["name"]][0][1]})

    async def _call(self, request: web.Request) -> web.Response:
        self.calls.append((request.match_info["name"], await request.json()))
        return web.json_response({"event_id": "e1"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event, data in self.scripts[request.match_info["name"]]:
            await response.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
        while self.ending == "hang" and request.transport is not None:  # noqa: ASYNC110 - nothing tells of its end
            await asyncio.sleep(POLL_SECONDS)
        return response

    @asynccontextmanager
    async def client(self, deadlines: Deadlines | None = None) -> AsyncIterator[Client]:
        """A client of the app, served on loopback."""
        async with serve(self.app()) as origin:
            session = BrowserSession(provider="gradio", origin=origin)
            async with Client("gradio", base_url=origin, session=session, deadlines=deadlines, retries=0) as client:
                yield client
