"""Playwright's driver, the program that speaks to browsers: started, or an error that says why it does not start."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Playwright, async_playwright

from toolkit.errors import DriverFailed

LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright's async API. Raises `DriverFailed` where its program does not start."""
    manager = async_playwright()
    try:
        playwright = await manager.__aenter__()
    except Exception as error:
        raise await asyncio.to_thread(_failure) from error
    try:
        yield playwright
    finally:
        await manager.__aexit__()


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
