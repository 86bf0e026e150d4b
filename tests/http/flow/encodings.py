"""The content codings that browsers ask for, piece by piece."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor
else:
    from backports.zstd import ZstdCompressor


class Packer(NamedTuple):
    """`piece` packs so that it can be unpacked at once; `end` is what follows the last."""

    piece: Callable[[bytes], bytes]
    end: Callable[[], bytes]


def _zlib(window: int) -> Packer:
    packer = zlib.compressobj(1, wbits=window)
    return Packer(lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH), packer.flush)


def _brotli() -> Packer:
    packer = brotli.Compressor(quality=1)
    return Packer(lambda data: packer.process(data) + packer.flush(), packer.finish)


def _zstd() -> Packer:
    packer = ZstdCompressor(1)
    return Packer(lambda data: packer.compress(data, ZstdCompressor.FLUSH_BLOCK), packer.flush)


PACKERS: dict[str, Callable[[], Packer]] = {
    "": lambda: Packer(bytes, bytes),
    "gzip": lambda: _zlib(31),
    "deflate": lambda: _zlib(15),
    "br": _brotli,
    "zstd": _zstd,
}


def packed(encoding: str, data: bytes) -> bytes:
    """All of `data` at once."""
    packer = PACKERS[encoding]()
    return packer.piece(data) + packer.end()
