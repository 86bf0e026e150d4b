"""Faults of how a body is framed: lengths, chunks and encodings."""

from __future__ import annotations

from functools import cache

from tests.faults.catalogue import DONE, fault
from tests.faults.server import Conversation, as_chunk
from tests.http.flow.encodings import packed
from toolkit.errors import ProtocolError, StreamInterrupted, StreamTimeout

BOMB = 80 * 1024 * 1024


@fault(StreamInterrupted)
async def cut_inside_a_chunk(c: Conversation) -> None:
    await c.begin()
    await c.send(b"400\r\n" + c.good.pieces[1])


@fault(StreamInterrupted)
async def cut_inside_a_chunk_size(c: Conversation) -> None:
    await c.begin()
    await c.send(b"4")


@fault(StreamInterrupted)
async def chunk_size_that_is_no_number(c: Conversation) -> None:
    await c.begin()
    await c.send(b"xyz\r\n" + c.good.pieces[1])
    await c.hang()


@fault(StreamInterrupted)
async def negative_chunk_size(c: Conversation) -> None:
    await c.begin()
    await c.send(b"-5\r\n" + c.good.pieces[1])
    await c.hang()


@fault(StreamInterrupted)
async def chunk_size_of_forty_digits(c: Conversation) -> None:
    await c.begin()
    await c.send(b"f" * 40 + b"\r\n" + c.good.pieces[1])
    await c.hang()


@fault(StreamInterrupted)
async def chunk_longer_than_its_size(c: Conversation) -> None:
    await c.begin()
    await c.send(b"1\r\n" + b"abcdef" + b"\r\n")
    await c.hang()


@fault(StreamTimeout, deadline="between_pieces")
async def chunk_size_for_ever(c: Conversation) -> None:
    await c.begin()
    await c.trickle(b"0")


@fault(DONE)
async def chunk_extensions_and_trailers(c: Conversation) -> None:
    await c.chunked()
    for piece in (*c.good.pieces, c.good.end):
        await c.send(as_chunk(piece).replace(b"\r\n", b";name=value\r\n", 1))
    await c.send(b"0\r\nX-Trailer: 1\r\n\r\n")
    c.keep = True


@fault(StreamInterrupted)
async def content_length_too_long(c: Conversation) -> None:
    await c.head(f"Content-Length: {len(c.good.body) + 10}")
    await c.send(c.good.body)


@fault(StreamInterrupted)
async def content_length_too_short(c: Conversation) -> None:
    await c.whole(c.good.pieces[0] + c.good.pieces[1][:-3])


@fault(ProtocolError, says="not valid HTTP")
async def bytes_after_the_end_of_the_answer(c: Conversation) -> None:
    await c.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + c.good.body)


@fault(ProtocolError, says="not valid HTTP")
async def content_length_that_is_no_number(c: Conversation) -> None:
    await c.head("Content-Length: many")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def negative_content_length(c: Conversation) -> None:
    await c.head("Content-Length: -1")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def two_content_lengths(c: Conversation) -> None:
    await c.head("Content-Length: 5", "Content-Length: 6")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def both_a_length_and_chunks(c: Conversation) -> None:
    await c.chunked("Content-Length: 5")
    await c.hang()


@fault(ProtocolError)
async def unknown_content_encoding(c: Conversation) -> None:
    await c.whole(c.good.body, "Content-Encoding: rot13")


@fault(ProtocolError)
async def encoded_in_what_was_not_offered(c: Conversation) -> None:
    await c.whole(c.good.body, "Content-Encoding: compress")


@fault(ProtocolError)
async def not_gzip_though_it_says_so(c: Conversation) -> None:
    await c.whole(c.good.body, "Content-Encoding: gzip")


@fault(DONE)
async def gzip(c: Conversation) -> None:
    await c.whole(packed("gzip", c.good.body), "Content-Encoding: gzip")


@fault(DONE)
async def deflate(c: Conversation) -> None:
    await c.whole(packed("deflate", c.good.body), "Content-Encoding: deflate")


@fault(DONE)
async def deflate_without_its_header(c: Conversation) -> None:
    await c.whole(packed("deflate", c.good.body)[2:-4], "Content-Encoding: deflate")


@fault(DONE)
async def gzip_a_byte_at_a_time(c: Conversation) -> None:
    await c.chunked("Content-Encoding: gzip")
    for byte in packed("gzip", c.good.body):
        await c.chunk(bytes([byte]))
    await c.last_chunk()
    c.keep = True


@fault(DONE)
async def brotli(c: Conversation) -> None:
    await c.whole(packed("br", c.good.body), "Content-Encoding: br")


@fault(DONE)
async def zstd(c: Conversation) -> None:
    await c.whole(packed("zstd", c.good.body), "Content-Encoding: zstd")


@fault(StreamInterrupted)
async def gzip_cut(c: Conversation) -> None:
    await c.chunked("Content-Encoding: gzip")
    await c.chunk(packed("gzip", c.good.body)[:-20])


@fault(StreamInterrupted)
async def gzip_that_ends_early(c: Conversation) -> None:
    await c.whole(packed("gzip", c.good.body)[:-20], "Content-Encoding: gzip")


@fault(ProtocolError, says="more than")
async def gzip_bomb(c: Conversation) -> None:
    await c.whole(bomb("gzip"), "Content-Encoding: gzip")


@fault(ProtocolError, says="more than")
async def deflate_bomb(c: Conversation) -> None:
    await c.whole(bomb("deflate"), "Content-Encoding: deflate")


@fault(ProtocolError, says="more than")
async def gzip_bomb_of_blank_lines(c: Conversation) -> None:
    await c.whole(bomb("gzip", b"\n"), "Content-Encoding: gzip")


@fault(ProtocolError, says="more than")
async def brotli_bomb(c: Conversation) -> None:
    await c.whole(bomb("br"), "Content-Encoding: br")


@fault(ProtocolError, says="more than")
async def zstd_bomb(c: Conversation) -> None:
    await c.whole(bomb("zstd"), "Content-Encoding: zstd")


@cache
def bomb(encoding: str, byte: bytes = b"a") -> bytes:
    return packed(encoding, byte * BOMB)
