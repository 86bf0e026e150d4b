"""Whole processes: how long they take and how much memory at most, from their start to their end."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import tests.benchmarks
from tests.benchmarks.results import OURS, Bar, Result, Scale
from toolkit.providers.registry import find
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

LAUNCH = Path(tests.benchmarks.__file__).with_name("launch.py")
ROOT = Path(tests.benchmarks.__file__).parents[2]
IMPORT = 'python -c "import aiohttp"'
SCRIPT = "bare aiohttp script"
BARE = """
import asyncio, codecs, sys
import aiohttp

async def main():
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    async with aiohttp.ClientSession() as session:
        async with session.post(sys.argv[1], json={"messages": [{"role": "user", "content": "Hi"}]}) as response:
            response.raise_for_status()
            async for data in response.content.iter_any():
                print(decoder.decode(data), end="", flush=True)

asyncio.run(main())
"""


class Run(NamedTuple):
    seconds: float
    cpu: float
    memory: float


async def launched(*command: str, environment: Mapping[str, str] | None = None) -> Run:
    """One run of `command`, from a small process. The toolkit that runs is the one beside these benchmarks."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-E", str(LAUNCH), *command),
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    )
    output, _ = await process.communicate()
    seconds, cpu, memory, code = json.loads(output)
    assert code == 0, f"{command[0]} failed: {code}"
    return Run(seconds, cpu, memory)


async def in_turns(
    commands: Mapping[str, tuple[str, ...]], rounds: int, environment: Mapping[str, str] | None = None
) -> dict[str, list[Run]]:
    """The runs of all, one after the other; the first of each does not count."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            runs[name].append(await launched(*command, environment=environment))
    return {name: values[1:] for name, values in runs.items()}


def command() -> str:
    """The `toolkit` command of this environment."""
    found = shutil.which("toolkit", path=sysconfig.get_path("scripts"))
    assert found is not None, "the package is not installed here"
    return found


def told(name: str, title: str, runs: Mapping[str, list[Run]], bar: Bar, *, memory: bool) -> list[Result]:
    """Wall time and CPU time, and memory where it counts, as results."""

    def result(kind: str, what: str, unit: str, bars: tuple[Bar, ...]) -> Result:
        factor = 1 if kind == "memory" else 1000
        samples = {peer: [getattr(run, kind) * factor for run in values] for peer, values in runs.items()}
        return Result(f"{name}-{what}" if what else name, f"{title}, {what or 'wall'}", unit, samples, bars)

    return [
        result("seconds", "", "ms", (bar,)),
        result("cpu", "cpu", "ms", ()),
        *([result("memory", "memory", "MB", (bar,))] if memory else []),
    ]


async def chat(root: str, scale: Scale) -> list[Result]:
    """`toolkit chat` with a session in the file store, against a script that only makes the call."""
    url = f"{root}/text/20/40/0"
    with tempfile.TemporaryDirectory() as folder:
        session = BrowserSession(provider="aura", origin=root, headers={"user-agent": "Kept/1"})
        await FileStore(Path(folder, "sessions")).save(Key("aura", find("aura")(url).site, "default"), session)
        commands = {
            OURS: (command(), "chat", "aura", "Hi", "--model", "m", "--base-url", url),
            SCRIPT: (sys.executable, "-c", BARE, f"{url}/api/chat"),
        }
        environment = {"TOOLKIT_STATE_DIR": folder, "TOOLKIT_STORE": f"file:{folder}/sessions"}
        runs = await in_turns(commands, scale.rounds, environment)
    title = "`toolkit chat` with a stored session, whole process"
    return told("chat-process", title, runs, Bar(SCRIPT, 1.3), memory=True)


async def help_(_: str, scale: Scale) -> list[Result]:
    """`toolkit --help`, against the import of aiohttp alone."""
    commands = {OURS: (command(), "--help"), IMPORT: (sys.executable, "-c", "import aiohttp")}
    runs = await in_turns(commands, scale.rounds)
    return told("help-process", "`toolkit --help`, whole process", runs, Bar(IMPORT, 0.7), memory=False)
