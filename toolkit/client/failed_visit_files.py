"""Saves pictures and traces of failed visits in the state folder, in files that only the person can read."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.files.atomic import write_atomic
from toolkit.files.state_folder import make_private_folder, state_folder

if TYPE_CHECKING:
    from toolkit.browser.failure_capture import FailureCapture

TRACE_VARIABLE = "TOOLKIT_TRACE"  # if set to anything, a trace is saved besides the picture
MAX_FILES = 20  # the oldest ones beyond that are deleted


def save(ending: str, data: bytes) -> Path:
    """Write `data` to a new file whose name ends with `ending`, and delete the oldest files. Returns its path.

    Raises `OSError`.
    """
    folder = state_folder() / "failures"
    make_private_folder(folder)
    if os.name == "posix":
        folder.chmod(0o700)
    path = folder / f"{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}-{os.urandom(3).hex()}-{ending}"
    write_atomic(path, data)
    others = [each for each in folder.iterdir() if each != path and not each.name.startswith(".")]
    for old in sorted(others, key=_written_at)[: 1 - MAX_FILES]:
        old.unlink(missing_ok=True)
    return path


def _written_at(path: Path) -> int:
    """When `path` was written, in ns, which its name tells to the second; 0 where somebody else has just deleted it."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def capture_options() -> FailureCapture:
    """Return what to save of a failed visit: a picture, and a trace if `TOOLKIT_TRACE` is set. Imports Playwright."""
    from toolkit.browser.failure_capture import FailureCapture

    return FailureCapture(save, trace=bool(os.environ.get(TRACE_VARIABLE)))
