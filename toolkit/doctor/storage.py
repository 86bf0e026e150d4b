"""The store: which it is, whether it can be used, who else can read it, and what was set aside there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from toolkit.doctor.finding import Finding
from toolkit.errors import StoreError
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key, Store
from toolkit.stores.file import NON_OWNER_BITS, SESSION_SUFFIX_GLOB, FileStore
from toolkit.stores.passphrase import KEY_VARIABLE, configured_passphrase

ASIDE = "*.json.corrupt-*"


async def check_store(store: Store) -> tuple[list[Finding], dict[Key, BrowserSession]]:
    """How `store` is, and the sessions that are there. Raises `StoreError` where it cannot be used at all."""
    # first, for a store closes a folder of its own as soon as it is read
    findings = list(rights(store.folder)) if isinstance(store, FileStore) else []
    sessions = await store.sessions()
    some = f"{len(sessions)} {'session' if len(sessions) == 1 else 'sessions'}"
    if not isinstance(store, FileStore):
        return [Finding("store", "ok", f"{store!r} answers, with {some}.")], sessions
    if not store.folder.is_dir():
        return [Finding("store", "ok", f"{store.folder} will be made for the first session.")], sessions
    findings.append(Finding("store", "ok", f"{store.folder} has {some}."))
    findings += [*sealing(store.folder), *set_aside(store.folder)]
    return findings, sessions


def rights(folder: Path) -> Iterator[Finding]:
    """Who besides the person can read `folder` and the sessions in it, and whether they themselves can write."""
    if os.name != "posix" or not folder.is_dir():
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("store", "wrong", f"{folder} cannot be written.", "Make it yours: `chown`, or another --store.")
    for path, right in ((folder, "700"), *((file, "600") for file in sorted(folder.glob(f"*{SESSION_SUFFIX_GLOB}")))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & NON_OWNER_BITS:
            what = f"{path} is open to other users ({mode:04o})."
            yield Finding("store", "wrong", what, f"Run `chmod {right} {path}`.")


def sealing(folder: Path) -> Iterator[Finding]:
    """Whether what lies in `folder` is encrypted as it is wished."""
    files = list(folder.glob(f"*{SESSION_SUFFIX_GLOB}"))
    plain = [file for file in files if not _sealed(file)]
    if configured_passphrase() and plain:
        todo = "`toolkit session refresh` encrypts it, and so does the next change."
        yield Finding("store", "note", f"{len(plain)} of {len(files)} sessions are not encrypted yet.", todo)
    elif files and not plain:
        yield Finding("store", "ok", "The sessions are encrypted.")
    elif files:
        yield Finding("store", "note", "The sessions are not encrypted.", f"{KEY_VARIABLE} gives a passphrase.")


def set_aside(folder: Path) -> Iterator[Finding]:
    """Which files of `folder` could not be understood once."""
    for path in sorted(folder.glob(ASIDE)):
        what = f"A stored session was not readable, and was set aside as {path}."
        yield Finding("store", "wrong", what, "Get that session anew, and remove the file.")


def unreadable_sessions(errors: list[StoreError]) -> list[Finding]:
    """What is told of sessions that are there and cannot be opened."""
    return [Finding("store", "wrong", error.what, error.hint) for error in errors]


def _sealed(file: Path) -> bool:
    try:
        return "sealed" in json.loads(file.read_bytes())
    except (OSError, ValueError, TypeError):  # gone, or not readable, which the store tells
        return True
