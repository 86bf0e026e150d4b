"""A folder for what the driver and the browser keep while they run, which lasts no longer than they are needed.

Both remove what is theirs when they end, also when the process that started them has died; but not what they were just
making then: a profile that the browser has not got yet, or the folder of Chromium's socket. So all of it is in a folder
of ours. When its owner is killed a janitor removes it, see `toolkit.browser.janitor`; where there is none, or that was
killed as well, it is removed when the next one is made.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.browser import janitor

PREFIX = "toolkit-run-"
LONGEST = 60  # bytes: Chromium's socket in there adds 45, and a socket's path may have 107 (macOS: 103), see unix(7)


@contextmanager
def temporary_folder() -> Iterator[Path | None]:
    """A folder for temporary files that is removed at the end with all that is in it.

    None where there cannot be one: on Windows, which has no locks for folders, and where the path would be too long.
    """
    place = Path(tempfile.gettempdir())
    if sys.platform == "win32" or len(os.fsencode(place / PREFIX)) + 8 > LONGEST:
        yield None
        return
    for folder in place.glob(f"{PREFIX}*"):
        _remove_if_left(folder)
    path, owner = place / f"{PREFIX}{secrets.token_hex(4)}", os.getpid()
    with _janitor(path):
        handle = _locked(path)
        try:
            yield path
        finally:
            if os.getpid() == owner:  # and not a fork of it, which may come by here as it ends
                shutil.rmtree(path, ignore_errors=True)
            os.close(handle)


def is_python_interpreter(program: str = sys.executable) -> bool:
    """Whether `program`, which runs us, is Python: not a program that was made with it, which would start again, nor a
    server that has it built in."""
    return not hasattr(sys, "frozen") and "py" in os.path.basename(program or "").lower()


@contextmanager
def _janitor(folder: Path) -> Iterator[None]:
    """Have another process see to `folder`, which is not there yet, should this one be killed."""
    program = [sys.executable, "-I", "-S", os.path.abspath(janitor.__file__), str(folder)]
    silent = subprocess.DEVNULL
    if not is_python_interpreter():
        yield
        return
    try:
        process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=silent, stderr=silent, cwd="/", start_new_session=True
        )
    except OSError:  # there is no room for a process
        yield
        return
    owner = os.getpid()
    with process:
        try:
            yield
        finally:
            if os.getpid() == owner:
                process.kill()


if sys.platform != "win32":
    import fcntl

    def _locked(path: Path) -> int:
        """Make the folder, for this person alone; returns what holds its lock, which the system frees when this process
        ends. Raises `OSError`."""
        while True:
            path.mkdir(mode=0o700)
            with suppress(FileNotFoundError):  # somebody took it for one that was left, before it was locked
                handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(handle, fcntl.LOCK_EX)
                if os.fstat(handle).st_nlink:
                    return handle
                os.close(handle)

    def _remove_if_left(folder: Path) -> None:
        """Remove `folder` unless its owner lives. One of another user, or one that is gone meanwhile, is let be."""
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(handle).st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
