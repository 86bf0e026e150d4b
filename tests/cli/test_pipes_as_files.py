"""A pipe in the place of a file: no command waits for somebody to write to it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from toolkit.stores.file_lock import file_lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")


@pytest.mark.parametrize(
    "command",
    [
        "chat aura Hi --browsers pipe",
        "harvest aura --browsers pipe",
        "chat aura Hi --replay=pipe",
        "recording show pipe",
        "recording check pipe",
        "replay pipe -- true",
    ],
)
def test_a_command_says_what_it_cannot_read(call: Call, here: Path, command: str) -> None:
    """At once, and with the name of the file."""
    os.mkfifo(here / "pipe")
    result = call(*command.split())
    assert result.code == 1
    assert "pipe cannot be read: it is no regular file." in result.out + result.err


def test_a_root_certificate_in_a_pipe_is_told(call: Call, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names it."""
    os.mkfifo(here / "pipe")
    monkeypatch.setenv("TOOLKIT_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("TOOLKIT_CA_FILE", "pipe")
    result = call("chat", "aura", "Hi")
    assert (result.code, result.errors[-1]) == (
        2,
        "error: The file of TOOLKIT_CA_FILE cannot be read: it is no regular file.",
    )


async def test_a_pipe_is_as_good_a_lock_as_a_file(tmp_path: Path) -> None:
    """It is opened without anybody at its other end, and one holder excludes another."""
    lock = tmp_path / "lock"
    os.mkfifo(lock)
    async with asyncio.timeout(60), file_lock(lock):
        with pytest.raises(TimeoutError, match="somebody else holds the lock"):
            async with file_lock(lock, 0.05):
                pass
