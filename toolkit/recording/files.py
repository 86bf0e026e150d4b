"""Loads and saves recordings: HAR files on the disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field
from yarl import URL

from toolkit.errors import RecordingError, redact_url
from toolkit.files.atomic import write_atomic
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.streams.json_decoding import JSON_ERRORS

HTTP = re.compile(r"https?://[^/]", re.IGNORECASE)


LIMIT = 512 * 1024 * 1024  # bytes of a file; all of it is kept in memory, more than once


OTHER = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # wss:, data:, blob:, chrome-extension: ...


class _Creator(Struct):
    name: str = ""
    version: str = ""


class _Page(Struct):
    started: str = field(name="startedDateTime")
    id: str
    title: str
    timings: dict[str, float] = field(name="pageTimings", default_factory=dict)


class _Log(Struct):
    entries: list[Entry]
    creator: _Creator = field(default_factory=lambda: _Creator("toolkit", "1"))
    version: str = "1.2"
    comment: str = ""
    pages: Any = UNSET  # read by nobody: a list of `_Page` is written
    chat: RecordedChat | UnsetType = field(name="_chat", default=UNSET)
    session: RecordedSession | UnsetType = field(name="_session", default=UNSET)
    keep: tuple[str, ...] | UnsetType = field(name="_keep", default=UNSET)


class _File(Struct):
    log: _Log


def load(path: Path | str) -> Recording:
    """The recording in the HAR file `path`.

    Raises `RecordingError` that names the file, and the place in it, where it is missing, is no HAR, or where a body
    cannot be told from what the file says.
    """
    path = Path(path)
    try:
        if (size := path.stat().st_size) > LIMIT:
            raise RecordingError(f"The recording {path} is too large: {size >> 20} MB, {LIMIT >> 20} are taken.")
        raw = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"The recording {path} cannot be read: {error.strerror or error}.") from None
    try:
        log = _parse(raw.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        raise RecordingError(f"{path} is not a HAR file: {error}.") from None
    except RecursionError:
        raise RecordingError(f"{path} is not a HAR file: it is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise RecordingError(f"{path} is not JSON, or not whole: {error}.") from None
    for number, entry in enumerate(log.entries):
        _check(path, f"log.entries[{number}]", entry)
    return Recording(
        entries=[entry for entry in log.entries if HTTP.match(entry.request.url)],
        comment=log.comment,
        chat=log.chat or None,
        session=log.session or None,
        keep=log.keep or (),
        path=path,
    )


def save(recording: Recording, path: Path | str) -> None:
    """Write `recording` as the HAR file `path`: readable by its owner only, and whole or not at all.

    Raises `RecordingError` where it cannot be written, and where secrets are in it: it tells their places.
    """
    from toolkit.redaction.redact import ensure_redacted  # which is about the values of this module

    ensure_redacted(recording)
    path = Path(path)
    log = _Log(
        entries=recording.entries,
        comment=recording.comment,
        pages=_pages(recording.entries) or UNSET,
        chat=recording.chat or UNSET,
        session=recording.session or UNSET,
        keep=recording.keep or UNSET,
    )
    data = msgspec.json.format(msgspec.json.encode(_File(log=log)), indent=1) + b"\n"
    try:
        write_atomic(path, data)
    except OSError as error:
        raise RecordingError(f"The recording {path} cannot be written: {error.strerror or error}.") from None
    recording.path = path


def _parse(raw: bytes) -> _Log:
    try:
        return msgspec.json.decode(raw, type=_File).log
    except msgspec.ValidationError:  # other programs write null for what they do not know
        return msgspec.convert(without_nulls(msgspec.json.decode(raw)), type=_File).log


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _pages(entries: list[Entry]) -> list[_Page]:
    """What the entries' `pageref`s refer to (HAR 1.2, pages), titled by the first address."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if not isinstance(entry.pageref, UnsetType):
            first.setdefault(entry.pageref, entry)
    return [_Page(one.started.isoformat(), name, redact_url(one.request.url)) for name, one in first.items()]


def _check(path: Path, place: str, entry: Entry) -> None:
    if not HTTP.match(entry.request.url) and not OTHER.match(entry.request.url):
        raise RecordingError(f"{path}: {place}.request.url is not an absolute http or https URL.")
    try:
        URL(entry.request.url)
    except ValueError:
        raise RecordingError(f"{path}: {place}.request.url is not a URL.") from None
    if entry.response.status > 0 and not 100 <= entry.response.status <= 999:  # RFC 9110, section 15: three digits
        raise RecordingError(f"{path}: {place}.response.status is no HTTP status: {entry.response.status}.")
    content, posted = entry.response.content, entry.request.post_data
    part = "request.postData"
    try:
        if not isinstance(posted, UnsetType):
            posted.body()
        part = "response.content"
        size = len(content.body())
    except ValueError:
        raise RecordingError(f"{path}: {place}.{part}.text cannot be turned into bytes.") from None
    if not isinstance(content.chunks, UnsetType) and (told := sum(bytes_ for _, bytes_ in content.chunks)) != size:
        raise RecordingError(f"{path}: {place}.{part}._chunks sum up to {told} bytes, the body has {size}.")
