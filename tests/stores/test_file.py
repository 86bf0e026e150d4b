"""What only the file store does: private from the first byte, whole or not at all, nothing ever lost."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from tests.stores.conftest import only_file, posix
from tests.stores.sessions import key, session
from toolkit.errors import StoreError
from toolkit.files.state_folder import STATE_VARIABLE, state_folder
from toolkit.stores import serialization
from toolkit.stores.file import FileStore

WINDOWS_FORBIDS = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[ .]$')


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "state" / "sessions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_another_process_finds_the_same_file(store: FileStore) -> None:
    """The name of a key's file does not change from one store to the next."""
    await store.save(key("ada"), session("ada"))
    assert await FileStore(store.folder).load(key("ada")) == session("ada")


async def test_what_another_process_has_stored_is_loaded(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its file looks the same from outside, and however many sessions are remembered."""
    monkeypatch.setattr(serialization, "KEPT", 2)
    other, accounts = FileStore(store.folder), [f"account{number}" for number in range(4)]
    for account in accounts:
        await store.save(key(account), session(account))
    for identity in ("ada", "bob", "eve"):
        for account in accounts:
            path = next(store.folder.glob(f"*{account}*.json"))
            before = path.stat()
            await other.save(key(account), session(account, identity=identity))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            for _ in range(2):
                assert await store.load(key(account)) == session(account, identity=identity)
        assert {found.identity for found in (await store.sessions()).values()} == {identity}


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


async def test_a_session_that_was_stored_before_there_were_more_fields_is_read(tmp_path: Path) -> None:
    """What it does not have is as if a visit had not found it; what a newer toolkit has added is passed over."""
    store = FileStore(tmp_path / "sessions", key="")
    await store.save(key(), session())
    path = only_file(store)
    document = json.loads(path.read_text())
    for later in ("session_storage", "indexed_db", "unmoved_at", "visit_seconds", "login_needed_at"):
        del document["session"][later]
    path.write_text(json.dumps({**document, "session": {**document["session"], "of_the_future": 1}}))
    assert await store.load(key()) == session()
