"""Faults of what a body says, in answers that HTTP finds nothing wrong with."""

from __future__ import annotations

import re

from tests.faults.catalogue import DONE, fault
from tests.faults.server import LOGIN_PAGE, LOGIN_TYPE, Conversation
from tests.faults.wires import REPORTED, TEXT
from toolkit.errors import ProtocolError, SessionExpired, SiteError, StreamInterrupted

LONG = 50 * 1024 * 1024


@fault(ProtocolError, says="nothing at all")
async def empty_200(c: Conversation) -> None:
    await c.whole(b"")


@fault(ProtocolError, says="nothing at all")
async def nothing_but_no_content(c: Conversation) -> None:
    await c.head(status="204 No Content")
    c.keep = True


@fault(ProtocolError, says="nothing at all|no event of a stream")
async def nothing_but_pings(c: Conversation) -> None:
    await c.whole(c.good.ping * 3)


@fault(SessionExpired, says="web page")
async def a_login_page(c: Conversation) -> None:
    await c.whole(LOGIN_PAGE, LOGIN_TYPE)


@fault(SessionExpired, says="web page")
async def a_login_page_of_another_type(c: Conversation) -> None:
    await c.whole(LOGIN_PAGE, "Content-Type: Application/XHTML+XML")


@fault(ProtocolError, says="more than")
async def fifty_megabytes_without_a_newline(c: Conversation) -> None:
    await c.head(f"Content-Length: {LONG}")
    part = b"a" * (1024 * 1024)
    for _ in range(LONG // len(part)):
        await c.send(part)
    c.keep = True


@fault(DONE)
async def split_utf8(c: Conversation) -> None:
    await c.chunked()
    for byte in c.good.body:
        await c.chunk(bytes([byte]))
    await c.last_chunk()
    c.keep = True


@fault(DONE)
async def byte_order_mark(c: Conversation) -> None:
    await c.chunked()
    for part in (b"\xef", b"\xbb", b"\xbf" + c.good.body):
        await c.chunk(part)
    await c.last_chunk()
    c.keep = True


@fault(DONE)
async def invalid_utf8(c: Conversation) -> None:
    await c.whole(c.good.body.replace("ü".encode(), b"\xfc"))


@fault(DONE)
async def lines_that_end_with_cr(c: Conversation) -> None:
    await c.whole(c.good.body.replace(b"\r\n", b"\n").replace(b"\n", b"\r"))


@fault(ProtocolError)
async def json_cut_in_a_frame(c: Conversation) -> None:
    piece = c.good.frame(TEXT[0])
    await c.whole(re.sub(rb"[}\]]", b"", piece) + c.good.end)


@fault(ProtocolError)
async def json_nested_too_deeply(c: Conversation) -> None:
    piece, deep = c.good.frame("@"), b"[" * 100_000
    await c.whole(piece.replace(b'"@"', deep) if b'"@"' in piece else deep)


@fault(ProtocolError)
async def json_of_another_shape(c: Conversation) -> None:
    await c.whole(c.good.frame("@").replace(b'"@"', b"[1]") + c.good.end)


@fault(SiteError, says=REPORTED)
async def error_object(c: Conversation) -> None:
    await c.whole(c.good.failure or c.good.frame("x"))


@fault(SiteError, says=REPORTED)
async def error_object_in_mid_stream(c: Conversation) -> None:
    await c.begin()
    await c.chunk(c.good.failure)
    for piece in c.good.pieces[1:]:
        await c.chunk(piece)
    await c.chunk(c.good.end)
    await c.last_chunk()
    c.keep = True


@fault(DONE)
async def data_after_the_end_marker(c: Conversation) -> None:
    await c.whole(c.good.body + (c.good.frame("more") if c.good.end else b""))


@fault(StreamInterrupted)
async def no_end_marker(c: Conversation) -> None:
    await c.whole(b"".join(c.good.pieces))


@fault(StreamInterrupted)
async def clean_end_in_mid_stream(c: Conversation) -> None:
    await c.begin()
    await c.last_chunk()
    c.keep = True
