"""Sessions that are sealed: nobody reads them without the passphrase, and none is lost for want of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf import scrypt
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tests.stores.conftest import PASSPHRASE
from tests.stores.sessions import SECRET, key, session
from toolkit.errors import StoreError
from toolkit.stores.file import FileStore
from toolkit.stores.passphrase import KEY_VARIABLE
from toolkit.stores.sealing import Sealer, cached_sealer


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "sessions", key=PASSPHRASE)


def with_key(store: FileStore, passphrase: str) -> FileStore:
    return FileStore(store.folder, key=passphrase)


def file_of(store: FileStore, account: str = "default") -> Path:
    (path,) = store.folder.glob(f"*--{account}--*.json")
    return path


async def test_nothing_of_a_sealed_session_can_be_read(store: FileStore) -> None:
    """The file tells whose session it is, and no secret; each save of the same session looks different."""
    await store.save(key(), session())
    first = file_of(store).read_bytes()
    assert SECRET.encode() not in first
    assert json.loads(first).keys() == {"version", "key", "sealed"}
    await store.save(key(), session())
    assert file_of(store).read_bytes() != first


@pytest.mark.parametrize(
    ("passphrase", "told"),
    [
        ("", f"is sealed. Set {KEY_VARIABLE}"),
        ("another", f"cannot be opened: .*another passphrase.* Set {KEY_VARIABLE}"),
    ],
    ids=["none", "wrong"],
)
async def test_without_the_passphrase_nothing_is_lost(
    store: FileStore, passphrase: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a load nor a save nor a list touches what it cannot open; the error says what to set."""
    await store.save(key(), session())
    before = file_of(store).read_bytes()
    other = with_key(store, passphrase)
    for call in (other.load(key()), other.save(key(), session())):
        with pytest.raises(StoreError, match=told) as caught:
            await call
        assert PASSPHRASE not in repr(caught.value)
    assert await other.sessions() == {}
    assert "Set TOOLKIT_STORE_KEY" in caplog.text
    assert file_of(store).read_bytes() == before
    assert await store.load(key()) == session()
    assert await other.delete(key())


async def test_a_plain_session_is_read_and_sealed_next(store: FileStore) -> None:
    """Who sets a passphrase later loses nothing, and has all sealed after the next save."""
    await with_key(store, "").save(key(), session())
    assert await store.load(key()) == session()
    assert SECRET.encode() in file_of(store).read_bytes()
    await store.save(key(), session(expires_at=5.5))
    assert SECRET.encode() not in file_of(store).read_bytes()
    assert await store.load(key()) == session(expires_at=5.5)


async def test_sealed_sessions_cannot_be_swapped(store: FileStore) -> None:
    """One account's sealed session is refused in the place of another's, also where the readable key is changed."""
    await store.save(key("ada"), session("ada"))
    await store.save(key("bob"), session("bob"))
    ada = json.loads(file_of(store, "ada").read_bytes())
    file_of(store, "bob").write_text(json.dumps(ada))
    with pytest.raises(StoreError, match="of another key"):
        await store.load(key("bob"))
    file_of(store, "bob").write_text(json.dumps({**ada, "key": key("bob")}))
    with pytest.raises(StoreError, match="cannot be opened"):
        await store.load(key("bob"))
    assert await store.sessions() == {key("ada"): session("ada")}


async def test_a_sealed_session_that_nobody_can_have_sealed_is_set_aside(store: FileStore) -> None:
    """What is no sealed session at all is corrupt, as with plain ones."""
    await store.save(key(), session())
    content = json.loads(file_of(store).read_bytes())
    content["sealed"]["nonce"] = ""
    file_of(store).write_text(json.dumps(content))
    assert await store.load(key()) is None
    assert list(store.folder.glob("*.corrupt-*"))


async def test_the_environment_gives_the_passphrase(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """`TOOLKIT_STORE_KEY` seals where no argument says otherwise."""
    monkeypatch.setenv(KEY_VARIABLE, PASSPHRASE)
    await FileStore(store.folder).save(key(), session())
    assert SECRET.encode() not in file_of(store).read_bytes()
    assert await store.load(key()) == session()
    monkeypatch.setenv(KEY_VARIABLE, "")
    with pytest.raises(StoreError, match="is sealed"):
        await FileStore(store.folder).load(key())


def test_a_key_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that opens one sealed session and seals many others makes one key, since each costs a while."""
    made = []

    def counted(**settings: Any) -> Scrypt:
        made.append(settings["salt"])
        return Scrypt(**settings)

    sealed = Sealer(PASSPHRASE).seal(b"data", b"about")
    monkeypatch.setattr(scrypt, "Scrypt", counted)
    fresh = Sealer(PASSPHRASE)
    for number in range(5):
        assert fresh.open(sealed, b"about") == b"data"
        assert fresh.open(fresh.seal(b"%d" % number, b""), b"") == b"%d" % number
    assert made == [sealed.salt]
    assert cached_sealer(PASSPHRASE) is cached_sealer(PASSPHRASE)


def test_what_was_changed_is_refused() -> None:
    """Other data, another nonce, another salt, another purpose: none of it opens; the error shows nothing."""
    one = Sealer(PASSPHRASE)
    sealed = one.seal(b"data", b"about")
    changed = [
        type(sealed)(sealed.salt, sealed.nonce, bytes([sealed.data[0] ^ 1]) + sealed.data[1:]),
        type(sealed)(sealed.salt, bytes(12), sealed.data),
        type(sealed)(bytes(16), sealed.nonce, sealed.data),
        type(sealed)(sealed.salt, sealed.nonce, b""),
    ]
    for other in changed:
        with pytest.raises(InvalidTag):
            one.open(other, b"about")
    with pytest.raises(InvalidTag):
        one.open(sealed, b"another")
    assert PASSPHRASE not in repr(one) + repr(sealed)
