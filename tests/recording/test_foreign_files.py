"""Files of other programs, of any kind: what can be read is read, and what cannot is told, with an end to each wait."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from toolkit.errors import RecordingError
from toolkit.files import limited_reading
from toolkit.recording.files import LIMIT
from toolkit.recording.foreign_files import read_foreign_file
from toolkit.recording.foreign_har import parse_foreign_har

HAR = json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": []}}).encode()
devices = pytest.mark.skipif(sys.platform == "win32", reason="has neither devices nor pipes in folders")


def read(path: Path, limit: int = LIMIT) -> None:
    parse_foreign_har(str(path), *read_foreign_file(path, limit=limit))


NO_RECORDINGS = {
    "nothing": (b"", "is empty"),
    "blanks": (b" \n\t", "is empty"),
    "zeros": (b"\x00" * 100, "is not JSON"),
    "a page": (b"<html></html>", "is not JSON"),
    "the half of one": (HAR[:-3], "is not JSON, or not whole"),
    "lists in lists": (b"[" * 100_000, "is not "),
    "objects in objects": (b'{"log":' * 100_000, "nested too deeply"),
    "a list": (b"[]", "is not a HAR file"),
    "an object": (b"{}", "is not a HAR file"),
    "entries that are no list": (b'{"log": {"entries": {}}}', "is not a HAR file"),
    "the half of a compressed one": (gzip.compress(HAR, mtime=0)[:-12], "compressed, and not whole"),
    "no archive": (b"PK\x03\x04 and no archive", "zip archive that cannot be unpacked"),
    "much that is compressed": (gzip.compress(b" " * (3 << 20), mtime=0), "larger than 1 MB"),
    "a large one": (b" " * (1 << 20) + HAR, "larger than 1 MB"),
    "zeros that are compressed": (gzip.compress(b"\x00" * (3 << 20), mtime=0), "is not JSON"),
}
ENCODINGS = {
    "plain": HAR,
    "with a mark": b"\xef\xbb\xbf" + HAR,
    "UTF-16": HAR.decode().encode("utf-16"),
    "gzip": gzip.compress(HAR, mtime=0),
}


@pytest.mark.parametrize(("data", "told"), NO_RECORDINGS.values(), ids=NO_RECORDINGS)
def test_what_is_no_recording_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    """With the file's name, and in one sentence."""
    path = tmp_path / "it.har"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=told) as error:
        read(path, limit=1 << 20)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("data", ENCODINGS.values(), ids=ENCODINGS)
def test_encodings_of_a_file_are_seen(tmp_path: Path, data: bytes) -> None:
    """Byte order marks, UTF-16 as Windows writes it, and compression."""
    path = tmp_path / "it.har"
    path.write_bytes(data)
    read(path)


def test_an_archive_has_one_recording(tmp_path: Path) -> None:
    """Of two, nobody knows which is meant."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.har", HAR)
        archive.writestr("b.har", HAR)
    path = tmp_path / "it.zip"
    path.write_bytes(packed.getvalue())
    with pytest.raises(RecordingError, match=r"with 2 \.har files"):
        read(path)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_what_is_too_large_unpacked_is_never_held(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A small file may be packed of gigabytes: memory for a piece of it is all that it gets."""
    path = tmp_path / "bomb.har"
    path.write_bytes(pack(b" " * (64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(RecordingError, match="larger than 32 MB"):
            read_foreign_file(path, limit=32 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_what_is_compressed_is_held_once(tmp_path: Path) -> None:
    """However much of it there is below the limit, and to its last byte."""
    path = tmp_path / "it.har"
    data = b"{" + b"a" * (32 << 20)
    path.write_bytes(gzip.compress(data))
    tracemalloc.start()
    try:
        whole = read_foreign_file(path, limit=len(data)).document == data
        peak = tracemalloc.get_traced_memory()[1]
        assert (whole, peak < len(data) + (8 << 20)) == (True, True)
    finally:
        tracemalloc.stop()


def test_an_archive_that_is_packed_otherwise_is_refused(tmp_path: Path) -> None:
    """Of other kinds than programs write, a few kB can fill the memory."""
    path = tmp_path / "it.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("it.har", HAR)
    with pytest.raises(RecordingError, match="cannot be unpacked"):
        read(path)


@devices
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
def test_a_device_without_an_end_is_told_at_once(device: str) -> None:
    """By its first bytes, which no recording has."""
    with pytest.raises(RecordingError, match="is not JSON"):
        read(Path(device))


@devices
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """However it is named; /dev/stdin is such a name."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(HAR,))
    writer.start()
    read(pipe)
    writer.join()


@devices
def test_a_pipe_without_an_end_stops_at_the_limit(tmp_path: Path) -> None:
    """What is taken of it stays below that."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with suppress(BrokenPipeError), open(pipe, "wb", buffering=0) as file:
            while True:
                file.write(b"{" * 65536)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(RecordingError, match="larger than 1 MB"):
        read(pipe, limit=1 << 20)
    writer.join()


@devices
def test_a_pipe_that_nobody_writes_to_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while in which nothing came."""
    monkeypatch.setattr(limited_reading, "SECONDS", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RecordingError, match="nothing has come of it"):
        read(pipe)
    with open(pipe, "wb"):  # the thread that waits for a writer ends
        pass


def test_stdin_is_read_to_its_end() -> None:
    """By what reads it, and named so."""
    assert read_foreign_file(Path("-"), io.BufferedReader(io.BytesIO(HAR))).document == HAR
    with pytest.raises(RecordingError, match="stdin is empty"):
        read_foreign_file(Path("-"), io.BufferedReader(io.BytesIO(b"")))
    with pytest.raises(RecordingError, match="stdin cannot be read: it is larger"):
        read_foreign_file(Path("-"), io.BufferedReader(io.BytesIO(HAR * 99999)), limit=1 << 20)


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path: Path) -> None:
    """By the system's words."""
    with pytest.raises(RecordingError, match="No such file"):
        read(tmp_path / "it.har")
    with pytest.raises(RecordingError, match="cannot be read"):
        read(tmp_path)
