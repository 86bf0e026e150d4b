"""A site that does not answer to the deletion of a chat, which a command asks for when it is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from tests.cli.conftest import Toolkit
from tests.sites.base import Handler
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve
from toolkit.stores.base import Key


@asynccontextmanager
async def holding_deletions(
    toolkit: Toolkit, site: OpenAssistantSite, origin: str
) -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """Serve `site`, whose session is that of `origin`, once more, and hold its answer after the first piece. Yields its
    address, and the paths of the deletions that it is asked for: they are answered at the end of the block."""
    deletions, closing = asyncio.Queue[str](), asyncio.Event()

    @web.middleware
    async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "DELETE":
            deletions.put_nowait(request.path)
            await closing.wait()
            return web.Response()
        return await handler(request)

    app = site.app()
    app.middlewares.insert(0, hold)
    site.hold_after = 1
    async with serve(app) as slow:
        session = await toolkit.store.load(Key("openassistant", origin))
        assert session is not None
        await toolkit.keep(msgspec.structs.replace(session, origin=slow))
        yield slow, deletions
        closing.set()
