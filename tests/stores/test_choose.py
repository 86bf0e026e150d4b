"""Which store the person gets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.stores.sessions import SECRET
from toolkit.errors import StoreError, UsageError
from toolkit.files.state_folder import STATE_VARIABLE, STORE_VARIABLE
from toolkit.stores.choose import open_store
from toolkit.stores.file import FileStore
from toolkit.stores.memory import MemoryStore
from toolkit.stores.redis import RedisStore


def test_files_are_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a word, files in the state folder; `TOOLKIT_STORE` says otherwise, and an argument before that."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    for store in (open_store(), open_store(""), open_store("file")):
        assert isinstance(store, FileStore)
        assert store.folder == tmp_path / "sessions"
    monkeypatch.setenv(STORE_VARIABLE, "memory")
    assert isinstance(open_store(), MemoryStore)
    there = open_store(f"file:{tmp_path}/elsewhere")
    assert isinstance(there, FileStore)
    assert there.folder == tmp_path / "elsewhere"


def test_memory_is_one_for_the_process() -> None:
    """Whoever asks for it gets the same, as with every other place."""
    assert open_store("memory") is open_store("memory")


@pytest.mark.parametrize("spec", ["redis://u:s3cr3t@host:1/2", "rediss://:s3cr3t@host", "unix:///sock?password=s3cr3t"])
def test_redis_by_its_url(spec: str) -> None:
    """All three kinds of address, without the password in the repr; nothing is connected yet."""
    store = open_store(spec)
    assert isinstance(store, RedisStore)
    assert SECRET not in repr(store)


@pytest.mark.parametrize(
    "spec",
    ["files", "file:", "file:~nobody.of.that.name/x", "file:/a\0b", "redis:host", "http://me:s3cr3t@host", "Memory"],
)
def test_others_are_refused_with_the_choices(spec: str) -> None:
    """The error names what there is, and does not repeat what was given."""
    with pytest.raises(UsageError, match=r"file, .*memory, redis://") as caught:
        open_store(spec)
    assert SECRET not in repr(caught.value)


def test_the_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis-py, the error says how to install it, and all else works."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "toolkit.stores.redis")
    with pytest.raises(StoreError, match=r"install '\.\[redis\]'"):
        open_store("redis://host")
    assert isinstance(open_store("memory"), MemoryStore)
