"""A stand-in's application on a port of loopback, under no real host name."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

HEADER_LIMIT = 64 * 1024  # a session cookie in several parts is more than aiohttp takes by default


@asynccontextmanager
async def serve(
    app: web.Application, host: str = "", *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve `app` on `address`; yields its origin, in which `host` may be another name of that address."""
    runner = web.AppRunner(app, access_log=None, max_field_size=HEADER_LIMIT)
    await runner.setup()
    try:
        await web.TCPSite(runner, address, 0, ssl_context=tls).start()
        host = host or (f"[{address}]" if ":" in address else address)
        yield f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
