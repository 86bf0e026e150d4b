"""What only the file store does: private from the first byte, whole or not at all, nothing ever lost."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sites.asking import SECONDS, until
from tests.stores.conftest import SECRET, key, session
from toolkit.errors import StoreError
from toolkit.files.state_folder import STATE_VARIABLE, state_folder
from toolkit.stores import file_access
from toolkit.stores.file import FileStore

posix = pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
WINDOWS_FORBIDS = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[ .]$')


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "state" / "sessions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def only_file(store: FileStore) -> Path:
    (path,) = store.folder.glob("*.json*")
    return path


async def test_another_process_finds_the_same_file(store: FileStore) -> None:
    """The name of a key's file does not change from one store to the next."""
    await store.save(key("ada"), session("ada"))
    assert await FileStore(store.folder).load(key("ada")) == session("ada")


# --- who may read it


@posix
async def test_files_and_folders_are_the_persons_alone(store: FileStore, open_umask: None) -> None:
    """0600 in 0700 under the most permissive umask, and so are the folders made on the way."""
    async with store.lock(key(), "write"):
        await store.save(key(), session())
    assert {path.suffix for path in store.folder.iterdir()} == {".json", ".lock"}
    assert {mode(path) for path in store.folder.iterdir()} == {0o600}
    assert mode(store.folder) == mode(store.folder.parent) == 0o700


@posix
async def test_no_byte_is_ever_written_to_an_open_file(
    store: FileStore, open_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its content is written, the file is 0600 already."""
    seen = []

    def watched(handle: int, mode: str) -> object:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return opened(handle, mode)

    opened = os.fdopen
    monkeypatch.setattr(os, "fdopen", watched)
    await store.save(key(), session())
    assert seen == [0o600]


@posix
async def test_files_and_folders_are_of_use_to_the_person(store: FileStore) -> None:
    """0600 in 0700 under the strictest umask too."""
    before = os.umask(0o777)
    try:
        async with store.lock(key(), "write"):
            await store.save(key(), session())
    finally:
        os.umask(before)
    assert {mode(path) for path in store.folder.iterdir()} == {0o600}
    assert mode(store.folder) == mode(store.folder.parent) == 0o700


@posix
@pytest.mark.parametrize("rights", [0o755, 0o777, 0o750])
async def test_the_own_folder_is_closed_to_others(tmp_path: Path, rights: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toolkit's own, that was there before with wider rights, is tightened by a save, and by a load."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    store = FileStore()
    store.folder.mkdir(parents=True)
    store.folder.chmod(rights)
    await store.save(key(), session())
    assert mode(store.folder) == 0o700
    store.folder.chmod(rights)
    await store.load(key())
    assert mode(store.folder) == 0o700


@posix
async def test_a_folder_that_cannot_be_closed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the rights cannot be taken away (another one's folder), the person is told, and the session is kept."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    store = FileStore()

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    store.folder.mkdir(parents=True)
    store.folder.chmod(0o777)
    monkeypatch.setattr(Path, "chmod", refuse)
    await store.save(key(), session())
    assert await store.load(key()) == session()
    assert "open to other users" in caplog.text


async def test_a_folder_with_other_things_is_left_as_it_is(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    """One that is given keeps its rights, and its files their names and contents, whatever is done; that others may
    look into it is said once."""
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o755)
    others = ["package.json", "a--b.json", ".draft.new", ".package.json.abcd1234.new", "saving.lock"]
    for name in others:
        (store.folder / name).write_text("precious")
    await store.save(key(), session())
    assert await store.sessions() == {key(): session()}
    assert await store.delete(key())
    assert [(store.folder / name).read_text() for name in others] == ["precious"] * len(others)
    if os.name == "posix":
        assert mode(store.folder) == 0o755
        assert caplog.text.count("open to other users") == 1


@posix
async def test_a_file_where_the_folder_should_be_keeps_its_rights(store: FileStore) -> None:
    """Only a folder is tightened."""
    store.folder.parent.mkdir(parents=True)
    store.folder.write_text("not ours")
    store.folder.chmod(0o644)
    with pytest.raises(StoreError, match="cannot be used"):
        await store.load(key())
    assert mode(store.folder) == 0o644


# --- whole or not at all


async def test_a_failed_save_leaves_what_was_there(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old session stays, and no half-written file lies about."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    await store.save(key(), session())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written: No space left on device\. Check"):
        await store.save(key(), session(expires_at=1.0))
    monkeypatch.undo()
    assert await store.load(key()) == session()
    assert {path.suffix for path in store.folder.iterdir()} == {".json", ".lock"}


async def test_a_folder_that_cannot_be_synced_is_no_failure(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems sync files and no folders: the session is written all the same."""

    def files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", files_only)
    await store.save(key(), session())
    assert await store.load(key()) == session()


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
    monkeypatch.setattr(file_access, "SECONDS", 0.1)
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

    task = asyncio.ensure_future(file_access.in_thread(work, finish=True))
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


# --- keys and names

ODD = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    r"..\..\boot",
    "C:\\x",
    "con",
    "nul.json",
    "a b",
    "a  b",
    "a-b",
    "a--b",
    "Ada",
    "ada",
    "ADA",
    "Ада",
    "ада",
    "ａｄａ",
    "e\u0301",
    "\u00e9",
    "😀",
    "a\x00b",
    "a\nb",
    "%2e%2e",
    "?*<>|:\"'",
    "trailing.",
    "trailing ",
    "x" * 300,
    "x" * 301,
    "я" * 5000,
]


async def test_odd_keys_neither_collide_nor_escape(store: FileStore) -> None:
    """Whatever an account is called, it has a file of its own, in the folder, under a name that every system takes."""
    for account in ODD:
        await store.save(key(account), session(account))
    for account in ODD:
        assert await store.load(key(account)) == session(account)
    names = [path.name for path in store.folder.glob("*.json*")]
    assert len({name.lower() for name in names}) == len(ODD)  # nor where the system ignores case
    for name in names:
        assert not WINDOWS_FORBIDS.search(name)
        assert name.isascii()
        assert len(name) < 200
    assert not [path for path in store.folder.parent.iterdir() if path != store.folder]


async def test_a_person_recognizes_the_file(store: FileStore) -> None:
    """The name tells provider, site and account."""
    await store.save(key("Ada"), session("Ada"))
    assert re.fullmatch(r"aura--https-chat\.example\.org--ada--[0-9a-f]{16}\.json", only_file(store).name)


def test_the_state_folder_is_the_variables_or_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`TOOLKIT_STATE_DIR` where it is set, else a folder of the toolkit's own in the person's home."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    assert state_folder() == tmp_path
    assert FileStore().folder == tmp_path / "sessions"
    monkeypatch.setenv(STATE_VARIABLE, "")
    assert state_folder().name.lower() == "toolkit"
