"""Makes a folder for the temporary files of the driver and its browsers, and removes it when they are done.

Driver and browser remove their own files when they end, even after the process that started them has died. They leave
behind what they were just creating: a profile that the browser has not received yet, or the folder of Chromium's
socket. So all of their files go into one folder of ours. When the owner of that is killed,
`toolkit.browser.temporary_folder_cleanup` removes it; if that was killed too, the next call of `temporary_folder` does.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.browser import temporary_folder_cleanup
from toolkit.browser.child_environment import without_secrets

PREFIX = "toolkit-run-"
MAX_PATH_BYTES = 60  # Chromium's socket in it adds 45, and a socket's path may have 107 (macOS: 103), see unix(7)


_in_use: set[Path] = set()


@contextmanager
def temporary_folder() -> Iterator[Path | None]:
    """Make a folder for temporary files, and remove it at the end with everything in it.

    None where that is not possible: on Windows, which has no locks for folders, and where the path would be too long.
    """
    parent = Path(tempfile.gettempdir())
    if sys.platform == "win32" or len(os.fsencode(parent / PREFIX)) + 8 > MAX_PATH_BYTES:
        yield None
        return
    for folder in parent.glob(f"{PREFIX}*"):
        _remove_if_abandoned(folder)
    path, owner = parent / f"{PREFIX}{secrets.token_hex(4)}", os.getpid()
    with _cleanup_process(path):
        handle = _make_locked(path)
        _in_use.add(path)
        try:
            yield path
        finally:
            _in_use.discard(path)
            if os.getpid() == owner:  # not in a fork, which may end by leaving this block too
                shutil.rmtree(path, ignore_errors=True)
            os.close(handle)


def end_all_processes() -> None:
    """As `end_processes`, for every folder that is in use in this process now."""
    for folder in list(_in_use):
        end_processes(folder)


def end_processes(folder: Path | None) -> None:
    """Kill every process whose folder for temporary files is `folder`, and what they have started: the driver and its
    browsers. Chromium's helpers hide their environment, so they are known by their parents only.

    For those that do not end by themselves, because they are stopped. Only Linux tells which they are; elsewhere
    nothing happens, and they end as soon as they go on.
    """
    if folder is None:
        return
    parents = _parents()
    found = set(temporary_folder_cleanup.users_of(str(folder)))
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    for pid in found:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _parents() -> dict[int, int]:
    """The parent of each running process, where the system tells (Linux, proc_pid_stat(5)); else nothing."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            parents[int(stat.parent.name)] = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    return parents


def is_python_interpreter(program: str = sys.executable) -> bool:
    """Whether `program`, by default the one that runs this code, is a Python interpreter.

    It is not one in a frozen application, which would start itself again, nor in a server that embeds Python.
    """
    return not hasattr(sys, "frozen") and "py" in os.path.basename(program or "").lower()


@contextmanager
def _cleanup_process(folder: Path) -> Iterator[None]:
    """Run a process that removes `folder`, which need not exist yet, if this process is killed."""
    program = [sys.executable, "-I", "-S", os.path.abspath(temporary_folder_cleanup.__file__), str(folder)]
    silent = subprocess.DEVNULL
    if not is_python_interpreter():
        yield
        return
    try:
        process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=silent,
            stderr=silent,
            cwd="/",
            start_new_session=True,
            env=without_secrets(os.environ),
        )
    except OSError:  # the system can start no more processes
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

    def _make_locked(path: Path) -> int:
        """Make the folder, private to this user, and lock it. Returns the file descriptor that holds the lock.

        The system frees the lock when this process ends. Raises `OSError`.
        """
        while True:
            path.mkdir(mode=0o700)
            with suppress(FileNotFoundError):  # another process removed it as abandoned before it was locked
                handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(handle, fcntl.LOCK_EX)
                if os.fstat(handle).st_nlink:
                    return handle
                os.close(handle)

    def _remove_if_abandoned(folder: Path) -> None:
        """Remove `folder` unless its owner is alive, it belongs to another user, or it is gone already."""
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(handle).st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
