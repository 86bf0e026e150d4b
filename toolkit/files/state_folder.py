"""The folder of the toolkit's state, and how a folder is made that only the person can enter."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

STATE_VARIABLE = "TOOLKIT_STATE_DIR"
STORE_VARIABLE = "TOOLKIT_STORE"


def state_folder() -> Path:
    """Where the toolkit keeps its state: `TOOLKIT_STATE_DIR`, else the platform's own place for it."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("toolkit", appauthor=False))


def cache_folder() -> Path:
    """Where things are kept that can be had again: the platform's own place for it."""
    return Path(platformdirs.user_cache_dir("toolkit", appauthor=False))


def make_private_folder(folder: Path) -> None:
    """Make `folder`, and those above it that are not there, 0700 whatever the umask says; those that are there stay as
    they are. Raises `OSError`."""
    for place in (*reversed(folder.parents), folder):
        try:
            place.mkdir(mode=0o700)
        except OSError:
            if not place.is_dir():  # which is asked last: systems differ on the error for one that is there
                raise
        else:
            place.chmod(0o700)
