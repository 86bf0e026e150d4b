"""What is kept of a visit that failed, for a person to look at: files in the state folder, for their eyes only."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.files import write_whole
from toolkit.stores.state import make_private, state_folder

if TYPE_CHECKING:
    from toolkit.browser.looking import Looks

TRACE_VARIABLE = "TOOLKIT_TRACE"  # set to anything: a trace as well
MOST = 20  # files; older ones make room


def keep(ending: str, data: bytes) -> Path:
    """Put `data` in a file of its own whose name ends with `ending`. Returns the file. Raises `OSError`."""
    folder = state_folder() / "failures"
    make_private(folder)
    if os.name == "posix":
        folder.chmod(0o700)
    path = folder / f"{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}-{os.urandom(3).hex()}-{ending}"
    write_whole(path, data)
    for old in sorted(path for path in folder.iterdir() if not path.name.startswith("."))[:-MOST]:
        old.unlink(missing_ok=True)
    return path


def looks() -> Looks:
    """What to keep of a visit that fails: a picture, and a trace where one is wanted. Loads Playwright."""
    from toolkit.browser.looking import Looks

    return Looks(keep, trace=bool(os.environ.get(TRACE_VARIABLE)))
