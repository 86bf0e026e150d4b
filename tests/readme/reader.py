"""A reader of the README and its pages, who pastes each block of a section, word for word, into a folder of their own.

The sites of the text are answered by stand-ins, in a local network to which the environment leads.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.browser.conftest import program
from tests.cli import forked
from tests.cli.conftest import TRACEBACK, Toolkit
from tests.conftest import absent
from tests.readme.blocks import Block, blocks
from tests.sites.asking import SECONDS
from tests.sites.openwebui import OpenWebUISite
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile
from toolkit.http.route import PROXY_VARIABLE, ROOT_VARIABLE, SPKI_VARIABLE
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

FORKING = ("toolkit", "python", "pytest")
ROUTE = (PROXY_VARIABLE, ROOT_VARIABLE, SPKI_VARIABLE)
# What a whole Chromium asks by itself where a block starts one (`Reader.with_own_browser`).
ASKED_BY_CHROMIUM = "accounts.google.com:443"


class Reader:
    """What is `left` of some sections to be run, and the `folder` in which it is."""

    def __init__(self, sections: Sequence[str], toolkit: Toolkit, network: LocalNetwork) -> None:
        self.left = [block for name in sections for block in blocks() if block.section == name]
        self.toolkit, self.network, self.folder = toolkit, network, toolkit.folder
        self.path = os.pathsep.join([str(Path(sys.executable).parent), toolkit.environ["PATH"]])
        self.environ = {**toolkit.environ, "PATH": self.path, **{name: network.environ()[name] for name in ROUTE}}

    def put_first(self, found: Path) -> None:
        """Have the shells find the program `found` before others of its name."""
        self.path = os.pathsep.join([str(found.parent), self.path])
        self.environ["PATH"] = self.path

    def take(self, language: str, has: str) -> Block:
        """The first block in `language` that is left with `has` in it; it counts as run."""
        for block in self.left:
            if block.language == language and has in block.text:
                self.left.remove(block)
                return block
        raise AssertionError(f"No block in {language} is left with {has!r} in it: {self.left}")

    def write(self, language: str, has: str, name: str = "") -> Path:
        """The next block as a file, under the name that it has itself or else `name`."""
        block = self.take(language, has)
        path = self.folder / (block.file or name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return path

    async def shell(self, has: str, environ: Mapping[str, str] | None = None) -> str:
        """Run the next block of a shell; gives what it printed."""
        return await self.run(self.take("sh", has).text, environ)

    async def python(self, has: str, environ: Mapping[str, str] | None = None) -> str:
        """Run the next block of Python as a program; gives what it printed."""
        path = self.write("python", has, "program.py")
        return await self.run(f"python {shlex.quote(str(path))}", environ)

    async def run(self, text: str, environ: Mapping[str, str] | None = None) -> str:
        """What the shell printed, once it has ended well."""
        return await self.end(await self.start(text, environ))

    async def start(self, text: str, environ: Mapping[str, str] | None = None) -> Process:
        """A shell that runs `text`, and ends with the first command that fails."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-eo", "pipefail", "-c", text),
            env={**self.environ, **(environ or {})},
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        self.toolkit.started.append(process)
        return process

    async def end(self, process: Process, seconds: float = SECONDS) -> str:
        async with asyncio.timeout(seconds):
            out, err = (told.decode() for told in await process.communicate())
        assert process.returncode == 0, out + err
        assert TRACEBACK not in out + err
        return out

    async def sign_in(self, site: OpenWebUISite) -> None:
        """Store a session for `webui.example.org`, as if somebody had logged in there."""
        cookies = {"token": site.new_token()}
        await self.toolkit.keep(BrowserSession.from_cookie_values("openwebui", "https://webui.example.org", cookies))

    def without_network(self) -> dict[str, str]:
        """An environment for what needs neither the sites nor a browser, which are not there."""
        return dict.fromkeys(ROUTE, "") | self.toolkit.without_browser()

    def with_own_browser(self) -> dict[str, str]:
        """An environment whose Chromium lives in the network whoever starts it, for blocks that do so themselves."""
        found = find_browser(Profile(), None)
        if found is None or found.path is None:
            absent("There is no Chromium of the system.")
        words = [found.path, *self.network.launch_args(), f"--proxy-server={self.network.address}"]
        script = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
        browser = program(self.folder / "bin" / "chrome-headless-shell", script)
        return {
            "PATH": os.pathsep.join([str(browser.parent), self.path]),
            "PLAYWRIGHT_BROWSERS_PATH": str(self.folder / "none"),
        }


@asynccontextmanager
async def reading(
    sections: str | Sequence[str], folder: Path, apps: Mapping[str, web.Application], *, forking: Sequence[str] = ()
) -> AsyncIterator[Reader]:
    """Read the section of that name (`sessions.md#In CI`), or several in a row, in `folder`, where `apps` answer for
    their host names. Fails where a block of them is run by nobody.

    The programs named by `forking` (toolkit, python, pytest) are forked from a process that has loaded the toolkit: for
    what ends by itself."""
    sections = [sections] if isinstance(sections, str) else sections
    if sys.platform == "win32":
        pytest.skip("the blocks are for a shell")
    # A short path: Chromium has sockets there, and no longer ones than a system allows.
    with tempfile.TemporaryDirectory(prefix="tk-", ignore_cleanup_errors=True) as temp:
        async with LocalNetwork(apps=apps) as network:
            reader = Reader(sections, Toolkit(folder, Path(temp)), network)
            for name in forking:
                found = program(folder / "forking" / name, forked.program(name))
            if forking:
                reader.put_first(found)
            try:
                yield reader
            finally:
                for process in reader.toolkit.started:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
            assert set(network.refused) <= {ASKED_BY_CHROMIUM}
    assert reader.left == [], "these blocks are run by nobody"
