"""A stand-in's application on a port of loopback, without TLS and under no real host name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

HEADER_LIMIT = 64 * 1024  # a session cookie in several parts is more than aiohttp takes by default


@asynccontextmanager
async def serve(app: web.Application, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve `app` on 127.0.0.1; yields its origin, in which `host` may be another name of that address."""
    runner = web.AppRunner(app, access_log=None, max_field_size=HEADER_LIMIT)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
