"""How the tests ask a stand-in: as a fetch of its own page does, and waiting for what nothing announces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.sites.base import POLL_SECONDS

SECONDS = 120  # for anything that has to happen; never waited for otherwise
QUESTION = [{"role": "user", "content": "Hello!"}]


def page_headers(origin: str, path: str = "/", **more: str) -> dict[str, str]:
    """What a page's own fetch carries."""
    fetch = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
    return {"Origin": origin, "Referer": origin + path, "Accept": "*/*", **fetch, **more}


async def until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait for something that the server does by itself, which nothing announces."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
