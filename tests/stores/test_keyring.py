"""The passphrase in the system's keyring: made once, kept there, and told where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from tests.stores.sessions import SECRET, key, session
from toolkit.errors import StoreError
from toolkit.files.state_folder import STATE_VARIABLE
from toolkit.stores.file import FileStore
from toolkit.stores.passphrase import KEY_VARIABLE


class MemoryKeyring(KeyringBackend):
    """A keyring in this process."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def keyring_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A state folder of the test's own, `TOOLKIT_STORE_KEY=keyring`, and the system's keyring untouched."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv(KEY_VARIABLE, "keyring")
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


async def test_the_keyring_keeps_the_passphrase() -> None:
    """It is made at the first save, random and long, and found there by everybody afterwards."""
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    await FileStore().save(key(), session())
    (((service, _), passphrase),) = ring.kept.items()
    assert service == "toolkit"
    assert len(passphrase) >= 40
    assert await FileStore().load(key()) == session()
    assert list(ring.kept.values()) == [passphrase]
    (path,) = FileStore().folder.glob("*.json")
    assert SECRET.encode() not in path.read_bytes()
    assert await FileStore(key=passphrase).load(key()) == session()
    keyring.set_keyring(MemoryKeyring())
    with pytest.raises(StoreError, match="another passphrase"):
        await FileStore().load(key())


@pytest.mark.parametrize(
    ("kind", "told"), [(NoKeyring, "this system has none"), (NullKeyring, "it keeps nothing")], ids=["none", "null"]
)
async def test_no_keyring_is_told(kind: type[KeyringBackend], told: str) -> None:
    """Nothing is saved unsealed instead: the error says what else to set."""
    keyring.set_keyring(kind())
    with pytest.raises(StoreError, match=f"keyring cannot be used: {told}.*set {KEY_VARIABLE}"):
        await FileStore().save(key(), session())
    with pytest.raises(StoreError, match="keyring cannot be used"):
        await FileStore().check_writable()
    assert await FileStore().sessions() == {}


async def test_the_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to install it."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(StoreError, match=r"install '\.\[keyring\]'"):
        await FileStore().save(key(), session())
