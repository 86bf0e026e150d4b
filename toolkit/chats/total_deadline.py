"""Keeps the deadline `total` over whatever a call does: reading the store, a visit, the request, the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toolkit.errors import StreamTimeout, ToolkitError, deadline_hint


@asynccontextmanager
async def within_total(seconds: float | None, due: float | None = None) -> AsyncIterator[None]:
    """Limit the block to `seconds` from now, or until the time `due` of the running loop; None is for ever.

    Raises `StreamTimeout` where it takes longer. `seconds` is what the error tells.
    """
    loop = asyncio.get_running_loop()
    if due is None and seconds is not None:
        due = loop.time() + seconds
    limit = asyncio.timeout_at(due)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if isinstance(error, ToolkitError) or not limit.expired():
            raise
        text = f"This was not done within {seconds or 0:g} s (deadline `total`)."
        raise StreamTimeout(text, deadline="total", seconds=seconds or 0.0, hint=deadline_hint("total")) from None
