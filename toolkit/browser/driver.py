"""Starts Playwright's driver, the program that speaks to browsers, or says in an error why it does not start."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path

from playwright._impl._driver import compute_driver_executable, get_driver_env
from playwright.async_api import Playwright, async_playwright

from toolkit.browser.cancellation_shield import wait_at_most
from toolkit.browser.temporary_folders import end_processes, temporary_folder
from toolkit.errors import DriverFailed

log = logging.getLogger("toolkit")

# In seconds.
START_SECONDS = 30.0  # for the driver to start
ABANDON_SECONDS = 1.0  # for a start that nobody waits for any more to end first
STOP_SECONDS = 3.0  # for the driver and its browsers to end by themselves
KILL_SECONDS = 2.0  # for us to notice that they were killed
VERSION_SECONDS = 10.0  # for the driver's program to tell its version

NEEDED_ADDRESS_SPACE = 16 * 2**30  # bytes; Node reserves several GiB of it, and Chromium more

MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")

# The temporary folder of the driver that is being started in this context.
_temporary_folder: ContextVar[Path | None] = ContextVar("temporary_folder", default=None)


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Start the driver, and give Playwright's async API.

    The temporary files of the driver and its browsers are removed at the end; whatever of them has not ended by then
    is killed, where the system tells which processes they are. Raises `DriverFailed` where the driver does not start
    within `START_SECONDS`.
    """
    manager = async_playwright()
    with temporary_folder() as folder:
        playwright = await _start(manager, folder)
        try:
            yield playwright
        finally:
            await _stop(manager, folder)


async def _start(manager: AbstractAsyncContextManager[Playwright], folder: Path | None) -> Playwright:
    """Start the driver. When that takes too long, or the caller is cancelled, it is ended."""
    token = _temporary_folder.set(folder)
    try:
        starting = asyncio.ensure_future(manager.__aenter__())  # which begins with the variable as it is now
    finally:
        _temporary_folder.reset(token)
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
        raise await asyncio.to_thread(_start_error) from error


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


def _driver_environment() -> dict[str, str]:
    """The environment of the driver, which it passes on to its browsers."""
    folder = _temporary_folder.get()
    return get_driver_env() | ({"TMPDIR": str(folder)} if folder is not None else {})


def _install_environment() -> None:
    """Replace Playwright's function for the driver's environment by ours.

    Playwright has no option for it, and changing `os.environ` would affect other threads of this process.
    """
    for name in ("transport", "_transport"):  # the name in newer and in older versions
        with suppress(ImportError):
            vars(import_module(f"playwright._impl.{name}"))["get_driver_env"] = _driver_environment


_install_environment()


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
        )
        output = run.stderr.strip() or f"it ended with code {run.returncode}"
    except subprocess.TimeoutExpired:
        output = f"it does not even tell its version within {VERSION_SECONDS:g} s"
    except OSError as error:
        output = error.strerror or type(error).__name__
    if found := MISSING_LIBRARY.search(output):
        driver_error = DriverFailed(f"Playwright's driver does not start: this system has no {found[1]}.")
        driver_error.library = found[1]
        return driver_error
    what = f"Playwright's driver does not start: {output.splitlines()[-1]}."
    return DriverFailed(what, hint=memory_limit_hint() or None)
