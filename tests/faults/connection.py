"""Faults of the connection, and of what comes before a body."""

from __future__ import annotations

from tests.faults.catalogue import DONE, add, fault
from tests.faults.server import Conversation, as_chunk, refused
from toolkit.errors import ConnectFailed, ProtocolError, StreamInterrupted, StreamTimeout

HUGE = 1024 * 1024


add("refused", refused, ConnectFailed)


@fault(ConnectFailed)
async def closed_without_an_answer(c: Conversation) -> None:
    pass


@fault(ConnectFailed)
async def reset_without_an_answer(c: Conversation) -> None:
    c.reset()


@fault(StreamTimeout, deadline="first_piece")
async def hung_before_headers(c: Conversation) -> None:
    await c.hang()


@fault(StreamTimeout, deadline="first_piece")
async def headers_a_byte_at_a_time_for_ever(c: Conversation) -> None:
    await c.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await c.trickle(b"a")


@fault(StreamTimeout, deadline="first_piece")
async def one_hundred_continue_for_ever(c: Conversation) -> None:
    await c.trickle(b"HTTP/1.1 100 Continue\r\n\r\n")


@fault(ConnectFailed)
async def cut_in_the_status_line(c: Conversation) -> None:
    await c.send(b"HTTP/1.1 20")


@fault(ConnectFailed)
async def cut_in_the_headers(c: Conversation) -> None:
    await c.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


@fault(ProtocolError, says="not valid HTTP")
async def garbage_status_line(c: Conversation) -> None:
    await c.send(b"\x00\xff\xfegarbage\r\n\r\n")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def status_that_is_no_number(c: Conversation) -> None:
    await c.send(b"HTTP/1.1 OK 200\r\n\r\n")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def body_without_a_header(c: Conversation) -> None:
    await c.send(c.good.body)
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def tls_where_http_was_due(c: Conversation) -> None:
    await c.send(b"\x15\x03\x03\x00\x02\x02\x46")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def http_of_another_age(c: Conversation) -> None:
    await c.send(b"HTTP/9.7 200 OK\r\n\r\n")
    await c.hang()


@fault(ProtocolError, says="more than 65,536 bytes")
async def giant_header(c: Conversation) -> None:
    await c.head("X-Giant: " + "a" * HUGE)
    await c.hang()


@fault(ProtocolError, says="more than 65,536 bytes")
async def giant_status_line(c: Conversation) -> None:
    await c.head(status="200 " + "a" * HUGE)
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def ten_thousand_headers(c: Conversation) -> None:
    await c.head(*(f"X-{i}: a" for i in range(10_000)))
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def header_without_a_colon(c: Conversation) -> None:
    await c.head("this is no header")
    await c.hang()


@fault(ProtocolError, says="not valid HTTP")
async def header_with_a_control_character(c: Conversation) -> None:
    await c.head("X-Odd: a\x00b")
    await c.hang()


@fault(DONE)
async def header_that_is_not_ascii(c: Conversation) -> None:
    await c.whole(c.good.body, "X-Name: Zo\udceb", "X-More: \u4e16")


@fault(DONE)
async def one_hundred_and_three_first(c: Conversation) -> None:
    await c.head("Link: </a.css>", status="103 Early Hints")
    await c.whole(c.good.body)


@fault(DONE)
async def http_1_0_until_the_connection_ends(c: Conversation) -> None:
    await c.send(b"HTTP/1.0 200 OK\r\n\r\n" + c.good.body)


@fault(StreamInterrupted)
async def http_1_0_until_the_connection_is_reset(c: Conversation) -> None:
    await c.send(b"HTTP/1.0 200 OK\r\n\r\n" + c.good.pieces[0])
    if not c.server.wire.is_document:
        await c.server.first_piece.wait()
    c.reset()


@fault(DONE)
async def headers_and_body_a_byte_at_a_time(c: Conversation) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(c.good.body)}\r\n\r\n".encode()
    for byte in head + c.good.body:
        await c.send(bytes([byte]))
    c.keep = True


@fault(StreamInterrupted)
async def reset_in_mid_stream(c: Conversation) -> None:
    await c.begin()
    c.reset()


@fault(StreamInterrupted)
async def closed_in_mid_stream(c: Conversation) -> None:
    await c.begin()


@fault(StreamTimeout, deadline="between_pieces")
async def hung_in_mid_stream(c: Conversation) -> None:
    await c.begin()
    await c.hang()


@fault(StreamTimeout, deadline="first_piece")
async def hung_before_the_first_piece(c: Conversation) -> None:
    await c.chunked()
    await c.hang()


@fault(StreamTimeout, deadline="first_piece")
async def pings_for_ever(c: Conversation) -> None:
    await c.chunked()
    await c.trickle(as_chunk(c.good.ping))


@fault(StreamTimeout, deadline="between_pieces")
async def pings_for_ever_in_mid_stream(c: Conversation) -> None:
    await c.begin()
    await c.trickle(as_chunk(c.good.ping))
