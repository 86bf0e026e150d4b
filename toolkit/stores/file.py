"""Sessions as files, one each, in the platform's folder for a program's state. For the person's eyes only."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import stat
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import platformdirs

from toolkit.errors import StoreError
from toolkit.files import remove_unfinished, write_whole
from toolkit.session import BrowserSession
from toolkit.stores import Key, Purpose
from toolkit.stores.content import decode, encode
from toolkit.stores.locking import locked

log = logging.getLogger("toolkit")

STATE_VARIABLE = "TOOLKIT_STATE_DIR"
SHOWN = 40  # letters of each part of a key that a file's name shows
SAVING = "saving.lock"  # held by the one that writes in the folder
PATIENCE = 30.0  # seconds that a save waits for the others'
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def state_folder() -> Path:
    """Where the toolkit keeps its state: `TOOLKIT_STATE_DIR`, else the platform's own place for it."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("toolkit", appauthor=False))


class FileStore:
    """Sessions in `folder`, each a file that is 0600 from its first byte, in a folder that is 0700.

    On Windows, which has no such modes, the rights are those of the person's own profile folder. A folder that is
    open to others is closed to them when it is used. A file that cannot be understood is set aside under another
    name, and said, never lost; one of a newer version of the toolkit is left alone. Beside the sessions lie the files
    of their locks, which hold nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder() / "sessions"

    def __repr__(self) -> str:
        return f"<FileStore {self.folder}>"

    async def load(self, key: Key) -> BrowserSession | None:
        kept = self._read(self._path(key))
        return kept[1] if kept is not None else None

    async def save(self, key: Key, session: BrowserSession) -> None:
        path = self._path(key)
        content = encode(key, session)
        try:
            self._open_folder()
            async with locked(self.folder / SAVING, PATIENCE):
                self._read(path)  # what cannot be read is not written over
                remove_unfinished(self.folder)  # nobody else is writing now
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

    async def sessions(self) -> dict[Key, BrowserSession]:
        """All sessions that are kept. A file that cannot be read is left out, and said."""
        try:
            files = sorted(path for path in self.folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _failed("read", self.folder, error) from error
        found = []
        for path in files:
            try:
                found.append(self._read(path))
            except StoreError as error:
                log.warning("%s", error)
        return dict(kept for kept in found if kept is not None)

    @asynccontextmanager
    async def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AsyncIterator[None]:
        path = self._path(key).with_suffix(f".{purpose}.lock")
        async with AsyncExitStack() as stack:
            try:
                self._open_folder()
                await stack.enter_async_context(locked(path, seconds))
            except TimeoutError:
                raise
            except OSError as error:
                raise _failed("locked", path, error) from error
            yield

    def _path(self, key: Key) -> Path:
        """A name that any file system takes: a person recognizes the key in it, and its hash makes it the key's own,
        also where a system ignores case, and for keys that look alike, are long, or look like a path."""
        shown = (re.sub(r"[^a-z0-9.]+", "-", part.lower())[:SHOWN].strip("-.") for part in key)
        digest = hashlib.sha256(json.dumps(key).encode("ascii")).hexdigest()[:16]
        return self.folder / ("--".join((*filter(None, shown), digest)) + ".json")

    def _read(self, path: Path) -> tuple[Key, BrowserSession] | None:
        """What is in a file, None where there is nothing that can be understood. Raises `StoreError`."""
        try:
            self._close_to_others()
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", path, error) from error
        try:
            key, session = decode(content, str(path))
        except ValueError as error:
            _set_aside(path, error)
            return None
        if self._path(key) != path:
            raise StoreError(
                f"The stored session {path} is another one's: of {key.provider}, {key.origin}, {key.account}.",
                hint="Somebody renamed or copied it. Move it away.",
            )
        return key, session

    def _open_folder(self) -> None:
        """Make the folder, and those above it that are not there, for this person alone whatever the umask says.
        Raises `OSError`."""
        for place in (*reversed(self.folder.parents), self.folder):
            place.mkdir(mode=0o700, exist_ok=True)
        self._close_to_others()

    def _close_to_others(self) -> None:
        """Take the rights that others have at the folder away, or say that they stay. Raises `OSError`."""
        mode = self.folder.stat().st_mode
        if os.name != "posix" or not stat.S_ISDIR(mode) or not mode & OTHERS:
            return
        try:
            self.folder.chmod(0o700)
        except OSError:
            log.warning("the folder %s holds sessions and is open to other users; close it to them", self.folder)


def _set_aside(path: Path, error: ValueError) -> None:
    aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
    try:
        path.replace(aside)
    except OSError as failure:
        raise _failed("set aside, and it is not readable", path, failure) from failure
    log.warning("a stored session was not readable (%s); it was set aside as %s", error, aside)


def _failed(done: str, path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The session {path} cannot be {done}: {error.strerror or type(error).__name__}.",
        hint=f"Check the folder's permissions, or set {STATE_VARIABLE} to another one.",
    )
