"""Playwright's driver, the program that speaks to browsers: started, or an error that says why it does not start."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path

from playwright._impl._driver import compute_driver_executable, get_driver_env
from playwright.async_api import Playwright, async_playwright

from toolkit.browser.temporary_folders import temporary_folder
from toolkit.errors import DriverFailed

LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright's async API. Its temporary files, and those of its browsers, are gone afterwards.

    Raises `DriverFailed` where its program does not start.
    """
    manager = async_playwright()
    with temporary_folder() as folder:
        token = _folder.set(folder)
        try:
            playwright = await manager.__aenter__()
        except Exception as error:
            raise await asyncio.to_thread(_failure) from error
        finally:
            _folder.reset(token)
        try:
            yield playwright
        finally:
            await manager.__aexit__()


_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


def _environment() -> dict[str, str]:
    """What the driver gets as its environment, and gives to the browsers that it starts."""
    folder = _folder.get()
    return get_driver_env() | ({"TMPDIR": str(folder)} if folder is not None else {})


def _give_environment() -> None:
    """Have Playwright ask us: it lets nobody say what its driver's environment is, and this process's own, which other
    threads read, is not to be changed for it."""
    for name in ("transport", "_transport"):  # as newer and as older versions call it
        with suppress(ImportError):
            vars(import_module(f"playwright._impl.{name}"))["get_driver_env"] = _environment


_give_environment()


def _failure() -> DriverFailed:
    """Why the driver does not start, by asking it for its version alone."""
    program = compute_driver_executable()[0]
    try:
        run = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace", check=False)
        told = run.stderr.strip() or f"it ended with code {run.returncode}"
    except OSError as error:
        told = error.strerror or type(error).__name__
    if found := LIBRARY.search(told):
        failure = DriverFailed(f"Playwright's driver does not start: this system has no {found[1]}.")
        failure.library = found[1]
        return failure
    return DriverFailed(f"Playwright's driver does not start: {told.splitlines()[-1]}.")
