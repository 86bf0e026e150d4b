"""The README's "Use it from other programs", and the page about serving."""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
import tomllib
from asyncio.subprocess import Process
from pathlib import Path

import aiohttp

from tests.conftest import absent
from tests.readme.blocks import ROOT
from tests.readme.reader import reading
from tests.readme.whole_site import WholeSite, answer
from tests.sites.asking import SECONDS


async def ready(process: Process) -> None:
    """Return once the server says that it is ready."""
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        assert (await process.stdout.readline()).startswith(b"ready: ")


async def ask(port: int, key: str, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Why?"}]}
    url, headers = f"http://127.0.0.1:{port}/v1/chat/completions", {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as response:
        document = await response.json()
        assert response.status == 200, document
        content: str = document["choices"][0]["message"]["content"]
        return content


async def end(process: Process) -> None:
    async with asyncio.timeout(SECONDS):
        process.send_signal(signal.SIGINT)
        await process.communicate()


async def test_serve(tmp_path: Path) -> None:
    """The server starts, and what a reader tells clients leads to it."""
    webui = WholeSite()
    async with reading("README.md#Use it from other programs", tmp_path, {"webui.example.org": webui.app()}) as reader:
        await reader.sign_in(webui)
        server = await reader.start(f"exec {reader.take('sh', 'toolkit serve').text}")
        await ready(server)
        models = json.loads((await reader.shell("curl")).splitlines()[-1])
        await end(server)
    assert [model["id"] for model in models["data"]] == ["openwebui", *(f"openwebui/{name}" for name in webui.models)]


async def test_names_of_one_s_own(tmp_path: Path) -> None:
    """The options as they stand on the page."""
    webui = WholeSite(answer({"content": "blue"}))
    async with reading("serving.md#Models", tmp_path, {"webui.example.org": webui.app()}) as reader:
        await reader.sign_in(webui)
        server = await reader.start(f"exec {reader.take('sh', 'toolkit serve').text}")
        await ready(server)
        assert await ask(4142, (await reader.run("toolkit serve key")).strip(), "best") == "blue"
        await end(server)
    assert webui.bodies[0]["model"] == "llama3.1:8b"


async def test_settings_in_a_file(tmp_path: Path) -> None:
    """The file as it stands on the page."""
    webui = WholeSite(*[answer({"content": "blue"})] * 2)
    async with reading("serving.md#Settings in a file", tmp_path, {"webui.example.org": webui.app()}) as reader:
        await reader.sign_in(webui)
        file = reader.write("toml", "[models]")
        keys = {"LLM_KEY": "a-key-of-16-or-more", "EDITOR_KEY": "another-key-of-16"}
        server = await reader.start(f"exec toolkit serve --config {file}", keys)
        await ready(server)
        for key in keys.values():
            assert await ask(4144, key, "quick") == "blue"
        await end(server)
    assert webui.bodies[0]["model"] == "mistral-small"


async def test_as_a_service(tmp_path: Path) -> None:
    """systemd takes the unit, where it is there, and hears what it waits for from the command in it. What the container
    runs is there too, and is healthy."""
    async with reading("serving.md#As a service", tmp_path, {}) as reader:
        unit = reader.write("ini", "Type=notify")
        told = configparser.ConfigParser(interpolation=None)
        told.read(unit)
        command = tmp_path / ".local" / "bin" / "toolkit"
        command.parent.mkdir(parents=True)
        command.write_text(f"#!/bin/sh\nexec {sys.executable} -m toolkit $*\n")
        command.chmod(0o755)
        if shutil.which("systemd-analyze"):
            await reader.run(f"systemd-analyze verify --man=no {unit}", {"HOME": str(tmp_path)})
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(str(tmp_path / "s"))
            environ = {"NOTIFY_SOCKET": str(tmp_path / "s"), "TOOLKIT_SERVE_KEY": "a-key-of-16-or-more"}
            line = told["Service"]["ExecStart"].replace("%h", str(tmp_path))
            server = await reader.start(f"exec {line} --port 4145", environ)
            await ready(server)
            assert heard.recv(64) == b"READY=1"
            await end(server)
            assert heard.recv(64) == b"STOPPING=1"
        lines = dict(line.split(" ", 1) for line in reader.take("dockerfile", "FROM").text.splitlines()[1:])
        (extras,) = re.findall(r"provider-toolkit\[(.*)\]", lines["RUN"])
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
        entry = shlex.join(json.loads(lines["ENTRYPOINT"]))
        server = await reader.start(f"exec {entry} --port 4145", environ)
        await ready(server)
        await reader.run(shlex.join(json.loads(lines["HEALTHCHECK"].removeprefix("CMD "))).replace("4141", "4145"))
        await end(server)


async def test_from_one_machine_to_many(tmp_path: Path) -> None:
    """HAProxy takes the configuration. What it does with it is tested with the real servers."""
    async with reading("serving.md#From one machine to many", tmp_path, {}) as reader:
        file = reader.write("haproxy", "backend")
        path = f"{reader.path}{os.pathsep}/usr/sbin"
        program = shutil.which("haproxy", path=path)
        if program is None:
            absent("There is no haproxy.")
        await reader.run(f"{program} -c -f {file}")


async def test_in_a_program(tmp_path: Path) -> None:
    """The application in a server of one's own."""
    webui = WholeSite(answer({"content": "blue"}))
    async with reading("serving.md#In a program", tmp_path, {"webui.example.org": webui.app()}) as reader:
        await reader.sign_in(webui)
        server = await reader.start(f"exec python -u {reader.write('python', 'gateway', 'server.py')}")
        assert server.stdout is not None
        async with asyncio.timeout(SECONDS):
            assert b"Running on" in await server.stdout.readline()
        assert await ask(4143, "a-key-of-16-or-more", "openwebui") == "blue"
        await end(server)
