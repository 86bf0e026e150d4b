"""Checks the store: whether it can be used, who else can read it, whether it is encrypted, what is corrupt there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from toolkit.doctor.check_result import CheckResult, run_check
from toolkit.errors import StoreError
from toolkit.files.access import in_thread, read_regular_file
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.file import NON_OWNER_BITS, SESSION_SUFFIX_GLOB, FileStore
from toolkit.stores.passphrase import KEY_VARIABLE, configured_passphrase

STORE_SECONDS = 20.0  # for each check of the store
CORRUPT_FILES = "*.json.corrupt-*"


async def check_store(store: Store) -> tuple[list[CheckResult], dict[Key, BrowserSession]]:
    """Check `store`. Returns its sessions too, none where it cannot be used at all."""
    # First, because reading the store corrects the permissions of its folder.
    results: list[CheckResult] = []
    if isinstance(store, FileStore):
        results += await run_check("store", STORE_SECONDS, _in_thread(check_permissions, store.folder))
    try:
        sessions = await store.sessions()
    except StoreError as error:
        return [*results, CheckResult("store", "wrong", error.what, error.hint)], {}
    count = f"{len(sessions)} {'session' if len(sessions) == 1 else 'sessions'}"
    if not isinstance(store, FileStore):
        return [CheckResult("store", "ok", f"{store!r} answers, with {count}.")], sessions
    if not await in_thread(store.folder.is_dir):
        return [CheckResult("store", "ok", f"{store.folder} will be made for the first session.")], sessions
    results.append(CheckResult("store", "ok", f"{store.folder} has {count}."))
    results += await run_check("store", STORE_SECONDS, _check_room(store))
    for check in (check_encryption, check_corrupt_files):
        results += await run_check("store", STORE_SECONDS, _in_thread(check, store.folder))
    return results, sessions


async def _in_thread(check: Callable[[Path], Iterator[CheckResult]], folder: Path) -> list[CheckResult]:
    """Run a check that looks into `folder`, which may be on a file system that hangs."""
    return await in_thread(lambda: list(check(folder)))


async def _check_room(store: FileStore) -> list[CheckResult]:
    """Check whether a session can be written. Raises `StoreError` if not, such as for a disk that is full."""
    await store.check_writable()
    return []


def check_permissions(folder: Path) -> Iterator[CheckResult]:
    """Report a `folder` that cannot be written, and each file or folder that other users can read."""
    if os.name != "posix" or not folder.is_dir():
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        todo = "Make it yours: `chown`, or another --store."
        yield CheckResult("store", "wrong", f"{folder} cannot be written.", todo)
    for path, needed in ((folder, "700"), *((file, "600") for file in sorted(folder.glob(f"*{SESSION_SUFFIX_GLOB}")))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & NON_OWNER_BITS:
            what = f"{path} is open to other users ({mode:04o})."
            yield CheckResult("store", "wrong", what, f"Run `chmod {needed} {path}`.")


def check_encryption(folder: Path) -> Iterator[CheckResult]:
    """Report whether the sessions in `folder` are encrypted, and whether a passphrase is set."""
    files = list(folder.glob(f"*{SESSION_SUFFIX_GLOB}"))
    plain = [file for file in files if not _is_encrypted(file)]
    if configured_passphrase() and plain:
        todo = "`toolkit session refresh` encrypts it, and so does the next change."
        yield CheckResult("store", "note", f"{len(plain)} of {len(files)} sessions are not encrypted yet.", todo)
    elif files and not plain:
        yield CheckResult("store", "ok", "The sessions are encrypted.")
    elif files:
        yield CheckResult("store", "note", "The sessions are not encrypted.", f"{KEY_VARIABLE} gives a passphrase.")


def check_corrupt_files(folder: Path) -> Iterator[CheckResult]:
    """Report the files of `folder` that the store could not read and renamed."""
    for path in sorted(folder.glob(CORRUPT_FILES)):
        what = f"A stored session was not readable, and was set aside as {path}."
        yield CheckResult("store", "wrong", what, "Get that session anew, and remove the file.")


def unreadable_sessions(errors: list[StoreError]) -> list[CheckResult]:
    """The results for stored sessions that cannot be opened. `errors` are those that reading them raised."""
    return [CheckResult("store", "wrong", error.what, error.hint) for error in errors]


def _is_encrypted(file: Path) -> bool:
    try:
        return "sealed" in json.loads(read_regular_file(file))
    except (OSError, ValueError, TypeError):  # it is gone, or unreadable, which the store reports
        return True
