"""The real Gradio, with the apps of the tests, in a process of its own on loopback."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import absent
from tests.sites.asking import SECONDS

USER, PASSWORD = "ada", "correct horse battery"
APP, APPS = (Path(__file__).with_name(name) for name in ("app.py", "chat_apps.py"))
# It asks nobody outside: no analytics, no look for newer versions.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def gradio(folder: Path, port: int, *, login: bool) -> AsyncIterator[str]:
    """The app, at the origin that this gives, with its files in `folder`; `login` says that it wants one."""
    async with _running(APP, folder, str(port), *((USER, PASSWORD) if login else ())):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def gradio_apps(folder: Path, ports: dict[str, int]) -> AsyncIterator[None]:
    """The apps of `chat_apps.py` that `ports` names, each at its port, with their files in `folder`."""
    async with _running(APPS, folder, *(f"{kind}={port}" for kind, port in ports.items())):
        yield


@asynccontextmanager
async def _running(program: Path, folder: Path, *arguments: str) -> AsyncIterator[None]:
    if importlib.util.find_spec("gradio") is None:
        absent("There is no gradio: it comes with the extra test-real.")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program), *arguments),
        env={**os.environ, **QUIET, "GRADIO_TEMP_DIR": str(folder)},
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            first = await process.stdout.readline()
        assert first == b"ready\n", (first + (await process.communicate())[1]).decode()
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
