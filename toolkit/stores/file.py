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
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from toolkit.errors import StoreError
from toolkit.files.atomic import remove_unfinished, write_atomic
from toolkit.files.state_folder import STATE_VARIABLE, STORE_VARIABLE, make_private_folder, state_folder
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Purpose
from toolkit.stores.file_lock import file_lock
from toolkit.stores.serialization import Packer, StoredSession, misplaced_error

log = logging.getLogger("toolkit")

SHOWN = 40  # letters of each part of a key that a file's name shows
SESSION_SUFFIX_GLOB = f"--{'[0-9a-f]' * 16}.json"  # ending of a session's file name; others are not touched
WRITE_LOCK_NAME = ".toolkit-saving.lock"  # held by the one that writes in the folder
PATIENCE = 30.0  # seconds that a save waits for the others'
NON_OWNER_BITS = stat.S_IRWXG | stat.S_IRWXO


class FileStore:
    """Sessions in `folder`, each a file that is 0600 from its first byte, in a folder that is made 0700.

    On Windows, which has no such modes, the rights are those of the person's own profile folder. Where the toolkit's
    own folder is open to others, it is closed to them; a `folder` that is given may hold other things, so there it is
    only said, and files with names of another kind are left alone. A file that cannot be understood is set aside under
    another name, and said, never lost; one of a newer version of the toolkit is left alone. Beside the sessions lie
    the files of their locks, which hold nothing.

    `key` is a passphrase that seals them, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY` says.
    """

    def __init__(self, folder: Path | None = None, *, key: str | None = None) -> None:
        self.folder = folder or state_folder() / "sessions"
        self._own = folder is None
        self._said = False
        self._packer = Packer(key)

    def __repr__(self) -> str:
        return f"<FileStore {self.folder}>"

    async def load(self, key: Key) -> BrowserSession | None:
        kept = await self._read(self._path(key))
        return kept[1] if kept is not None else None

    async def save(self, key: Key, session: BrowserSession) -> None:
        path = self._path(key)
        await self._read(path)  # what cannot be read is not written over
        content = await self._packer.pack(key, session)
        try:
            self._open_folder()
            async with file_lock(self.folder / WRITE_LOCK_NAME, PATIENCE):
                remove_unfinished(self.folder, SESSION_SUFFIX_GLOB)  # nobody else is writing now
                write_atomic(path, content)
        except OSError as error:
            raise self._failed("written", path, error) from error

    async def delete(self, key: Key) -> bool:
        path = self._path(key)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._failed("removed", path, error) from error
        return True

    async def sessions(self) -> dict[Key, BrowserSession]:
        """All sessions that are kept. A file that cannot be read is left out, and said."""
        try:
            files = sorted(path for path in self.folder.iterdir() if path.match(f"*{SESSION_SUFFIX_GLOB}"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._failed("read", self.folder, error) from error
        found = []
        for path in files:
            try:
                found.append(await self._read(path))
            except StoreError as error:
                log.warning("%s", error)
        return dict(kept for kept in found if kept is not None)

    @asynccontextmanager
    async def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AsyncIterator[None]:
        path = self._path(key).with_suffix(f".{purpose}.lock")
        async with AsyncExitStack() as stack:
            try:
                self._open_folder()
                await stack.enter_async_context(file_lock(path, seconds))
            except TimeoutError:
                raise
            except OSError as error:
                raise self._failed("locked", path, error) from error
            yield

    def _path(self, key: Key) -> Path:
        """A name that any file system takes: a person recognizes the key in it, and its hash makes it the key's own,
        also where a system ignores case, and for keys that look alike, are long, or look like a path."""
        shown = (re.sub(r"[^a-z0-9.]+", "-", part.lower())[:SHOWN].strip("-.") for part in key)
        digest = hashlib.sha256(json.dumps(key).encode("ascii")).hexdigest()[:16]
        return self.folder / f"{'--'.join(filter(None, shown))}--{digest}.json"

    async def _read(self, path: Path) -> StoredSession | None:
        """What is in a file, None where there is nothing that can be understood. Raises `StoreError`."""
        content = self._content(path)
        if content is None:
            return None
        try:
            kept = await self._packer.unpack(content, str(path))
        except ValueError as error:
            await self._set_aside(path, content, error)
            return None
        if self._path(kept[0]) != path:
            raise misplaced_error(kept[0], str(path))
        return kept

    async def _set_aside(self, path: Path, content: bytes, error: ValueError) -> None:
        """Give the file with that `content` another name, unless somebody has replaced it by now."""
        aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
        try:
            async with file_lock(self.folder / WRITE_LOCK_NAME, PATIENCE):
                if self._content(path) != content:
                    return
                os.replace(path, aside)
        except OSError as failure:
            raise self._failed("set aside, and it is not readable", path, failure) from failure
        log.warning("a stored session was not readable (%s); it was set aside as %s", error, aside)

    def _content(self, path: Path) -> bytes | None:
        try:
            self._close_to_others()
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", path, error) from error

    def _open_folder(self) -> None:
        """Make the folder, for this person alone. Raises `OSError`."""
        make_private_folder(self.folder)
        self._close_to_others()

    def _close_to_others(self) -> None:
        """Take the rights that others have at the toolkit's own folder away; of another one say, once, that they are
        there. Raises `OSError`."""
        mode = self.folder.stat().st_mode
        if os.name != "posix" or not stat.S_ISDIR(mode) or not mode & NON_OWNER_BITS:
            return
        if self._own:
            with suppress(OSError):
                self.folder.chmod(0o700)
                return
        if not self._said:
            self._said = True
            log.warning("the folder %s holds sessions and is open to other users; close it to them", self.folder)

    def _failed(self, done: str, path: Path, error: OSError) -> StoreError:
        reason = error.strerror or type(error).__name__
        stands_at = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
        if isinstance(error, FileExistsError):
            reason = "it is none"
        if stands_at in (self.folder, *self.folder.parents) or isinstance(error, NotADirectoryError | FileExistsError):
            what = f"The folder for sessions {self.folder} cannot be used"
        else:
            what = f"The session {path} cannot be {done}"
        other = f"set {STATE_VARIABLE} to another one" if self._own else f"name another one ({STORE_VARIABLE}, --store)"
        return StoreError(f"{what}: {reason}.", hint=f"Check the folder's permissions, or {other}.")
