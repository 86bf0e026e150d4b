"""The key that clients have to show: made once, kept in a file for the person alone."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from toolkit.errors import UsageError
from toolkit.files.access import read_file
from toolkit.files.atomic import write_atomic
from toolkit.files.state_folder import make_private_folder, state_folder

KEY_VARIABLE = "TOOLKIT_SERVE_KEY"
OTHER_PLACES = "TOOLKIT_STATE_DIR names another folder, and TOOLKIT_SERVE_KEY gives a key without a file."
BYTES = 24  # of randomness
_KEY = re.compile(r"[\x21-\x7e]{16,}")  # what a header can hold, and nobody guesses


def key_file() -> Path:
    """Where the key is kept."""
    return state_folder() / "serve.key"


def check_key(key: str, place: str) -> str:
    """`key`, which `place` gives. Raises `UsageError` for one that no header can hold, or that is too short."""
    if not _KEY.fullmatch(key):
        what = f"{place} holds no key: 16 or more characters of ASCII, without blanks."
        raise UsageError(what, hint="Without it the server makes one.")
    return key


def load_key(path: Path) -> str | None:
    """The key in the file `path`; None where there is none yet. Raises `UsageError` for a file that holds no key."""
    try:
        content = read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        what = f"The key in {path} cannot be read: {error.strerror or error}."
        raise UsageError(what, hint=OTHER_PLACES) from None
    try:
        return check_key(content.decode("ascii", "replace").strip(), str(path))
    except UsageError as error:
        raise UsageError(error.what, hint="`toolkit serve key --renew` makes a new one.") from None


def make_key(path: Path) -> str:
    """A new key, in the file `path` in place of any other. Raises `UsageError` where it cannot be written."""
    key = f"tk-{secrets.token_urlsafe(BYTES)}"
    try:
        make_private_folder(path.parent)
        write_atomic(path, key.encode() + b"\n")
    except OSError as error:
        what = f"The key cannot be kept in {path}: {error.strerror or error}."
        raise UsageError(what, hint=OTHER_PLACES) from None
    return key
