"""A process that can open no more files is told so, and not of a path inside a library or of the site's address."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import textwrap

import pytest

from tests.cli.conftest import python_path
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.serving import serve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits as POSIX has them")

# What makes a call after all file descriptors but `spare` are used up, and says what came of it.
PROGRAM = """
import asyncio, os, resource, sys
import toolkit
from toolkit import BrowserSession, Client
from toolkit.errors import ToolkitError

def use_up(spare):
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for _ in range(spare):
        os.close(held.pop())

async def main(url, spare, warm):
    session = BrowserSession(provider="codelinkava", origin=url)
    if warm:
        await Client("codelinkava", base_url=url, session=session).chat("Hi").text()
    use_up(spare)
    try:
        print(await Client("codelinkava", base_url=url, session=session).chat("Hi").text())
    except ToolkitError as error:
        print(f"{type(error).__name__}: {error}")

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "warm"))
"""


@pytest.mark.parametrize("warm", ["cold", "warm"])
@pytest.mark.parametrize("spare", [0, 1])
async def test_the_limit_of_files_is_told(spare: int, warm: str) -> None:
    """Whether modules are still to be loaded or not; with enough descriptors left the call is made."""
    site = CodeLinkAvaSite()
    async with serve(site.app()) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", textwrap.dedent(PROGRAM), url, str(spare), warm),
            env={**os.environ, "PYTHONPATH": python_path()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
    limit = re.compile(r"TooManyOpenFiles: (codelinkava: )?This process can open no more files and connections\. Close")
    answered = spare > 0 and out.decode() == "".join(site.answer) + "\n"
    assert answered or limit.match(out.decode()), (out, err.decode())
