"""Starts Playwright's driver, the program that speaks to browsers, or says in an error why it does not start."""

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

MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")

# The temporary folder of the driver that is being started in this context.
_temporary_folder: ContextVar[Path | None] = ContextVar("temporary_folder", default=None)


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Start the driver, and give Playwright's async API.

    The temporary files of the driver and its browsers are removed at the end. Raises `DriverFailed` where the driver
    does not start.
    """
    manager = async_playwright()
    with temporary_folder() as folder:
        token = _temporary_folder.set(folder)
        try:
            playwright = await manager.__aenter__()
        except Exception as error:
            raise await asyncio.to_thread(_start_error) from error
        finally:
            _temporary_folder.reset(token)
        try:
            yield playwright
        finally:
            await manager.__aexit__()


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
        run = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace", check=False)
        output = run.stderr.strip() or f"it ended with code {run.returncode}"
    except OSError as error:
        output = error.strerror or type(error).__name__
    if found := MISSING_LIBRARY.search(output):
        driver_error = DriverFailed(f"Playwright's driver does not start: this system has no {found[1]}.")
        driver_error.library = found[1]
        return driver_error
    return DriverFailed(f"Playwright's driver does not start: {output.splitlines()[-1]}.")
