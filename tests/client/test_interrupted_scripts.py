"""A script that reads an answer without asyncio, and is interrupted, or ends before the answer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from tests.sites.asking import SECONDS
from tests.sites.base import PIECES
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.serving import serve

ANSWER = "".join(PIECES)


async def script(text: str, *arguments: str) -> asyncio.subprocess.Process:
    """A Python of its own that runs `text`, with pipes."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", text, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


SCRIPT = """
import sys, toolkit
stream = toolkit.chat("openassistant", "Hi", base_url=sys.argv[1], cookies={"next-auth.session-token": sys.argv[2]})
for piece in stream:
    print("piece", flush=True)
    %s
"""


async def started(site: OpenAssistantSite, origin: str, then: str) -> asyncio.subprocess.Process:
    """A script that has read the first piece, and does `then` after it."""
    process = await script(SCRIPT % then, origin, site.login.new_token())
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        assert await process.stdout.readline() == b"piece\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
@pytest.mark.parametrize("then", ["pass", "import time; time.sleep(1000)"])
async def test_ctrl_c(then: str) -> None:
    """While the script waits for a piece, and while it does something else: the chat is deleted, the traceback is that
    of Ctrl-C alone, and the exit code is the usual one."""
    site = OpenAssistantSite()
    site.hold_after = 1
    async with serve(site.app()) as origin:
        process = await started(site, origin, then)
        assert site.open_chats
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            _, told = await process.communicate()
    error = told.decode()
    assert error.strip().endswith("KeyboardInterrupt")
    assert error.count("Traceback") == 1
    assert "destroyed" not in error
    assert "Exception ignored" not in error
    assert process.returncode == -signal.SIGINT
    assert not site.open_chats


@pytest.mark.parametrize("then", ["break", "del stream; break", "sys.exit()", "raise SystemExit"])
async def test_the_end_of_a_script_that_has_not_read_on(then: str) -> None:
    """It does not hang, and says nothing; the chat is deleted all the same."""
    site = OpenAssistantSite()
    site.hold_after = 1
    async with serve(site.app()) as origin:
        process = await started(site, origin, then)
        async with asyncio.timeout(SECONDS):
            _, told = await process.communicate()
    assert (process.returncode, told) == (0, b"")
    assert not site.open_chats
