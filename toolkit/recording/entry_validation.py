"""Validates the entries of a HAR file that was loaded: URLs, statuses, bodies and chunk sizes. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import UnsetType
from yarl import URL

from toolkit.errors import RecordingError
from toolkit.har.model import Entry

HTTP = re.compile(r"https?://[^/]", re.IGNORECASE)
OTHER = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # wss:, data:, blob:, chrome-extension: ...


def is_http_url(url: str) -> bool:
    """Decides whether `url` is an absolute URL of HTTP or HTTPS."""
    return bool(HTTP.match(url))


def validate_entry(path: Path | str, place: str, entry: Entry) -> None:
    """Raises `RecordingError`, naming the file `path` and the `place` in it, if `entry` cannot be replayed."""
    _validate_url(path, place, entry.request.url)
    if entry.response.status > 0 and not 100 <= entry.response.status <= 999:  # RFC 9110, section 15: three digits
        raise RecordingError(f"{path}: {place}.response.status is no HTTP status: {entry.response.status}.")
    _validate_bodies(path, place, entry)


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
