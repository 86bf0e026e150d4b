"""What is kept of a visit that failed, for a person to look at: files in the state folder, for their eyes only."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.files.atomic import write_atomic
from toolkit.files.state_folder import make_private_folder, state_folder

if TYPE_CHECKING:
    from toolkit.browser.failure_picture import FailureCapture

TRACE_VARIABLE = "TOOLKIT_TRACE"  # set to anything: a trace as well
MAX_FILES = 20  # files; older ones make room


def save(ending: str, data: bytes) -> Path:
    """Put `data` in a file of its own whose name ends with `ending`. Returns the file. Raises `OSError`."""
    folder = state_folder() / "failures"
    make_private_folder(folder)
    if os.name == "posix":
        folder.chmod(0o700)
    path = folder / f"{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}-{os.urandom(3).hex()}-{ending}"
    write_atomic(path, data)
    for old in sorted(path for path in folder.iterdir() if not path.name.startswith("."))[:-MAX_FILES]:
        old.unlink(missing_ok=True)
    return path


def capture_options() -> FailureCapture:
    """What to keep of a visit that fails: a picture, and a trace where one is wanted. Loads Playwright."""
    from toolkit.browser.failure_picture import FailureCapture

    return FailureCapture(save, trace=bool(os.environ.get(TRACE_VARIABLE)))
