"""Tells which test is stuck and where each of its tasks waits, before pytest's `faulthandler_timeout` ends the run.

That one shows the threads' stacks, in which a waiting coroutine does not appear.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

EARLIER = 20.0  # seconds, so that all can be told before the end

_loops: list[asyncio.AbstractEventLoop] = []


@pytest.fixture(scope="session", autouse=True)
async def watched_loop() -> AsyncIterator[None]:
    """The one event loop in which all async tests run."""
    _loops.append(asyncio.get_running_loop())
    yield
    _loops.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    limit = float(item.config.getini("faulthandler_timeout") or 0)
    timer = threading.Timer(max(1.0, limit - EARLIER), tell, [item])
    timer.daemon = True
    if limit:
        timer.start()
    try:
        return (yield)
    finally:
        timer.cancel()


def tell(item: pytest.Item) -> None:
    lines = [f"{item.nodeid} is stuck."]
    for loop in _loops:
        for task in asyncio.all_tasks(loop):
            lines += [f"{task.get_name()} waits at:", *(f"    {place}" for place in places(task.get_coro()))]
    capture = item.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
        print("", *lines, sep="\n", file=sys.__stderr__, flush=True)


def places(waiting: Any) -> Iterator[str]:
    """Where a coroutine waits, and what it waits for, from the outermost inwards."""
    while waiting is not None:
        kinds = [kind for kind in ("cr", "gi", "ag") if hasattr(waiting, f"{kind}_frame")]
        if not kinds:
            yield repr(waiting)
            return
        frame = getattr(waiting, f"{kinds[0]}_frame")
        if frame is not None:
            yield f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        waiting = getattr(waiting, "gi_yieldfrom" if kinds[0] == "gi" else f"{kinds[0]}_await")
