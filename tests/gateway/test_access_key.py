"""The key of a server: made once, for the person alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.errors import UsageError
from toolkit.gateway.access_key import check_key, load_key, make_key


def test_a_key_is_kept(tmp_path: Path) -> None:
    """In a file that nobody else can read, in a folder that nobody else can enter."""
    path = tmp_path / "state" / "serve.key"
    assert load_key(path) is None
    key = make_key(path)
    assert load_key(path) == key == check_key(key, "it")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert make_key(path) != key


@pytest.mark.parametrize("key", ["", "short", "a key with blanks in it", "schlüssel-schlüssel", "x" * 16 + "\n"])
def test_what_is_no_key(key: str, tmp_path: Path) -> None:
    """The words name the place, and never the key."""
    with pytest.raises(UsageError, match=r"^TOOLKIT_SERVE_KEY holds no key"):
        check_key(key, "TOOLKIT_SERVE_KEY")
    if key.strip() == key:
        (tmp_path / "key").write_text(key)
        with pytest.raises(UsageError, match=r"holds no key.* `toolkit serve key --renew` makes a new one"):
            load_key(tmp_path / "key")


def test_a_place_that_cannot_be_had(tmp_path: Path) -> None:
    """Reading and writing say why, and what other place there is."""
    (tmp_path / "file").touch()
    for what, call in ("cannot be kept in", make_key), ("cannot be read", load_key):
        with pytest.raises(UsageError, match=what) as caught:
            call(tmp_path / "file" / "serve.key")
        assert "TOOLKIT_STATE_DIR" in (caught.value.hint or "")
