"""Reads the bytes of a recording of another program: a file, a pipe, a device or stdin, compressed or not, and what the
program has put into files beside it. What they mean is the matter of `foreign_har`."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from toolkit.errors import RecordingError
from toolkit.files.access import read_file
from toolkit.files.limited_reading import read_limited, read_stream
from toolkit.recording.files import LIMIT

BLANKS = b" \t\r\n"
# What a zip archive may be packed by. Of the other kinds Python unpacks more at once than it is asked for: a few kB of
# bzip2 can be gigabytes.
ZIP_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # byte order marks: of UTF-8, and of UTF-16 as Windows writes it
GZIP_OR_ZLIB, PIECE = zlib.MAX_WBITS | 32, 1 << 20  # how zlib is told to take both, and bytes that it unpacks at a time
GZIP, ZLIB, ZIP = b"\x1f\x8b", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), b"PK\x03\x04"


class ForeignFile(NamedTuple):
    """The HAR document of a file, still encoded, and what reads the files that it refers to (see `foreign_har`).

    `attachment` returns None for a file that is not there.
    """

    document: bytes
    attachment: Callable[[str], bytes | None]


def read_foreign_file(path: Path, stdin: io.BufferedReader | None = None, *, limit: int = LIMIT) -> ForeignFile:
    """Returns what is in `path`, or in `stdin` if that is given.

    Compressed files are unpacked: gzip, zlib as mitmproxy writes it (.zhar), zip as Playwright does. `limit` is in
    bytes, unpacked. Raises `RecordingError`, which names the file, if it cannot be read, is empty, or is too large; a
    device that never ends is too large.
    """
    name = "stdin" if stdin is not None else str(path)
    try:
        raw = read_stream(stdin, limit, accepts=_may_be_har) if stdin is not None else _read(path, limit)
        if raw.startswith(ZIP):
            return _open_zip(raw, name, limit)
        data = _unpack(raw, limit)
    except OSError as error:
        raise RecordingError(f"{name} cannot be read: {error.strerror or error}.") from None
    except zlib.error:
        raise RecordingError(f"{name} is compressed, and not whole.") from None
    if not data.strip(BLANKS):
        raise RecordingError(f"{name} is empty.")
    return ForeignFile(data, lambda file: _read_beside(path, file, limit) if stdin is None else None)


def _read(path: Path, limit: int) -> bytes:
    return read_limited(path, limit, accepts=_may_be_har)


def _may_be_har(start: bytes) -> bool:
    """Decides by its first bytes whether a file can be a HAR. It spares reading all of what is none, such as a disk."""
    if start.startswith((*MARKS, GZIP, *ZLIB, ZIP)):
        return True
    text = start.lstrip(BLANKS)
    return not text or text.startswith(b"{")


def _unpack(raw: bytes, limit: int) -> bytes:
    """Returns what is compressed in `raw`; `raw` itself if nothing is, and the beginning of what can be no HAR.

    It is unpacked twice: once piece by piece to learn its size, so that nothing is held of what is too large, and only
    then as a whole.
    """
    if not raw.startswith((GZIP, *ZLIB)):
        return raw
    unpacking = zlib.decompressobj(GZIP_OR_ZLIB)
    piece = unpacking.decompress(raw, PIECE)
    if not _may_be_har(piece):
        return piece
    size = len(piece)
    while not unpacking.eof:
        piece = unpacking.decompress(unpacking.unconsumed_tail, PIECE)
        if not piece and not unpacking.unconsumed_tail:
            raise zlib.error
        size += len(piece)
        if size > limit:
            raise OSError(None, f"it is larger than {limit >> 20} MB, which is the most that is taken")
    return zlib.decompress(raw, GZIP_OR_ZLIB, bufsize=size)


def _open_zip(raw: bytes, name: str, limit: int) -> ForeignFile:
    """Reads the archive that Playwright writes: `har.har`, and each body in a file of its own."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        documents = [item for item in archive.infolist() if item.filename.endswith(".har")]
        if len(documents) != 1:
            raise RecordingError(f"{name} is a zip archive with {len(documents)} .har files, and not with one.")
        if any(item.compress_type not in ZIP_KINDS for item in archive.infolist()):
            raise zipfile.BadZipFile
        if sum(item.file_size for item in archive.infolist()) > limit:
            raise OSError(None, f"unpacked it is larger than {limit >> 20} MB, which is the most that is taken")
        document = archive.read(documents[0])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):  # the last two: its kind, or a password
        raise RecordingError(f"{name} is a zip archive that cannot be unpacked, or is not whole.") from None
    folder = documents[0].filename.rpartition("/")[0]

    def attachment(file: str) -> bytes | None:
        try:
            return archive.read(f"{folder}/{file}" if folder else file)
        except (KeyError, zipfile.BadZipFile, zlib.error):
            return None

    return ForeignFile(document, attachment)


def _read_beside(path: Path, file: str, limit: int) -> bytes | None:
    """Reads a file in the folder of `path`. A name that leads elsewhere names none."""
    if Path(file).name != file:
        return None
    try:
        beside = path.parent / file
        return read_file(beside) if beside.stat().st_size <= limit else None
    except OSError:
        return None
