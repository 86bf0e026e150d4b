"""The README's "Use it from other programs", and the page about serving."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import Process
from pathlib import Path

import aiohttp

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
    webui = WholeSite(answer({"content": "blue"}))
    async with reading("serving.md#Settings in a file", tmp_path, {"webui.example.org": webui.app()}) as reader:
        await reader.sign_in(webui)
        file = reader.write("toml", "[models]")
        server = await reader.start(f"exec toolkit serve --config {file}", {"LLM_KEY": "a-key-of-16-or-more"})
        await ready(server)
        assert await ask(4144, "a-key-of-16-or-more", "quick") == "blue"
        await end(server)
    assert webui.bodies[0]["model"] == "mistral-small"


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
