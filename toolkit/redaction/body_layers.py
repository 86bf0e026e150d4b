"""Opens bodies that are compressed or UTF-16, so that their text can be searched, and closes them again. Pure."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable
from typing import NamedTuple

MAX_UNPACKED = 64 << 20  # bytes; a small body can unpack to a huge one
DEPTH = 3  # layers: UTF-16 that is compressed twice
GZIP = b"\x1f\x8b\x08"  # RFC 1952, section 2.3.1
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # RFC 1950, section 2.2, with the usual window
PACKED = (GZIP, *ZLIB)
# How UTF-16 begins: with a byte order mark, or with a character of ASCII that markup or JSON begins with.
UTF16 = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    **{bytes((first, 0)): "utf-16-le" for first in b'{["<'},
    **{bytes((0, first)): "utf-16-be" for first in b'{["<'},
}


# The first two bytes of what is a layer: most bodies are told by them to be none.
BEGINNINGS = frozenset(packed[:2] for packed in PACKED) | UTF16.keys()


class Opened(NamedTuple):
    """What is inside a body, and the function that packs a changed inside as the body was."""

    data: bytes
    pack: Callable[[bytes], bytes]


def open_layers(data: bytes) -> Opened:
    """Returns the inside of `data`, which is `data` itself if it is neither compressed as a whole nor UTF-16."""
    pack: Callable[[bytes], bytes] = bytes
    if data[:2] not in BEGINNINGS:
        return Opened(data, pack)
    for _ in range(DEPTH):
        if (layer := _unpacked(data) or _decoded(data)) is None:
            break
        data, pack = layer.data, _around(layer.pack, pack)
    return Opened(data, pack)


def _around(inner: Callable[[bytes], bytes], outer: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: outer(inner(data))


def _unpacked(data: bytes) -> Opened | None:
    if not data.startswith(PACKED):
        return None
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        inside = unpacking.decompress(data, MAX_UNPACKED)
    except zlib.error:
        return None
    if not unpacking.eof or unpacking.unused_data:
        return None
    return Opened(inside, (lambda new: gzip.compress(new, mtime=0)) if data.startswith(GZIP) else zlib.compress)


def _decoded(data: bytes) -> Opened | None:
    if (codec := UTF16.get(data[:2])) is None or len(data) % 2:
        return None
    mark = data[:2] if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else b""
    try:
        text = data[len(mark) :].decode(codec)
    except UnicodeDecodeError:
        return None
    return Opened(text.encode(), lambda new: mark + new.decode().encode(codec))
