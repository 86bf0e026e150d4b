"""Files of sessions that cannot be read or written: what is told, what is set aside, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sites.asking import SECONDS, until
from tests.stores.conftest import only_file, posix
from tests.stores.sessions import SECRET, key, session
from toolkit.errors import StoreError
from toolkit.files import access
from toolkit.files.state_folder import STATE_VARIABLE
from toolkit.stores.file import FileStore


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "state" / "sessions")


# --- what is not readable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"version": 1}',
        b"[" * 100_000,
        b'{"version": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"version": "1", "session": {}}',
        b'{"version": 1, "key": ["aura", "b", "c"]}',
        b'{"version": 1, "key": ["aura", "b", "c"], "session": {"provider": "aura"}}',
        *(
            b'{"version": 1, "key": ["a", "b", "c"], "session": {"provider": "a", "origin": "b", "harvested_at": %s}}'
            % number
            for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999")
        ),
        b'{"version": 1, "key": "' + SECRET.encode() + b'", "session": {"provider": "a", "origin": "b"}}',
        b'{"version": 1, "key": ["a", "b", "c"], "session": {"provider": "aura", "origin": "\xff'
        + SECRET.encode()
        + b'"}}',
        b'{"version": 1, "key": ["a", "b", "c"], "session": {"provider": "a", "origin": "b", "cookies": "'
        + SECRET.encode()
        + b'"}}',
    ],
)
async def test_a_corrupt_file_is_set_aside_and_said(
    store: FileStore, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no session then; the bytes are kept beside it, the note names where, and tells nothing of them."""
    await store.save(key(), session())
    path = only_file(store)
    path.write_bytes(content)
    assert await store.load(key()) is None
    aside = only_file(store)
    assert aside.read_bytes() == content
    assert aside.name.startswith(f"{path.name}.corrupt-")
    assert str(aside) in caplog.text
    assert SECRET not in caplog.text
    await store.save(key(), session())
    assert await store.load(key()) == session()


async def test_two_corrupt_files_of_one_key_are_both_kept(store: FileStore) -> None:
    """The second one set aside does not take the place of the first."""
    for content in (b"first", b"second"):
        await store.save(key(), session())
        path = only_file(store) if content == b"first" else next(store.folder.glob("*.json"))
        path.write_bytes(content)
        assert await store.load(key()) is None
    assert {path.read_bytes() for path in store.folder.glob("*.json*")} == {b"first", b"second"}


async def test_a_newer_version_is_refused_and_left_alone(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever else such a file holds, it is neither misread nor touched; a list goes on without it."""
    await store.save(key("new"), session("new"))
    path = only_file(store)
    newer = json.dumps({"version": 2, "session": {"all": "new"}})
    path.write_text(newer)
    for call in (store.load(key("new")), store.save(key("new"), session("new"))):
        with pytest.raises(StoreError, match=r"newer version of the toolkit \(2\)\. Upgrade"):
            await call
    await store.save(key("old"), session("old"))
    assert await store.sessions() == {key("old"): session("old")}
    assert "newer version" in caplog.text
    assert path.read_text() == newer


async def test_another_ones_file_is_refused(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was copied to another account's place is neither taken for that account's nor lost."""
    await store.save(key("ada"), session("ada"))
    await store.save(key("bob"), session("bob"))
    ada, bob = (next(store.folder.glob(f"*{name}*.json")) for name in ("ada", "bob"))
    bob.write_bytes(ada.read_bytes())
    for call in (store.load(key("bob")), store.save(key("bob"), session("bob"))):
        with pytest.raises(StoreError, match=r"of another key: aura, .*, ada\."):
            await call
    assert await store.sessions() == {key("ada"): session("ada")}
    assert "of another key" in caplog.text
    assert bob.read_bytes() == ada.read_bytes()


@pytest.mark.parametrize("where", ["state", "sessions", "session"])
async def test_a_place_that_cannot_be_used_is_told(tmp_path: Path, where: str) -> None:
    """Something else in the place of the state folder, the store's folder or a file: a `StoreError` that names it."""
    store = FileStore(tmp_path / "state" / "sessions")
    if where == "session":
        await store.save(key(), session())
        path = only_file(store)
        path.unlink()
        path.mkdir()
        (path / "full").touch()
        await store.save(key("ada"), session("ada"))
    else:
        path = store.folder if where == "sessions" else store.folder.parent
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for call in (store.load(key()), store.save(key(), session()), store.delete(key())):
        with pytest.raises(StoreError, match=r"cannot be .*\(TOOLKIT_STORE, --store\)") as caught:
            await call
        assert str(path) in str(caught.value)
        assert SECRET not in repr(caught.value)
    if where != "session":
        with pytest.raises(StoreError, match=r"folder for sessions .* cannot be used"):
            await store.sessions()
        with pytest.raises(StoreError, match="cannot be used"):
            await enter(store)


@posix
@pytest.mark.parametrize("special", ["pipe", "device", "socket"])
async def test_what_is_no_regular_file_is_not_read(store: FileStore, special: str) -> None:
    """Opening a pipe would wait for its other end, and reading a device would never end."""
    await store.save(key(), session())
    path = only_file(store)
    path.unlink()
    if special == "pipe":
        os.mkfifo(path)
    elif special == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    async with asyncio.timeout(SECONDS):
        for call in (store.load(key()), store.save(key(), session())):
            with pytest.raises(StoreError, match=f"session {path} cannot be read: "):
                await call
        assert await store.sessions() == {}


async def test_a_file_system_that_hangs_keeps_nobody_waiting(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop goes on meanwhile, and each operation ends with what does not answer."""
    await store.save(key(), session())
    monkeypatch.setattr(access, "SECONDS", 0.1)
    hanging, stat_as_it_is = threading.Event(), Path.stat

    def stat_hanging(path: Path, **options: Any) -> os.stat_result:
        if store.folder in (path, *path.parents):
            hanging.wait()
        return stat_as_it_is(path, **options)

    monkeypatch.setattr(Path, "stat", stat_hanging)
    turns = asyncio.ensure_future(asyncio.sleep(0))
    try:
        for call in (store.load(key()), store.save(key(), session()), enter(store)):
            with pytest.raises(StoreError, match=r"has not answered for 0\.1 s\. See what holds up that disk"):
                await call
        assert turns.done()
    finally:
        hanging.set()


async def test_work_that_changes_something_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by whom is cancelled meanwhile: a lock may be freed only afterwards."""
    began, end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        end.wait()
        ended.set()

    task = asyncio.ensure_future(access.in_thread(work, finish=True))
    await until(began.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_folder_that_is_removed_meanwhile_is_made_anew(store: FileStore) -> None:
    """Who waits for a lock there gets it."""
    other = FileStore(store.folder)
    async with asyncio.timeout(SECONDS):
        async with store.lock(key(), "harvest"):
            waiting = asyncio.ensure_future(enter_and_leave(other))
            await asyncio.sleep(0.1)  # until it has found the lock taken, which nothing announces
            shutil.rmtree(store.folder)
        assert await waiting
    assert store.folder.is_dir()


async def enter_and_leave(store: FileStore) -> bool:
    async with store.lock(key(), "harvest"):
        return True


@pytest.mark.parametrize(
    ("number", "todo"),
    [
        (errno.ENOSPC, "Check what takes up the room there, or"),
        (errno.EDQUOT, "Check what takes up the room there, or"),
        (errno.EROFS, "mounted for writing, or"),
        (errno.EACCES, "Check the folder's permissions, or"),
    ],
)
async def test_what_to_do_depends_on_what_is_wrong(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int, todo: str
) -> None:
    """A full disk has nothing to do with permissions. The store is also tried without a session to save."""
    await store.save(key(), session())

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    for call in (store.save(key(), session("ada")), store.check_writable()):
        with pytest.raises(StoreError) as caught:
            await call
        assert os.strerror(number) in caught.value.what
        assert todo in caught.value.hint


async def test_a_folder_of_ones_own_choice_is_told_as_that(tmp_path: Path) -> None:
    """Where TOOLKIT_STORE named it, that is what to change, and not where the toolkit's state is."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "sessions"):
        with pytest.raises(
            StoreError, match=f"folder for sessions {folder} cannot be used: .*TOOLKIT_STORE, --store"
        ) as caught:
            await FileStore(folder).save(key(), session())
        assert STATE_VARIABLE not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such rights on Windows")
async def test_missing_rights_are_told(store: FileStore) -> None:
    """A folder without rights: no session can be read or written, and the error says so."""
    await store.save(key(), session())
    with nobody_in(store.folder.parent):
        for call in (store.load(key()), store.save(key(), session()), store.sessions(), enter(store)):
            with pytest.raises(StoreError, match="Permission denied"):
                await call


async def enter(store: FileStore) -> None:
    async with store.lock(key(), "write"):
        pytest.fail("it cannot be locked")


@contextmanager
def nobody_in(folder: Path) -> Iterator[None]:
    """Take this process's rights to `folder` away; those of root by being somebody else for a while."""
    if os.geteuid() == 0:
        os.seteuid(65534)
    folder_mode = None if os.geteuid() == 65534 else folder.stat().st_mode
    if folder_mode is not None:
        folder.chmod(0)
    try:
        yield
    finally:
        if folder_mode is None:
            os.seteuid(0)
        else:
            folder.chmod(folder_mode)
