"""What a private file replaces, and what it never does."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from toolkit.files.atomic import ensure_writable, write_atomic

posix = pytest.mark.skipif(os.name == "nt", reason="has neither such files nor such folders")


@posix
@pytest.mark.parametrize("write", [lambda path: write_atomic(path, b"x"), ensure_writable], ids=["write", "ensure"])
@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
def test_only_a_regular_file_is_replaced(tmp_path: Path, what: str, write: object) -> None:
    """A pipe or a device would be gone afterwards, as /dev/null for root; a link to one counts as one."""
    path = tmp_path / "there"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    before = os.lstat(path)
    with pytest.raises(OSError, match=r"no regular file|directory"):
        write(path)  # type: ignore[operator]
    assert os.lstat(path) == before
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


@posix
def test_where_a_link_leads_is_written(tmp_path: Path) -> None:
    """As by a shell: what was there before is in no file any more. Also where nothing is there yet."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for number, name in enumerate(("old", "new")):
        target, link = folder / name, tmp_path / f"link to {name}"
        if name == "old":
            target.write_bytes(b"what was there")
        link.symlink_to(target)
        write_atomic(link, b"%d" % number)
        assert link.is_symlink()
        assert target.read_bytes() == b"%d" % number
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(one.name for one in folder.iterdir()) == ["new", "old"]


def test_whether_a_file_can_be_written_is_told_without_writing(tmp_path: Path) -> None:
    """Nothing is left, and what is there stays."""
    (tmp_path / "old").write_bytes(b"1")
    for name in ("old", "new"):
        ensure_writable(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        ensure_writable(tmp_path / "absent" / "new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("old", b"1")]
