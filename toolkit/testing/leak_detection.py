"""Detects what code leaves behind in an event loop: tasks, warnings, log messages of asyncio and aiohttp."""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def detect_leaks() -> AsyncIterator[list[str]]:
    """Yields a list that gets a line for each leak: unhandled errors and log messages at once, tasks and warnings when
    the block ends."""
    leaks: list[str] = []
    await _collect()  # what was dropped before is no leak of the block
    loop = asyncio.get_running_loop()
    before, handler = asyncio.all_tasks(), loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: leaks.append(str(context)))
    log_handler = _LogCollector(leaks)
    for name in ("asyncio", "aiohttp"):
        logging.getLogger(name).addHandler(log_handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield leaks
            await _turns()
            leaks += [f"the task {task!r}" for task in asyncio.all_tasks() - before]
            await _collect()
        leaks += [f"the warning {one.message}" for one in warned]
    finally:
        loop.set_exception_handler(handler)
        for name in ("asyncio", "aiohttp"):
            logging.getLogger(name).removeHandler(log_handler)


async def _collect() -> None:
    """Collects garbage, and has the loop close the generators in it."""
    gc.collect()
    await _turns()


async def _turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


class _LogCollector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
