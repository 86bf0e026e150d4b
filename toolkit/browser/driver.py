"""Starts Playwright's driver, the program that speaks to browsers, or says in an error why it does not start."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Playwright, async_playwright

from toolkit.browser.cancellation_shield import wait_at_most
from toolkit.browser.child_environment import without_secrets
from toolkit.browser.driver_environment import DriverEnvironment, remember_environment, without_secrets_in_process
from toolkit.browser.temporary_folders import end_processes, temporary_folder
from toolkit.errors import DriverFailed, file_limit_error

log = logging.getLogger("toolkit")

# In seconds.
START_SECONDS = 30.0  # for the driver to start
ABANDON_SECONDS = 1.0  # for a start that nobody waits for any more to end first
STOP_SECONDS = 3.0  # for the driver and its browsers to end by themselves
KILL_SECONDS = 2.0  # for us to notice that they were killed
VERSION_SECONDS = 10.0  # for the driver's program to tell its version

NEEDED_ADDRESS_SPACE = 16 * 2**30  # bytes; Node reserves several GiB of it, and Chromium more

MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")


@asynccontextmanager
async def driver(roots: bytes | None = None) -> AsyncIterator[Playwright]:
    """Start the driver, and give Playwright's async API.

    It gets this process's environment without secrets (see `child_environment`), and so do its browsers. `roots` are
    as in `DriverEnvironment`.
    The temporary files of the driver and its browsers are removed at the end; whatever of them has not ended by
    then is killed, where the system tells which processes they are. Raises `DriverFailed` where the driver does not
    start within `START_SECONDS`.
    """
    manager = async_playwright()
    with temporary_folder() as folder:
        environment = DriverEnvironment(folder, roots)
        with environment:
            playwright = await _start(manager, folder)
        if not environment.was_used:  # so it has got that of this process, secrets included
            await _stop(manager, folder)
            manager = async_playwright()
            with without_secrets_in_process():
                playwright = await _start(manager, folder)
        remember_environment(playwright, environment)
        try:
            yield playwright
        finally:
            await _stop(manager, folder)


async def _start(manager: AbstractAsyncContextManager[Playwright], folder: Path | None) -> Playwright:
    """Start the driver. When that takes too long, or the caller is cancelled, it is ended."""
    starting = asyncio.ensure_future(manager.__aenter__())
    try:
        await asyncio.wait({starting}, timeout=START_SECONDS)
    except asyncio.CancelledError:
        await _abandon_start(starting, manager, folder)
        raise
    if not starting.done():
        await _abandon_start(starting, manager, folder)
        what = f"Playwright's driver did not start within {START_SECONDS:g} s."
        raise DriverFailed(what, hint=memory_limit_hint() or "See whether it is stopped, or the machine too busy.")
    try:
        return starting.result()
    except Exception as error:
        _mark_as_retrieved(error)
        failure = _file_limit_failure(error)
        raise failure if failure is not None else await asyncio.to_thread(_start_error) from error


async def _abandon_start(
    starting: asyncio.Future[Playwright], manager: AbstractAsyncContextManager[Playwright], folder: Path | None
) -> None:
    """End a driver that is being started. It gets a moment to have started first: then it can be told to end."""
    await wait_at_most(starting, ABANDON_SECONDS)
    if not starting.done():
        end_processes(folder)
        await wait_at_most(starting, KILL_SECONDS)
    if not starting.done():
        starting.cancel()
    elif starting.exception() is None:
        await _stop(manager, folder)


async def _stop(manager: AbstractAsyncContextManager[Playwright], folder: Path | None) -> None:
    """Tell the driver to end, which ends its browsers, and kill what is still there after `STOP_SECONDS`."""
    stopping = asyncio.ensure_future(manager.__aexit__(None, None, None))
    cancelled = await wait_at_most(stopping, STOP_SECONDS)
    if not stopping.done():
        log.debug("the driver does not end, and is killed")
        end_processes(folder)
        cancelled = await wait_at_most(stopping, KILL_SECONDS) or cancelled
    if not stopping.done():
        stopping.cancel()
    if cancelled is not None:
        raise cancelled
    if stopping.done():
        stopping.result()


def memory_limit_hint() -> str:
    """What to do about a limit of this process's address space that is too low for Node and browsers; else empty."""
    if sys.platform == "win32":
        return ""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY or limit > NEEDED_ADDRESS_SPACE:
        return ""
    return f"This process may have {limit // 2**20} MiB of address space (`ulimit -v`), which is too little for it."


def _mark_as_retrieved(error: Exception) -> None:
    """Have asyncio not log `error`, which Playwright has also put into a future that nobody awaits."""
    for holder in gc.get_referrers(error):
        if isinstance(holder, asyncio.Future):
            holder.exception()


def _file_limit_failure(error: BaseException | None) -> DriverFailed | None:
    """The error for a driver that does not start because this process can open no more files; None for other causes."""
    while error is not None:
        if (limit := file_limit_error(error)) is not None:
            return DriverFailed("Playwright's driver does not start: too many open files.", hint=limit.hint)
        error = error.__cause__ or error.__context__
    return None


def _start_error() -> DriverFailed:
    """The error that says why the driver does not start, found by running it with `--version`."""
    program = compute_driver_executable()[0]
    try:
        run = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=VERSION_SECONDS,
            env=without_secrets(os.environ),
        )
        output = run.stderr.strip() or f"it ended with code {run.returncode}"
    except subprocess.TimeoutExpired:
        output = f"it does not even tell its version within {VERSION_SECONDS:g} s"
    except OSError as error:
        if (limited := _file_limit_failure(error)) is not None:
            return limited
        output = error.strerror or type(error).__name__
    if found := MISSING_LIBRARY.search(output):
        driver_error = DriverFailed(f"Playwright's driver does not start: this system has no {found[1]}.")
        driver_error.library = found[1]
        return driver_error
    what = f"Playwright's driver does not start: {output.splitlines()[-1]}."
    return DriverFailed(what, hint=memory_limit_hint() or None)
