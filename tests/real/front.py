"""The real Gradio under a host name, for the recording that ships: all but its own page, which is not ours to ship, and
what it tells of the app for that page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

PAGE = "<!doctype html><meta charset=utf-8><title>A Gradio app</title><p>Its page is not in this recording."
OWN = ("connection", "content-length", "date", "server", "transfer-encoding")  # headers that each server makes itself


@asynccontextmanager
async def front_of(origin: str) -> AsyncIterator[web.Application]:
    """An application that passes what it is asked on to `origin`, and the answers back as they arrive."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def passed_on(request: web.Request) -> web.StreamResponse:
            if request.path == "/":
                return web.Response(text=PAGE, content_type="text/html")
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


PARTS = {"/config": _config, "/gradio_api/info": _info}
