"""A real app under a host name, for the recording that ships: all but its own page, which is not ours to ship, and what
it tells of the app for that page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

PAGE = "<!doctype html><meta charset=utf-8><title>A chat app</title><textarea data-testid=stChatInput></textarea>"
OWN = ("connection", "content-length", "date", "server", "transfer-encoding")  # headers that each server makes itself


@asynccontextmanager
async def front_of(origin: str) -> AsyncIterator[web.Application]:
    """An application that passes what it is asked on to `origin`, and the answers back as they arrive."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def passed_on(request: web.Request) -> web.StreamResponse:
            if request.path == "/":
                return web.Response(text=PAGE, content_type="text/html")
            if request.headers.get("Upgrade") == "websocket":
                return await _socket(http, origin, request)
            asked = http.request(
                request.method, origin + request.path_qs, headers=_asking(request), data=await request.read()
            )
            async with asked as answer:
                if (part := PARTS.get(request.path)) and answer.status == 200:
                    return web.json_response(part(await answer.json()))
                headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in OWN]
                response = web.StreamResponse(status=answer.status)
                response.headers.extend(headers)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", passed_on)
        yield app


def _asking(request: web.Request) -> dict[str, str]:
    """The headers of `request`, without the wish for a compressed answer."""
    return {name: value for name, value in request.headers.items() if name.lower() != "accept-encoding"}


async def _socket(http: aiohttp.ClientSession, origin: str, request: web.Request) -> web.WebSocketResponse:
    """Opens a WebSocket at `origin` as `request` does, and passes on what both say, and the end."""
    own = {"cookie", "user-agent"}
    headers = {name: value for name, value in request.headers.items() if name.lower() in own} | {"Origin": origin}
    protocols = [one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if one.strip()]
    async with http.ws_connect(origin + request.path_qs, headers=headers, protocols=protocols) as theirs:
        ours = web.WebSocketResponse(protocols=[theirs.protocol] if theirs.protocol else ())
        await ours.prepare(request)
        await asyncio.wait(
            [asyncio.ensure_future(_pass_on(theirs, ours)), asyncio.ensure_future(_pass_on(ours, theirs))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        await theirs.close()
        await ours.close(code=theirs.close_code or 1000)
    return ours


Side = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pass_on(one: Side, other: Side) -> None:
    async for message in one:
        await (other.send_str if message.type is aiohttp.WSMsgType.TEXT else other.send_bytes)(message.data)


def _config(config: dict[str, Any]) -> dict[str, Any]:
    """An app's `/config`: of its functions and components what a caller has use for."""
    parts = {
        "dependencies": ("id", "inputs", "outputs", "queue", "api_name", "api_visibility"),
        "components": ("id", "type"),
    }
    small = {key: [{name: one[name] for name in names} for one in config[key]] for key, names in parts.items()}
    return {name: config[name] for name in ("version", "api_prefix", "mode", "username")} | small


def _info(info: dict[str, Any]) -> dict[str, Any]:
    """An app's `/info`: of its functions only what they take."""
    return {
        "named_endpoints": {name: {"parameters": one["parameters"]} for name, one in info["named_endpoints"].items()}
    }


def _project(settings: dict[str, Any]) -> dict[str, Any]:
    """A Chainlit app's `/project/settings`: its name, its profiles, and what it keeps."""
    kept = ("dataPersistence", "threadResumable", "chatProfiles", "userEnv")
    return {"ui": {"name": settings["ui"]["name"]}} | {name: settings.get(name) for name in kept}


PARTS = {"/config": _config, "/gradio_api/info": _info, "/project/settings": _project}
