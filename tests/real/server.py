"""The real Gradio, Chainlit and Streamlit, with the apps of the tests, each in a process of its own on loopback."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.conftest import absent
from tests.sites.asking import SECONDS

USER, PASSWORD = "ada", "correct horse battery"
SECRET = "a secret of the tests, of thirty-two bytes"
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
async def chainlit(folder: Path, port: int, app: str = "chainlit_app.py") -> AsyncIterator[str]:
    """The Chainlit `app`, at the origin that this gives, with its files in `folder`. It wants a login."""
    command = ("chainlit", "run", str(Path(__file__).with_name(app)), "-h", "--port", str(port))
    environ = {"CHAINLIT_AUTH_SECRET": SECRET, "CHAINLIT_APP_ROOT": str(folder)}
    async with _serving(command, folder, environ, f"http://127.0.0.1:{port}/auth/config"):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def streamlit(folder: Path, port: int, app: str = "streamlit_app.py") -> AsyncIterator[str]:
    """The Streamlit `app`, at the origin that this gives."""
    options = ("--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none")
    command = (
        "streamlit",
        "run",
        str(Path(__file__).with_name(app)),
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
        *options,
    )
    async with _serving(command, folder, {}, f"http://127.0.0.1:{port}/_stcore/health"):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _serving(command: tuple[str, ...], folder: Path, environ: dict[str, str], probe: str) -> AsyncIterator[None]:
    """The server that `python -m` of `command` is, once it answers at `probe`."""
    python = await _python_with(command[0])
    log = folder / "server.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(python, "-m", *command),
            env={**os.environ, **environ, "PYTHONPATH": ""},
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as http:
            while not await _answers(http, probe):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _python_with(module: str) -> str:
    """A Python that has `module`: one of those that `TEST_APPS_PYTHON` names, since what such software requires is not
    what other software does; or this one."""
    find = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    pythons = [*filter(None, os.environ.get("TEST_APPS_PYTHON", "").split(os.pathsep)), sys.executable]
    ended = [await (await asyncio.create_subprocess_exec(python, "-c", find)).wait() for python in pythons]
    if 0 in ended:
        return pythons[ended.index(0)]
    return absent(f"There is no {module}: `.ci/run` installs it into an environment that TEST_APPS_PYTHON names.")


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


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
