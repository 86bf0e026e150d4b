"""Requests as no client's library writes them: each gets one answer or a closed connection, and never two; what hides
in it is no request of its own; and none makes a call at the site without the key.

After each stands another request, so that the answers are counted. The hidden ones are calls with the right key: where
one of them was read as a request, the site would see it.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator, Callable

import pytest

from tests.gateway.conftest import KEY
from tests.gateway.raw_http import JSON, QUESTION, SHOWN, RawServer, raw_server
from tests.sites.scripted import ScriptedSite

Make = Callable[[RawServer], bytes]

POST = b"POST /v1/chat/completions"
GET = b"GET /healthz"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SIZE = b"%x" % len(QUESTION)
END = b"\r\n0\r\n\r\n"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[RawServer]:
    site = ScriptedSite()
    site.says("an-answer-to-hide")
    async with raw_server(site) as found:
        yield found


def framed(headers: bytes, body: bytes) -> Make:
    """A call with the key whose length is told by `headers` alone; `body` is followed by a hidden call."""
    return lambda server: server.request(POST, SHOWN + JSON + headers) + body + server.chat()


def chunks(body: bytes, headers: bytes = CHUNKED) -> Make:
    """A call with the key whose chunks are `body`."""
    return lambda server: server.request(POST, SHOWN + JSON + headers) + body


def with_header(header: bytes, line: bytes = GET) -> Make:
    """A request with a further `header`."""
    return lambda server: server.request(line, SHOWN + header)


def with_host(host: bytes, line: bytes = GET, more: bytes = b"") -> Make:
    """A request with a Host of its own; `%d` is the server's port."""
    return lambda server: (
        (line + b" HTTP/1.1\r\nHost: " + host + b"\r\n").replace(b"%d", b"%d" % server.port) + more + b"\r\n"
    )


def with_line(line: bytes, headers: bytes = b"") -> Make:
    """A request whose first line is `line`; `%h` is the server's own address."""
    return lambda server: line.replace(b"%h", server.host[6:-2]) + b"\r\n" + server.host + headers + b"\r\n"


# What cannot be read: the connection is closed after the answer, and nothing behind is read.
BROKEN: dict[str, Make] = {
    # The length of the body, told in two ways.
    "length and chunks": framed(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"),
    "chunks and length": framed(CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n"),
    "two lengths": framed(b"Content-Length: 0\r\nContent-Length: 9\r\n", b""),
    "the same length twice": framed(b"Content-Length: 0\r\nContent-Length: 0\r\n", b""),
    "a list of lengths": framed(b"Content-Length: 0, 0\r\n", b""),
    "a length with a sign": framed(b"Content-Length: +0\r\n", b""),
    "a length below zero": framed(b"Content-Length: -1\r\n", b""),
    "a length in hexadecimal": framed(b"Content-Length: 0x0\r\n", b""),
    "a length with an underscore": framed(b"Content-Length: 0_0\r\n", b""),
    "an empty length": framed(b"Content-Length: \r\n", b""),
    "a length beyond all numbers": framed(b"Content-Length: 99999999999999999999999999\r\n", b""),
    "a length and a space": framed(b"Content-Length : 0\r\n", b""),
    "chunks and a space": framed(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "chunks as another name": framed(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "chunks in quotes": framed(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"),
    "chunks after a vertical tab": framed(b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n"),
    "chunks that are not last": framed(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    "no encoding beside a length": framed(b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n", b""),
    "two encodings": framed(CHUNKED + b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n"),
    "an encoding that is folded": framed(b"Content-Length: 4\r\nX: y\r\n " + CHUNKED, b"0\r\n\r\n"),
    # Lines.
    "a folded header": with_header(b"X-A: 1\r\n 2\r\n"),
    "a header folded with a tab": with_header(b"X-A: 1\r\n\t2\r\n"),
    "a folded first header": lambda server: b"GET /healthz HTTP/1.1\r\n X: y\r\n" + server.host + b"\r\n",
    "lines that end with LF": lambda server: b"GET /healthz HTTP/1.1\n" + server.host.replace(b"\r", b"") + b"\n",
    "LF in a header": with_header(b"X-A: 1\nX-B: 2\r\n"),
    "LF for the end of the head": lambda server: server.request(GET)[:-2] + b"\n" + server.chat(),
    "CR in a header": with_header(b"X-A: 1\rX-B: 2\r\n"),
    "NUL in a value": with_header(b"X-A: 1\x002\r\n"),
    "NUL in a name": with_header(b"X-\x00A: 1\r\n"),
    "NUL in the path": with_line(b"GET /health\x00z HTTP/1.1"),
    "a header without a colon": with_header(b"X-A\r\n"),
    "a header without a name": with_header(b": 1\r\n"),
    "a name of two words": with_header(b"X A: 1\r\n"),
    # Sizes.
    "a long header": with_header(b"X-A: " + b"a" * 9_000 + b"\r\n"),
    "a header without an end": with_header(b"X-A: " + b"a" * 1_000_000),
    "a long path": with_line(b"GET /" + b"a" * 9_000 + b" HTTP/1.1"),
    "a long method": with_line(b"G" * 9_000 + b" /healthz HTTP/1.1"),
    "200 headers": with_header(b"".join(b"X-%d: 1\r\n" % number for number in range(200))),
    # Chunks.
    "a chunk that is too large for a number": chunks(b"fffffffffffffffff\r\n" + QUESTION),
    "a chunk size with a prefix": chunks(b"0x" + SIZE + b"\r\n" + QUESTION + END),
    "a chunk size with a sign": chunks(b"-" + SIZE + b"\r\n" + QUESTION + END),
    "a chunk size and a space": chunks(SIZE + b" \r\n" + QUESTION + END),
    "chunks between LF": chunks(SIZE + b"\n" + QUESTION + b"\n0\n\n"),
    "a chunk that is longer than it says": chunks(SIZE + b"\r\n" + QUESTION + b"XX0\r\n\r\n"),
    "LF in the extension of a chunk": chunks(SIZE + b";a\nb\r\n" + QUESTION + END),
    "a Host behind the chunks": chunks(SIZE + b"\r\n" + QUESTION + b"\r\n0\r\nHost: evil.test\r\n\r\n"),
    "a long line behind the chunks": chunks(SIZE + b"\r\n" + QUESTION + b"\r\n0\r\nX: " + b"a" * 1_000_000),
    # Targets, versions, methods.
    "an authority for a target": with_line(b"GET %h HTTP/1.1"),
    "a star for a target of GET": with_line(b"GET * HTTP/1.1"),
    "a target with backslashes": with_line(b"GET \\v1\\models HTTP/1.1"),
    "HTTP/1.2": with_line(b"GET /healthz HTTP/1.2"),
    "HTTP/9.9": with_line(b"GET /healthz HTTP/9.9"),
    "http in small letters": with_line(b"GET /healthz http/1.1"),
    "the preface of HTTP/2": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "a method in small letters": with_line(b"get /healthz HTTP/1.1"),
    "a method that there is not": with_line(b"FOO /healthz HTTP/1.1"),
    "TLS": lambda _: bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "no text": lambda _: b"\xff\xfe\x00" * 100,
    # Headers of which there is one.
    "two hosts": lambda server: server.request(GET, b"Host: evil.test\r\n"),
    "the same host twice": lambda server: server.request(GET, server.host),
    "no host": lambda _: b"GET /healthz HTTP/1.1\r\n\r\n",
    "two content types": lambda server: server.chat(headers=SHOWN + b"Content-Type: text/plain\r\n" + JSON),
    # What comes after a request that was said to be the last.
    "more after an end": lambda server: server.last + server.chat(),
    "more after HTTP/1.0": lambda server: server.chat().replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_cannot_be_read(server: RawServer, caplog: pytest.LogCaptureFixture, what: str) -> None:
    """Is refused as a whole, in the shape that clients read; the site is not asked, and nothing of it is repeated."""
    asked = len(server.site.requests)
    with caplog.at_level(logging.DEBUG):
        answers = await server.ask(BROKEN[what](server) + server.last)
    assert [(answer.status, answer.code) for answer in answers] == [(400, "invalid_http")]
    assert len(server.site.requests) == asked
    assert "could not be read" in caplog.text
    for told in (caplog.text, answers[0].body.decode()):
        for hidden in (KEY, "to-hide", "aaaa", "evil", "X-A"):
            assert hidden not in told


# What can be read, with the statuses of its answers, and the number of calls that the site sees.
READ: dict[str, tuple[Make, list[int], int]] = {
    "chunks": (chunks(SIZE + b"\r\n" + QUESTION + END), [200], 1),
    "chunks after a tab": (chunks(SIZE + b"\r\n" + QUESTION + END, b"Transfer-Encoding:\tCHUNKED\r\n"), [200], 1),
    "chunks with a long extension": (chunks(SIZE + b";a=" + b"b" * 100_000 + b"\r\n" + QUESTION + END), [200], 1),
    "chunks of a byte": (chunks(b"".join(b"1\r\n%c\r\n" % byte for byte in QUESTION) + b"0\r\n\r\n"), [200], 1),
    "a header behind the chunks": (chunks(SIZE + b"\r\n" + QUESTION + b"\r\n0\r\nX: y\r\n\r\n"), [200], 1),
    "an underscore for a dash": (lambda server: server.chat(headers=SHOWN + JSON + b"Content_Length: 0\r\n"), [200], 1),
    "empty lines before": (lambda server: b"\r\n\r\n" + server.chat(), [200], 1),
    # A hidden call in a body stays in the body, whatever becomes of the request.
    "a body of GET": (lambda server: server.request(GET, body=server.chat()), [200], 0),
    "a body without the key": (lambda server: server.request(POST, JSON, server.chat()), [401], 0),
    "a body for another host": (
        lambda s: with_host(b"x", POST, b"Content-Length: %d\r\n" % len(s.chat()))(s) + s.chat(),
        [403],
        0,
    ),
    "a body for nobody": (lambda server: server.request(b"POST /v1/nothing", SHOWN + JSON, server.chat()), [404], 0),
    "a body of a wrong method": (lambda server: server.request(b"PUT /healthz", SHOWN, server.chat()), [405], 0),
    "a body of text": (lambda server: server.request(POST, SHOWN, server.chat()), [415], 0),
    # Several requests at once: an answer for each.
    "three requests at once": (lambda server: server.request(GET) * 3, [200, 200, 200], 0),
    "two calls at once": (lambda server: server.chat() * 2, [200, 200], 2),
    "a call without the key after one with it": (lambda s: s.chat() + s.chat(headers=JSON), [200, 401], 1),
    # Another protocol: nobody speaks it, so what follows is a request of its own.
    "a WebSocket": (
        lambda server: (
            with_header(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"GET /v1/models")(server)
            + server.chat(headers=JSON)
        ),
        [200, 401],
        0,
    ),
    "CONNECT": (lambda server: with_line(b"CONNECT %h HTTP/1.1")(server) + server.chat(headers=JSON), [401, 401], 0),
    "CONNECT with the key": (lambda s: with_line(b"CONNECT evil.test:443 HTTP/1.1", SHOWN)(s), [404], 0),
    "a proxy's request": (with_line(b"GET http://%h/v1/models HTTP/1.1"), [401], 0),
    "a proxy's request for another": (with_host(b"evil.test", b"GET http://evil.test/healthz"), [403], 0),
    "a proxy's request with another host": (with_host(b"evil.test", b"GET http://127.0.0.1:%d/healthz"), [403], 0),
    "TRACE": (with_line(b"TRACE /healthz HTTP/1.1", SHOWN), [405], 0),
    "OPTIONS for all": (with_line(b"OPTIONS * HTTP/1.1"), [401], 0),
    "OPTIONS for all with the key": (with_line(b"OPTIONS * HTTP/1.1", SHOWN), [404], 0),
    "an expectation": (lambda server: server.chat(headers=SHOWN + JSON + b"Expect: 100-continue\r\n"), [200], 1),
    "an expectation without the key": (lambda s: s.chat(headers=JSON + b"Expect: 100-continue\r\n"), [401], 0),
    "an expectation of something else": (lambda s: s.chat(headers=SHOWN + JSON + b"Expect: a-cat\r\n"), [417], 0),
    # Ways round the key.
    "two keys": (with_header(b"X: y\r\nAuthorization: Bearer no\r\n", b"GET /v1/models"), [200], 0),
    "two keys, the wrong one first": (
        lambda server: server.request(b"GET /v1/models", b"Authorization: Bearer no\r\n" + SHOWN),
        [401],
        0,
    ),
    "a path up from an open one": (with_line(b"GET /healthz/../v1/models HTTP/1.1"), [401], 0),
    "a path with two slashes": (with_line(b"GET //healthz HTTP/1.1"), [401], 0),
    "a path as an authority": (with_line(b"GET //evil.test/healthz HTTP/1.1"), [401], 0),
    "an open path as a fragment": (with_line(b"GET /v1/models#/healthz HTTP/1.1"), [401], 0),
    "an open path as a parameter": (with_line(b"GET /v1/models;/healthz?/healthz HTTP/1.1"), [401], 0),
    "another method in a header": (with_header(b"X-HTTP-Method-Override: POST\r\nX-Original-URL: /\r\n"), [200], 0),
    "a path with line ends": (with_line(b"GET /%0d%0aready:%20evil%1b[31m HTTP/1.1", SHOWN), [404], 0),
    "a path that is no UTF-8": (with_line(b"GET /v1/models/%ff%fe HTTP/1.1", SHOWN), [404], 0),
    "a key that is no text": (with_line(b"GET /v1/models HTTP/1.1", b"Authorization: Bearer \xff\xfe\r\n"), [401], 0),
    "128 headers": (with_header(b"".join(b"X-%d: 1\r\n" % number for number in range(120))), [200], 0),
}


HOSTS = (
    *(
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.:%d",
        "localhost:%d.evil.test",
        "evil.test@127.0.0.1:%d",
        "127.0.0.1:%d evil",
    ),
    *("127.0.0.1:%d, evil.test", "2130706433:%d", "127.1:%d", "0.0.0.0:%d", "[::ffff:127.0.0.1]:%d", "[::]:%d"),
    *("http://127.0.0.1:%d", "l\u043ecalhost:%d", "\uff4c\uff4f\uff43alhost:%d", "xn--lcalhost-v6d:%d", ""),
)


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_that_is_not_the_server_s(server: RawServer, host: str) -> None:
    """However much it looks like it, or means the same machine."""
    answers = await server.ask(with_host(host.encode(), b"GET /v1/models", SHOWN)(server) + server.last)
    assert [(answer.status, answer.code) for answer in answers[:-1]] == [(403, "host_refused")]


@pytest.mark.parametrize("what", READ)
async def test_what_can_be_read(server: RawServer, what: str) -> None:
    """An answer for each request, and the one after it is read as it stands."""
    make, statuses, calls = READ[what]
    asked = len(server.site.requests)
    answers = await server.ask(make(server) + server.last)
    assert [answer.status for answer in answers] == [*statuses, 200]
    assert answers[-1].body == b'{"status":"ok"}'
    assert len(server.site.requests) - asked == calls


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(QUESTION), 200),
        (QUESTION, 400),
        (gzip.compress(QUESTION)[:-40], 400),
        (gzip.compress(bytes(9_000_000)), 413),
    ],
    ids=["whole", "not compressed", "cut", "too large"],
)
async def test_a_compressed_body(server: RawServer, caplog: pytest.LogCaptureFixture, body: bytes, status: int) -> None:
    """Is unpacked as far as a body may be large; what cannot be is no failure of the server's."""
    with caplog.at_level(logging.DEBUG):
        answers = await server.ask(server.chat(body, SHOWN + JSON + b"Content-Encoding: gzip\r\n") + server.last)
    assert answers[0].status == status
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
