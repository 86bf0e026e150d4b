"""Makes the demo recording of Gradio from the real one: `python -m tests.real.record`; needs the extra test-real."""

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
from tests.real.server import PASSWORD, USER, free_port, gradio
from tests.record_demos import FOLDER, PROMPT
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

HOST = "gradio.example.org"


async def signed_in(origin: str, folder: Path) -> Path:
    """A storage state of somebody who has logged in at `origin`, as the app's form does it, as a file."""
    form = aiohttp.FormData({"username": USER, "password": PASSWORD})
    async with aiohttp.ClientSession() as http, http.post(f"{origin}/login", data=form) as answer:
        cookies = {name: cookie.value for name, cookie in answer.cookies.items()}
    session = BrowserSession.from_cookie_values("gradio", f"https://{HOST}", cookies)
    file = folder / "state.json"
    file.write_text(json.dumps(session.to_storage_state()))
    return file


async def record(path: Path, origin: str) -> None:
    """Record one call of the app at `origin`, under a host name, into `path`."""
    comment = (
        "A Gradio app of this project's tests, on gradio 6 from PyPI; what is for its page is left out. By a program."
    )
    with TemporaryDirectory() as state:
        command = ["record", "gradio", PROMPT, "-o", str(path), "--mode", "all", "--page", "--comment", comment]
        command += ["--base-url", f"https://{HOST}", "--session", str(await signed_in(origin, Path(state)))]
        async with front_of(origin) as app, LocalNetwork(apps={HOST: app}) as network:
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


if __name__ == "__main__":
    asyncio.run(main())
