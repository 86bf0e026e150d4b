"""Sessions as files, one each, in the platform's folder for a program's state. For the person's eyes only."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import stat
import time
from pathlib import Path

import msgspec
import platformdirs

from toolkit.errors import StoreError
from toolkit.files import write_whole
from toolkit.session import BrowserSession
from toolkit.stores import Key

log = logging.getLogger("toolkit")

VERSION = 1
STATE_VARIABLE = "TOOLKIT_STATE_DIR"
SHOWN = 40  # letters of each part of a key that a file's name shows
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class _Version(msgspec.Struct, frozen=True):
    """What a file of any version holds."""

    version: int


class _File(_Version, frozen=True):
    """What a file of this version holds."""

    session: BrowserSession


def state_folder() -> Path:
    """Where the toolkit keeps its state: `TOOLKIT_STATE_DIR`, else the platform's own place for it."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("toolkit", appauthor=False))


class FileStore:
    """Sessions in `folder`, each a file that is 0600 from its first byte, in a folder that is 0700.

    On Windows, which has no such modes, the rights are those of the person's own profile folder. A folder that is
    open to others is closed to them when it is used. A file that cannot be understood is set aside under another
    name, and said, never lost; one of a newer version of the toolkit is left alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder() / "sessions"

    def __repr__(self) -> str:
        return f"<FileStore {self.folder}>"

    async def load(self, key: Key) -> BrowserSession | None:
        return self._read(self._path(key))

    async def save(self, key: Key, session: BrowserSession) -> None:
        path = self._path(key)
        content = msgspec.json.format(msgspec.json.encode(_File(VERSION, session)), indent=1)
        try:
            _make(self.folder)
            self._close_to_others()
            write_whole(path, content)
        except OSError as error:
            raise _failed("written", path, error) from error

    async def delete(self, key: Key) -> bool:
        path = self._path(key)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _failed("removed", path, error) from error
        return True

    async def sessions(self) -> list[BrowserSession]:
        """All sessions that are kept. A file that cannot be read is left out, and said."""
        try:
            files = sorted(path for path in self.folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failed("read", self.folder, error) from error
        found = []
        for path in files:
            try:
                found.append(self._read(path))
            except StoreError as error:
                log.warning("%s", error)
        return [session for session in found if session is not None]

    def _path(self, key: Key) -> Path:
        """A name that any file system takes: a person recognizes the key in it, and its hash makes it the key's own,
        also where a system ignores case, and for keys that look alike, are long, or look like a path."""
        shown = (re.sub(r"[^a-z0-9.]+", "-", part.lower())[:SHOWN].strip("-.") for part in key)
        digest = hashlib.sha256(json.dumps(key).encode("ascii")).hexdigest()[:16]
        return self.folder / ("--".join((*filter(None, shown), digest)) + ".json")

    def _read(self, path: Path) -> BrowserSession | None:
        """The session in a file, None where there is none that can be understood. Raises `StoreError`."""
        try:
            self._close_to_others()
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", path, error) from error
        try:
            if (version := msgspec.json.decode(content, type=_Version).version) > VERSION:
                raise StoreError(
                    f"The stored session {path} is of a newer version of the toolkit ({version}).",
                    hint=f"Upgrade the toolkit, or set {STATE_VARIABLE} to another folder.",
                )
            return msgspec.json.decode(content, type=_File).session
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _set_aside(path, error)
            return None

    def _close_to_others(self) -> None:
        """Take the rights that others have at the folder away, or say that they stay. Raises `OSError`."""
        mode = self.folder.stat().st_mode
        if os.name != "posix" or not stat.S_ISDIR(mode) or not mode & OTHERS:
            return
        try:
            self.folder.chmod(0o700)
        except OSError:
            log.warning("the folder %s holds sessions and is open to other users; close it to them", self.folder)


def _make(folder: Path) -> None:
    """Make `folder`, and those above it that are not there, for this person alone whatever the umask says."""
    for place in (*reversed(folder.parents), folder):
        place.mkdir(mode=0o700, exist_ok=True)


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
    try:
        path.replace(aside)
    except OSError as failure:
        raise _failed("set aside, and it is not readable", path, failure) from failure
    log.warning("a stored session was not readable (%s); it was set aside as %s", _reason(error), aside)


def _reason(error: Exception) -> str:
    """What is wrong with a file's content, which is a secret: never any of it."""
    return str(error) if isinstance(error, msgspec.DecodeError) else "it is not UTF-8 text"


def _failed(done: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The session {path} cannot be {done}: {error.strerror or type(error).__name__}.",
        hint=f"Check the folder's permissions, or set {STATE_VARIABLE} to another one.",
    )
