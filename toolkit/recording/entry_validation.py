"""Validates the entries of a HAR file that was loaded: URLs, statuses, bodies and chunk sizes. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import UnsetType
from yarl import URL

from toolkit.errors import RecordingError
from toolkit.har.model import Entry
from toolkit.har.websockets import BINARY, RECEIVED, SENT, TEXT, WebSocketMessage

HTTP = re.compile(r"https?://[^/]", re.IGNORECASE)
RECORDED = re.compile(r"(?:https?|wss?)://[^/]", re.IGNORECASE)
OTHER = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # data:, blob:, chrome-extension: ...
FRAMES_LIMIT = 1_000_000  # frames of one socket
FRAME_LIMIT = 128 * 1024 * 1024  # characters of a frame, as it stands in the file


def is_http_url(url: str) -> bool:
    """Decides whether `url` is an absolute URL of HTTP or HTTPS."""
    return bool(HTTP.match(url))


def is_recorded_url(url: str) -> bool:
    """Decides whether `url` is an absolute URL of HTTP, HTTPS or a WebSocket: what recordings hold."""
    return bool(RECORDED.match(url))


def validate_entry(path: Path | str, place: str, entry: Entry) -> None:
    """Raises `RecordingError`, naming the file `path` and the `place` in it, if `entry` cannot be replayed."""
    _validate_url(path, place, entry.request.url)
    if entry.response.status > 0 and not 100 <= entry.response.status <= 999:  # RFC 9110, section 15: three digits
        raise RecordingError(f"{path}: {place}.response.status is no HTTP status: {entry.response.status}.")
    _validate_bodies(path, place, entry)
    if not isinstance(entry.messages, UnsetType):
        _validate_messages(path, place, entry.messages)


def _validate_url(path: Path | str, place: str, url: str) -> None:
    if not is_http_url(url) and not OTHER.match(url):
        raise RecordingError(f"{path}: {place}.request.url is not an absolute http or https URL.")
    try:
        URL(url)
    except ValueError:
        raise RecordingError(f"{path}: {place}.request.url is not a URL.") from None


def _validate_bodies(path: Path | str, place: str, entry: Entry) -> None:
    content, posted = entry.response.content, entry.request.post_data
    part = "request.postData"
    try:
        if not isinstance(posted, UnsetType):
            posted.body()
        part = "response.content"
        size = len(content.body())
    except ValueError:
        raise RecordingError(f"{path}: {place}.{part}.text cannot be turned into bytes.") from None
    if not isinstance(content.chunks, UnsetType) and (total := sum(bytes_ for _, bytes_ in content.chunks)) != size:
        raise RecordingError(f"{path}: {place}.{part}._chunks sum up to {total} bytes, the body has {size}.")


def _validate_messages(path: Path | str, place: str, messages: list[WebSocketMessage]) -> None:
    if len(messages) > FRAMES_LIMIT:
        raise RecordingError(f"{path}: {place} has {len(messages)} frames; {FRAMES_LIMIT} are taken.")
    for number, message in enumerate(messages):
        where = f"{place}._webSocketMessages[{number}]"
        if message.type not in (SENT, RECEIVED):
            raise RecordingError(f"{path}: {where}.type is neither {SENT!r} nor {RECEIVED!r}.")
        if message.opcode not in (TEXT, BINARY):
            raise RecordingError(f"{path}: {where}.opcode is neither {TEXT} (text) nor {BINARY} (binary).")
        if len(message.data) > FRAME_LIMIT:
            raise RecordingError(f"{path}: {where}.data is longer than {FRAME_LIMIT >> 20} MB.")
        try:
            message.payload()
        except ValueError:
            raise RecordingError(f"{path}: {where}.data is not base64, though the frame is binary.") from None
