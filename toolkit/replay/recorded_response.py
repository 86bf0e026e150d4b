"""Makes an aiohttp response of a recorded one: its status, its headers, its declared length, its lost connection."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import sys
import time
from email.utils import formatdate, parsedate_to_datetime

import msgspec
from aiohttp import web
from msgspec import UnsetType
from multidict import CIMultiDict

from toolkit.har.model import Entry, Response

# Headers that belong to the recorded connection (RFC 9110, 7.6.1) and not to the answer, or that describe encoded
# bytes, which HAR stores decoded. Date has to be that of the replay: browsers count a cookie's expiry from it.
DROPPED_HEADERS = {
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # no header can hold them (RFC 9110, section 5.5)
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # what the name of a header is (RFC 9110, section 5.6.2)
NOT_MODIFIED = 304
BODILESS = (204, 205, NOT_MODIFIED)
CONDITIONS = ("If-None-Match", "If-Modified-Since")


class RecordedResponse(web.StreamResponse):
    """A response with the recorded headers and no others. `has_body` says whether its body is to be written."""

    def __init__(self, entry: Entry, request: web.Request) -> None:
        recorded = _full_response(entry, request)
        headers = response_headers(entry)
        reason = CONTROLS.sub("", recorded.status_text)
        super().__init__(status=recorded.status, reason=reason, headers=headers)
        self.recorded_names = frozenset(name.lower() for name in headers)
        self.has_body = request.method != "HEAD" and recorded.status not in BODILESS
        if (length := _declared_length(entry)) is not None:
            if recorded.status not in BODILESS:
                self.content_length = length
        elif request.version >= (1, 1) and self.has_body:
            self.enable_chunked_encoding()


def _full_response(entry: Entry, request: web.Request) -> Response:
    """The recorded response; with status 200 instead of 304 if it has a body and `request` sets no condition.

    Chrome exports the body that its cache had under the answer that the cache was still good.
    """
    recorded = entry.response
    conditional = any(name in request.headers for name in CONDITIONS)
    if recorded.status == NOT_MODIFIED and recorded.content.pieces() and not conditional:
        return msgspec.structs.replace(recorded, status=200, status_text="OK")
    return recorded


async def remove_added_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Remove the headers that aiohttp adds: a client can tell an answer without Content-Type from one with it."""
    if isinstance(response, RecordedResponse):
        for name in ("content-type", "server"):
            if name not in response.recorded_names:
                response.headers.pop(name, None)


async def lose_connection(request: web.Request, error: str) -> web.StreamResponse:
    """End as the recorded exchange did: in silence after a time-out, else by a lost connection. It never returns, and
    is cancelled when the client has gone. `error` is the recorded error."""
    transport = request.transport
    words = error.lower().replace("_", "")  # Chrome's ERR_TIMED_OUT, Python's TimeoutError
    if "timeout" not in words and "timedout" not in words and transport is not None:
        if "reset" in words:
            _reset(transport)
        else:
            transport.close()  # flushes, so that everything recorded arrives; the end of the body does not
    gone: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
    return await gone


def _reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: SO_LINGER with 0 seconds."""
    sock: socket.socket = transport.get_extra_info("socket")
    pair = "hh" if sys.platform == "win32" else "ii"
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(pair, 1, 0))
    transport.abort()


def _declared_length(entry: Entry) -> int | None:
    """The Content-Length to declare, None for a chunked answer."""
    response, content = entry.response, entry.response.content
    recorded = response.values("Content-Length")
    chunked = bool(response.values("Transfer-Encoding"))
    if chunked or (not recorded and not isinstance(content.chunks, UnsetType)):
        return None
    size = len(content.body())
    if entry.error is None:
        return size
    # An answer that broke off has to be incomplete for the client as well.
    return max(size + 1, int(recorded[0]) if recorded and recorded[0].isdecimal() else 0)


def response_headers(entry: Entry) -> CIMultiDict[str]:
    """The headers to answer with. Cookies expire as long after the replay as they did after the recording."""
    shift = time.time() - entry.started.timestamp()
    headers: CIMultiDict[str] = CIMultiDict()
    for pair in entry.response.headers:
        name = pair.name.lower()
        if name in DROPPED_HEADERS or not TOKEN.fullmatch(name):  # such as a pseudo-header of HTTP/2
            continue
        for line in pair.value.split("\n"):  # Chrome's way to write several headers of one name
            value = CONTROLS.sub("", line)
            headers.add(pair.name, _shift_expiry(value, shift) if name == "set-cookie" else value)
    return headers


def _shift_expiry(set_cookie: str, shift: float) -> str:
    """`set_cookie` with an expiry that is `shift` seconds later."""

    def shifted(match: re.Match[str]) -> str:
        try:
            expires = parsedate_to_datetime(match[2]).timestamp() + shift
            return match[1] + formatdate(expires, usegmt=True)
        except (ValueError, OverflowError, OSError):  # no date, or one that this system cannot represent
            return match[0]

    return re.sub(r"(;\s*expires\s*=\s*)([^;]*)", shifted, set_cookie, flags=re.IGNORECASE)
