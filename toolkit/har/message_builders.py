"""Builds the request and the response of a HAR entry from what is known of an exchange. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import UNSET, UnsetType
from yarl import URL

from toolkit.har.model import Content, HarCookie, Pair, PostData, Request, Response

Headers = Iterable[tuple[str, str]]

# The `_error` of a page's exchange whose end was not seen. Both are time-outs, because replay sends nothing more there
# and the reader waits in vain.
UNFINISHED = "TimeoutError: The answer was still under way when the recording was made."
ABANDONED = "TimeoutError: The page did not wait for the end of the answer."


def make_request(method: str, url: str, headers: Headers, body: bytes, http_version: str = "HTTP/1.1") -> Request:
    """Builds a request. `body` is empty for a request without one."""
    headers = list(headers)
    text, encoding = encode_body(body, "")
    return Request(
        method=method,
        url=url.partition("#")[0],
        http_version=http_version,
        cookies=[
            HarCookie(name=name, value=value)
            for line in _values(headers, "cookie")
            for name, _, value in (part.strip().partition("=") for part in line.split(";"))
        ],
        headers=_pairs(headers),
        query_string=[Pair(name, value) for name, value in URL(url).query.items()],
        body_size=len(body),
        post_data=PostData(
            mime_type=next(iter(_values(headers, "content-type")), ""),
            text=text,
            encoding=encoding,
        )
        if body
        else UNSET,
    )


def make_response(
    status: int,
    reason: str,
    headers: Headers,
    body: bytes | Sequence[tuple[float, bytes]],
    http_version: str = "HTTP/1.1",
) -> Response:
    """Builds a response. `body` is given as a whole, or in pieces: (milliseconds since the headers, bytes)."""
    headers = list(headers)
    mime_type = next(iter(_values(headers, "content-type")), "")
    whole = body if isinstance(body, bytes) else b"".join(data for _, data in body)
    text, encoding = encode_body(whole, mime_type)
    return Response(
        status=status,
        status_text=reason,
        http_version=http_version,
        cookies=[_parse_set_cookie(line) for line in _values(headers, "set-cookie")],
        headers=_pairs(headers),
        content=Content(
            size=len(whole),
            mime_type=mime_type,
            text=text,
            encoding=encoding,
            chunks=UNSET if isinstance(body, bytes) else [(round(ms, 1), len(data)) for ms, data in body],
        ),
        redirect_url=next(iter(_values(headers, "location")), ""),
        body_size=-1 if _values(headers, "content-encoding") else len(whole),
    )


def encode_body(body: bytes, mime_type: str) -> tuple[str, str | UnsetType]:
    """Returns `body` as HAR's `text` and `encoding`: as text if that can be turned back into the same bytes, else as
    base64."""
    charset = re.search(r"charset=\"?([\w.:-]+)", mime_type, re.IGNORECASE)
    if charset is None or charset[1].lower() in ("utf-8", "utf8"):
        try:
            return body.decode(), UNSET
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode("ascii"), "base64"


def _pairs(headers: Headers) -> list[Pair]:
    return [Pair(name, value) for name, value in headers if not name.startswith(":")]


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _parse_set_cookie(line: str) -> HarCookie:
    """Parses the value of a Set-Cookie header."""
    first, *attributes = line.split(";")
    name, _, value = first.strip().partition("=")
    values = {key.strip().lower(): word.strip() for key, _, word in (part.partition("=") for part in attributes)}
    return HarCookie(
        name=name,
        value=value,
        path=values.get("path", UNSET),
        domain=values.get("domain", UNSET),
        expires=_iso(values["expires"]) if "expires" in values else UNSET,
        http_only="httponly" in values or UNSET,
        secure="secure" in values or UNSET,
        same_site=values.get("samesite", UNSET),
    )


def _iso(date: str) -> str | UnsetType:
    try:
        return parsedate_to_datetime(date).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return UNSET
