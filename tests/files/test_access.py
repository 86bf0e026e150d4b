"""Files that give no answer: nobody waits for one, and a signal is not kept waiting."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.files import access
from toolkit.files.access import read_file, within_limit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has neither pipes in folders nor such signals")


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a file system waits for that hangs. It is set at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A pipe that nobody writes to, and a device that never ends, are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name, reason in (("pipe", "no regular file"), ("device", "no regular file"), (".", "directory")):
        with pytest.raises(OSError, match=reason):
            read_file(tmp_path / name)
    (tmp_path / "file").write_bytes(b"text")
    assert read_file(tmp_path / "file") == b"text"


def test_a_file_system_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, hanging: threading.Event) -> None:
    """After a while, with what does not answer; an error of the work itself is raised as it is."""
    monkeypatch.setattr(access, "SECONDS", 0.05)
    with pytest.raises(TimeoutError, match=r"the file system has not answered for 0\.05 s"):
        within_limit(hanging.wait)
    monkeypatch.setattr(access, "SECONDS", 60.0)

    def fail() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        within_limit(fail)


def test_a_signal_is_handled_meanwhile(monkeypatch: pytest.MonkeyPatch, hanging: threading.Event) -> None:
    """What its handler raises ends the wait."""

    def end(*_: object) -> None:
        raise InterruptedError

    def hang() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        hanging.wait()

    monkeypatch.setattr(access, "SECONDS", 600.0)
    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(InterruptedError):
            within_limit(hang)
    finally:
        signal.signal(signal.SIGUSR1, before)
