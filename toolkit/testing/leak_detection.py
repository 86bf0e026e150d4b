"""What code leaves behind in an event loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def detect_leaks() -> AsyncIterator[list[str]]:
    """Notes what is left behind: tasks, warnings, what asyncio and aiohttp complain of."""
    left: list[str] = []
    loop = asyncio.get_running_loop()
    before, handler = asyncio.all_tasks(), loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: left.append(str(context)))
    ear = _Ear(left)
    for name in ("asyncio", "aiohttp"):
        logging.getLogger(name).addHandler(ear)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield left
            for _ in range(3):
                await asyncio.sleep(0)
            left += [f"the task {task!r}" for task in asyncio.all_tasks() - before]
            gc.collect()
        left += [f"the warning {one.message}" for one in warned]
    finally:
        loop.set_exception_handler(handler)
        for name in ("asyncio", "aiohttp"):
            logging.getLogger(name).removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(self.format(record))
