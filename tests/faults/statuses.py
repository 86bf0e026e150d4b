"""Faults that are HTTP statuses: refusals with and without a body, waits that are asked for, and redirects."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Callable

from tests.faults.catalogue import DONE, Expected, add, fault
from tests.faults.server import Conversation, Strike
from toolkit.errors import (
    BadRequest,
    ChallengeRequired,
    LoginRequired,
    ProtocolError,
    ProxyFailed,
    RateLimited,
    ServiceUnavailable,
    SessionExpired,
)

ELSEWHERE = "localhost"
REASON = "told why"
CLIENTS = (400, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 415, 418, 421, 422, 423, 425, 426, 428, 431, 451)
SERVERS = (500, 501, 502, 503, 504, 507, 508, 511, 520, 521, 522, 523, 524, 525, 526, 529, 530, 598, 599, 999)
MEANING: dict[int, Expected] = {
    401: LoginRequired,
    407: ProxyFailed,
    429: RateLimited,
    **dict.fromkeys(CLIENTS, BadRequest),
    **dict.fromkeys(SERVERS, ServiceUnavailable),
}


def refusal(status: str, body: bytes = b"", *headers: str | Callable[[], str]) -> Strike:
    """An answer of `status` with `body`. A header that depends on the time is made when it is sent."""

    async def strike(c: Conversation) -> None:
        sent = [header if isinstance(header, str) else header() for header in headers]
        await c.whole(body, *sent, status=status)

    return strike


def retry_date(seconds: float) -> Callable[[], str]:
    """The header that asks to come again at a time that is `seconds` from when it is sent."""
    return lambda: f"Retry-After: {email.utils.formatdate(time.time() + seconds, usegmt=True)}"


for _status, _meaning in MEANING.items():
    add(f"{_status}", refusal(f"{_status} "), _meaning, says=f"{_status}")
    add(
        f"{_status} with JSON",
        refusal(f"{_status} No", json.dumps({"message": REASON}).encode()),
        _meaning,
        says=REASON,
    )
for _status in (400, 429, 500, 503):
    add(f"{_status} with text", refusal(f"{_status} No", REASON.encode()), MEANING[_status], says=REASON)
    _page = refusal(f"{_status} No", b"<html><title>secret-markup</title></html>", "Content-Type: text/html")
    add(f"{_status} with HTML", _page, MEANING[_status], says=rf"answered {_status}: No\.")
    add(f"{_status} with bytes", refusal(f"{_status} No", bytes(range(256))), MEANING[_status], says=f"{_status}")

for _name, _headers, _document, _seconds in (
    ("Retry-After as seconds", ("Retry-After: 7",), None, 7.0),
    ("Retry-After as a date", (retry_date(3600),), None, 3600.0),
    ("Retry-After in the past", (retry_date(-3600),), None, 0.0),
    ("Retry-After that is nonsense", ("Retry-After: soon",), None, None),
    ("Retry-After in milliseconds", ("retry-after-ms: 1500",), None, 1.5),
    ("a wait in its JSON", (), {"error": {"code": 1, "retry_after": 3}}, 3.0),
    ("a wait in its words", (), {"error": {"message": "Rate limit. Please try again in 20s."}}, 20.0),
    ("a wait of two units", (), {"message": "try again in 1m30.5s"}, 90.5),
    ("a header and a body that differ", ("Retry-After: 7",), {"retry_after": 3}, 7.0),
):
    for _status, _reason in ((429, "Too Many Requests"), (503, "Service Unavailable")):
        _body = b"" if _document is None else json.dumps(_document).encode()
        _strike = refusal(f"{_status} {_reason}", _body, *_headers)
        add(f"{_status}, {_name}", _strike, MEANING[_status], retry_after=_seconds)


@fault(ChallengeRequired)
async def a_challenge_for_a_person(c: Conversation) -> None:
    await c.whole(b"<html>", "cf-mitigated: challenge", "Content-Type: text/html", status="403 Forbidden")


@fault(ServiceUnavailable, says="503: Busy")
async def error_status_whose_body_never_ends(c: Conversation) -> None:
    await c.chunked(status="503 Busy")
    await c.trickle(b"1\r\na\r\n")


@fault(ServiceUnavailable, says="503: Busy")
async def error_status_whose_body_never_begins(c: Conversation) -> None:
    await c.head("Content-Length: 10", status="503 Busy")
    await c.hang()


@fault(ServiceUnavailable, says=f"503: Busy: {REASON}")
async def error_status_whose_body_is_cut(c: Conversation) -> None:
    await c.head("Content-Length: 1000", status="503 Busy")
    await c.send(REASON.encode())


@fault(ServiceUnavailable, says="503: Busy")
async def error_status_with_a_giant_body(c: Conversation) -> None:
    await c.chunked(status="503 Busy")
    part = b"a" * 65536
    while not c.gone:
        await c.chunk(part)


@fault(ServiceUnavailable, says="503: Busy")
async def error_status_with_a_body_that_is_not_its_encoding(c: Conversation) -> None:
    await c.whole(b"plain", "Content-Encoding: gzip", status="503 Busy")


@fault(ServiceUnavailable)
async def error_status_that_echoes_the_cookies(c: Conversation) -> None:
    await c.whole(c.seen.headers["cookie"].encode(), status="503 Busy")


@fault(ProtocolError, says="304")
async def not_modified(c: Conversation) -> None:
    await c.head(status="304 Not Modified")
    c.keep = True


@fault(ProtocolError, says="302")
async def redirect_without_a_target(c: Conversation) -> None:
    await c.whole(c.good.body, status="302 Found")


@fault(ProtocolError, says="300")
async def multiple_choices(c: Conversation) -> None:
    await c.whole(c.good.body, status="300 Multiple Choices")


@fault(ProtocolError, says="more than 20 times")
async def redirect_loop(c: Conversation) -> None:
    await c.whole(b"", f"Location: {path(c)}", status="307 Temporary Redirect")


@fault(ProtocolError, says="not a web address")
async def redirect_to_a_script(c: Conversation) -> None:
    await c.whole(b"", "Location: javascript:alert(1)", status="302 Found")


@fault(ProtocolError, says="not a web address")
async def redirect_to_a_file(c: Conversation) -> None:
    await c.whole(b"", "Location: file:///etc/passwd", status="302 Found")


@fault(SessionExpired)
async def redirect_to_the_login_page(c: Conversation) -> None:
    await c.whole(b"", "Location: /auth/signin", status="302 Found")


@fault(DONE)
async def redirect_to_another_host(c: Conversation) -> None:
    if c.seen.headers["host"].startswith(ELSEWHERE):
        await c.server.answer(c)
        c.keep = True
        return
    target = c.server.url.replace("127.0.0.1", ELSEWHERE) + path(c)
    await c.whole(b"", f"Location: {target}", status="307 Temporary Redirect")


def path(c: Conversation) -> str:
    return c.seen.line.split()[1]
