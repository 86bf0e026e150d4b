"""Makes demo recordings of apps from the real software: `python -m tests.real.record`; needs the extra test-real."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from tests.real.front import front_of
from tests.real.server import PASSWORD, USER, chainlit, free_port, gradio, streamlit
from tests.record_demos import FOLDER, PROMPT
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

MADE_WITH = {"gradio": "gradio 6", "chainlit": "chainlit 2", "streamlit": "streamlit 1"}


def host(provider: str) -> str:
    return f"{provider}.example.org"


async def sign_in(provider: str, origin: str) -> BrowserSession:
    """The session of somebody who has logged in at `origin`, as the app's form does it."""
    form = aiohttp.FormData({"username": USER, "password": PASSWORD})
    async with aiohttp.ClientSession() as http, http.post(f"{origin}/login", data=form) as answer:
        cookies = {name: cookie.value for name, cookie in answer.cookies.items()}
    return BrowserSession.from_cookie_values(provider, origin, cookies)


async def record(path: Path, origin: str, provider: str = "gradio") -> None:
    """Record one call of the app at `origin`, under a host name, into `path`."""
    comment = f"An app of this project's tests, on {MADE_WITH[provider]} from PyPI; its page is left out. By a program."
    cookies = await sign_in(provider, origin)
    there = {cookie.name: cookie.value for cookie in cookies.cookies} or {"none": "needed-by-this-app"}
    session = BrowserSession.from_cookie_values(provider, f"https://{host(provider)}", there)
    with TemporaryDirectory() as state:
        file = Path(state) / "state.json"
        file.write_text(json.dumps(session.to_storage_state()))
        command = ["record", provider, PROMPT, "-o", str(path), "--mode", "all", "--page", "--comment", comment]
        command += ["--base-url", f"https://{host(provider)}", "--session", str(file)]
        async with front_of(origin) as app, LocalNetwork(apps={host(provider): app}) as network:
            environ = {**os.environ, **network.environ(), "TOOLKIT_STATE_DIR": state}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "toolkit", *command, env=environ, stdout=PIPE, stderr=STDOUT
            )
            output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    os.chmod(path, 0o644)  # it is made to be shipped


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with gradio(Path(folder), free_port(), login=True) as origin:
            await record(FOLDER / "gradio.har", origin)
    for provider, running in (("chainlit", chainlit), ("streamlit", streamlit)):
        with TemporaryDirectory() as folder:
            async with running(Path(folder), free_port()) as origin:
                await record(FOLDER / f"{provider}.har", origin, provider)


if __name__ == "__main__":
    asyncio.run(main())
