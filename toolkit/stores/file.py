"""`FileStore`: each session in a file of its own, which only its owner can read."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path

from toolkit.errors import StoreError
from toolkit.files.access import in_thread, read_regular_file
from toolkit.files.atomic import remove_unfinished, write_atomic
from toolkit.files.state_folder import STATE_VARIABLE, STORE_VARIABLE, make_private_folder, state_folder
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.stores.base import Key, Purpose
from toolkit.stores.file_lock import file_lock
from toolkit.stores.serialization import Packer, StoredSession, misplaced_error

log = logging.getLogger("toolkit")

MAX_NAME_PART = 40  # characters of each part of a key that the file's name shows
SESSION_SUFFIX_GLOB = f"--{'[0-9a-f]' * 16}.json"  # how the names of sessions' files end; other files are not touched
WRITE_LOCK_NAME = ".toolkit-saving.lock"  # held while a file in the folder is written
LOCK_SECONDS = 30.0  # how long a save waits for those of other processes
NON_OWNER_BITS = stat.S_IRWXG | stat.S_IRWXO
TRY_BYTES = 64 * 1024  # more than a session has; what is written to see whether there is room
NO_ROOM = "Check what takes up the room there"
TODOS = {  # by the number of the error; for all others it is the permissions
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: NO_ROOM,
    errno.EROFS: "Have that disk mounted for writing",
    errno.EINVAL: "Remove what lies there in the place of a file",
    errno.ETIMEDOUT: "See what holds up that disk or network share",
    errno.EIO: "See whether that disk is sound",
}


class FileStore:
    """Sessions in `folder` (None: the platform's folder for state), one file for each, with empty lock files beside
    them.

    Files have the mode 0600 from their first byte, and the folder is created with 0700; on Windows, which has no such
    modes, the rights are those of the person's profile folder. If others can enter the folder, the default one is
    closed to them. A `folder` that was given may hold other things, so only a warning is logged, and files with other
    names are left alone. A corrupt file is renamed, with a warning; a file of a newer version of the toolkit is left
    alone.

    `key` is a passphrase that seals the sessions, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY`
    says.
    """

    @forgetting_locals
    def __init__(self, folder: Path | None = None, *, key: str | None = None) -> None:
        self.folder = folder or state_folder() / "sessions"
        self._is_default = folder is None
        self._warned = False
        self._packer = Packer(key)

    def __repr__(self) -> str:
        return f"<FileStore {self.folder}>"

    @forgetting_locals
    async def load(self, key: Key) -> BrowserSession | None:
        stored = await self._read(self._path(key))
        return stored[1] if stored is not None else None

    @forgetting_locals
    async def save(self, key: Key, session: BrowserSession) -> None:
        path = self._path(key)
        await self._read(path)  # raises for a session that must not be overwritten
        content = await self._packer.pack(key, session)
        try:
            await in_thread(self._create_folder)
            async with file_lock(self.folder / WRITE_LOCK_NAME, LOCK_SECONDS):
                await in_thread(partial(self._write, path, content), finish=True)
        except OSError as error:
            raise self._store_error("written", path, error) from error

    async def delete(self, key: Key) -> bool:
        path = self._path(key)
        try:
            await in_thread(path.unlink, finish=True)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._store_error("removed", path, error) from error
        return True

    @forgetting_locals
    async def sessions(self) -> dict[Key, BrowserSession]:
        """Return all stored sessions. A file that cannot be read is left out, with a warning in the log."""
        try:
            files = await in_thread(self._session_files)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._store_error("read", self.folder, error) from error
        stored = []
        for path in files:
            try:
                stored.append(await self._read(path))
            except StoreError as error:
                log.warning("%s", error)
        return dict(session for session in stored if session is not None)

    @asynccontextmanager
    async def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AsyncIterator[None]:
        path = self._path(key).with_suffix(f".{purpose}.lock")
        async with AsyncExitStack() as stack:
            try:
                await in_thread(self._create_folder)
            except OSError as error:
                raise self._store_error("locked", path, error) from error
            try:
                await stack.enter_async_context(self._lock_in_new_folder(path, seconds))
            except TimeoutError:
                raise
            except OSError as error:
                raise self._store_error("locked", path, error) from error
            yield

    async def check_writable(self) -> None:
        """Write a file into the folder, which is there, and remove it again. Raises `StoreError` if that fails, or if
        a session could not be sealed."""
        await self._packer.check_passphrase()
        try:
            await in_thread(self._try_to_write, finish=True)
        except OSError as error:
            raise self._store_error("written", self.folder, error) from error

    def _try_to_write(self) -> None:
        with tempfile.NamedTemporaryFile(prefix=".try-", dir=self.folder) as file:
            file.write(bytes(TRY_BYTES))
            file.flush()
            os.fsync(file.fileno())

    @asynccontextmanager
    async def _lock_in_new_folder(self, path: Path, seconds: float | None) -> AsyncIterator[None]:
        """Hold the lock file `path`. Where somebody has removed the folder meanwhile, it is made anew, once."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(file_lock(path, seconds))
            except FileNotFoundError:
                await in_thread(self._create_folder)
                await stack.enter_async_context(file_lock(path, seconds))
            yield

    def _session_files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.match(f"*{SESSION_SUFFIX_GLOB}"))

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file while the folder is locked. Raises `OSError`."""
        remove_unfinished(self.folder, SESSION_SUFFIX_GLOB)  # safe, since nobody else writes now
        write_atomic(path, content)

    def _path(self, key: Key) -> Path:
        return self.folder / _file_name(key)

    async def _read(self, path: Path) -> StoredSession | None:
        """Return the session in the file `path`, or None if there is none. A corrupt file is set aside first.

        Raises `StoreError` if there is something that has to stay as it is.
        """
        content = await self._read_bytes(path)
        if content is None:
            return None
        try:
            stored = await self._packer.unpack(content, str(path))
        except ValueError as error:
            await self._set_aside(path, content, error)
            return None
        if _file_name(stored[0]) != path.name:
            raise misplaced_error(stored[0], str(path))
        return stored

    async def _set_aside(self, path: Path, content: bytes, error: ValueError) -> None:
        """Rename the file, unless its content is no longer `content` because another process has replaced it."""
        aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
        try:
            async with file_lock(self.folder / WRITE_LOCK_NAME, LOCK_SECONDS):
                if await self._read_bytes(path) != content:
                    return
                await in_thread(partial(os.replace, path, aside), finish=True)
        except OSError as failure:
            raise self._store_error("set aside, and it is not readable", path, failure) from failure
        log.warning("a stored session was not readable (%s); it was set aside as %s", error, aside)

    async def _read_bytes(self, path: Path) -> bytes | None:
        def read() -> bytes:
            self._restrict_folder()
            return read_regular_file(path)

        try:
            return await in_thread(read)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._store_error("read", path, error) from error

    def _create_folder(self) -> None:
        """Create the folder if it is missing, and check its rights. Raises `OSError`."""
        make_private_folder(self.folder)
        self._restrict_folder()

    def _restrict_folder(self) -> None:
        """If other users can enter the folder: close the default one to them; for a given one, log a warning once.

        Raises `OSError`.
        """
        mode = self.folder.stat().st_mode
        if os.name != "posix" or not stat.S_ISDIR(mode) or not mode & NON_OWNER_BITS:
            return
        if self._is_default:
            with suppress(OSError):
                self.folder.chmod(0o700)
                return
        if not self._warned:
            self._warned = True
            log.warning("the folder %s holds sessions and is open to other users; close it to them", self.folder)

    def _store_error(self, done: str, path: Path, error: OSError) -> StoreError:
        """Return the error that says that the file `path`, or the folder, cannot be `done` ("read", "written")."""
        reason = error.strerror or type(error).__name__
        error_path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
        if isinstance(error, FileExistsError):
            reason = "it is none"
        if error_path in (self.folder, *self.folder.parents) or isinstance(error, NotADirectoryError | FileExistsError):
            what = f"The folder for sessions {self.folder} cannot be used"
        else:
            what = f"The session {path} cannot be {done}"
        if isinstance(error, TimeoutError) and error.filename is None:
            what = f"The folder for sessions {self.folder} cannot be used"
        instead = (
            f"set {STATE_VARIABLE} to another one"
            if self._is_default
            else f"name another one ({STORE_VARIABLE}, --store)"
        )
        todo = TODOS.get(error.errno or 0, "Check the folder's permissions")
        return StoreError(f"{what}: {reason}.", hint=f"{todo}, or {instead}.")


@lru_cache
def _file_name(key: Key) -> str:
    """Return the name of the file for `key`, which works on every file system: it shows the key in plain characters,
    and a hash tells apart keys that differ only in case, in other characters or beyond the part that is shown."""
    shown = (re.sub(r"[^a-z0-9.]+", "-", part.lower())[:MAX_NAME_PART].strip("-.") for part in key)
    digest = hashlib.sha256(json.dumps(key).encode("ascii")).hexdigest()[:16]
    return f"{'--'.join(filter(None, shown))}--{digest}.json"
