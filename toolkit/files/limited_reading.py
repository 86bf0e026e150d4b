"""Reads files of any kind, pipes and devices too, which may never end or never begin: up to a limit of bytes, and only
while something comes."""

from __future__ import annotations

import errno
import os
import queue
import stat
import threading
from collections.abc import Callable
from functools import partial
from io import BufferedReader
from pathlib import Path

from toolkit.files.access import SECONDS

CHUNK = 1 << 20  # bytes that are asked for at a time


class TooLarge(OSError):
    """More came than the limit allows. `strerror` says what and how much."""


def read_limited(path: Path, limit: int, *, accepts: Callable[[bytes], bool]) -> bytes:
    """Returns what is in `path`, which need not be a regular file.

    `accepts` is asked once whether the file can be what is wanted, with its first bytes; if it says no, those are all
    that is returned. Raises `OSError`: `TooLarge` for more than `limit` bytes, `TimeoutError` for a file of which
    nothing more comes for `toolkit.files.access.SECONDS`.
    """
    chunks: queue.Queue[bytes | BaseException] = queue.Queue(maxsize=4)
    ended = threading.Event()

    def run() -> None:
        try:
            with open(path, "rb", buffering=0) as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and os.fstat(file.fileno()).st_size > limit:
                    raise _too_large(limit)
                while not ended.is_set():
                    data = file.read(CHUNK)
                    chunks.put(data)
                    if not data:
                        return
        except BaseException as error:  # noqa: BLE001 - it is raised where the data is waited for
            chunks.put(error)

    # A daemon: the end of the program does not wait for a pipe that nobody writes to.
    threading.Thread(target=run, name="toolkit-file", daemon=True).start()

    def next_chunk() -> bytes:
        try:
            item = chunks.get(timeout=SECONDS)
        except queue.Empty:
            raise TimeoutError(errno.ETIMEDOUT, f"nothing has come of it for {SECONDS:g} s", str(path)) from None
        if isinstance(item, BaseException):
            raise item
        return item

    try:
        return _collect(next_chunk, limit, accepts)
    finally:
        ended.set()


def read_stream(stream: BufferedReader, limit: int, *, accepts: Callable[[bytes], bool]) -> bytes:
    """As `read_limited`, of a stream that is open already, such as stdin, and for as long as that takes."""
    return _collect(partial(stream.read1, CHUNK), limit, accepts)


def _collect(next_chunk: Callable[[], bytes], limit: int, accepts: Callable[[bytes], bool]) -> bytes:
    whole = bytearray()
    while chunk := next_chunk():
        if not whole and not accepts(chunk):
            return chunk
        whole += chunk
        if len(whole) > limit:
            raise _too_large(limit)
    return bytes(whole)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(errno.EFBIG, f"it is larger than {limit >> 20} MB, which is the most that is taken")
