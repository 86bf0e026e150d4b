"""The folders of the toolkit's state and cache, and how to make a folder that only its owner can enter."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

STATE_VARIABLE = "TOOLKIT_STATE_DIR"
STORE_VARIABLE = "TOOLKIT_STORE"


def state_folder() -> Path:
    """The folder of the toolkit's state: `TOOLKIT_STATE_DIR`, by default the platform's folder for state."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("toolkit", appauthor=False))


def cache_folder() -> Path:
    """The folder for data that can be fetched again: the platform's folder for caches."""
    return Path(platformdirs.user_cache_dir("toolkit", appauthor=False))


def make_private_folder(folder: Path) -> None:
    """Make `folder` and its missing parents with mode 0700, whatever the umask; existing folders are not changed.

    Raises `OSError`.
    """
    for path in (*reversed(folder.parents), folder):
        try:
            path.mkdir(mode=0o700)
        except OSError:
            if not path.is_dir():  # systems differ in the error for an existing folder, so it is checked afterwards
                raise
        else:
            path.chmod(0o700)
