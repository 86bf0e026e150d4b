"""A site behind a gate, from the first visit on: browsers.json says once what the gate wants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from playwright.async_api import Browser

from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve
from toolkit.client.client import Client
from toolkit.errors import ToolkitError
from toolkit.stores.memory import MemoryStore

TOKEN = "planted-service-token"


@asynccontextmanager
async def gated(site: CodeLinkAvaSite) -> AsyncIterator[str]:
    """The site, and a gate in front that lets nobody through without its header."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("x-gate") != TOKEN:
            return web.Response(status=403, text="<h1>Forbidden</h1>", content_type="text/html")
        return await handler(request)

    app = site.app()
    app.middlewares.append(gate)
    async with serve(app) as origin:
        yield origin


async def test_the_visit_and_the_calls_pass_the_gate(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of another client with the stored session; without the secret they say which one lacks."""
    site, store = CodeLinkAvaSite(), MemoryStore()
    monkeypatch.setenv("GATE_TOKEN", TOKEN)
    async with gated(site) as origin:
        file = tmp_path / "browsers.json"
        deployments = {origin: {"extra_http_headers": {"X-Gate": "env:GATE_TOKEN"}}}
        file.write_text(json.dumps({"profiles": {"headless": {}}, "deployments": deployments}))
        options = {"base_url": origin, "browsers": file, "store": store}
        first = Client("codelinkava", **options, browser=chromium)  # type: ignore[arg-type]
        assert await first.chat("Hi").text() == "".join(site.answer)
        stored = Client("codelinkava", **options)  # type: ignore[arg-type]
        assert await stored.chat("Hi").text() == "".join(site.answer)
        monkeypatch.delenv("GATE_TOKEN")
        with pytest.raises(ToolkitError, match="GATE_TOKEN, which is not set"):
            await Client("codelinkava", **options).chat("Hi").text()  # type: ignore[arg-type]
