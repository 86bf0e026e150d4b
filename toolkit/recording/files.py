"""Loads recordings from HAR files, and saves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from toolkit.errors import RecordingError, redact_url
from toolkit.files import atomic
from toolkit.files.access import read_regular_file, within_limit
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.recording.entry_validation import is_recorded_url, validate_entry
from toolkit.session.frame_locals import forgetting_locals
from toolkit.streams.json_decoding import JSON_ERRORS

LIMIT = 512 * 1024 * 1024  # bytes of a file, which is held in memory more than once
LARGE_ENTRY = 1 << 16  # bytes of an entry that is not searched for nulls, since that would copy it
NULL = re.compile(rb'"(?<!\\")\s*:\s*null')  # a member that is null; in a body the quote is escaped


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
    pages: Any = UNSET  # a list of `_Page` when written; not used when read
    chat: RecordedChat | UnsetType = field(name="_chat", default=UNSET)
    session: RecordedSession | UnsetType = field(name="_session", default=UNSET)
    keep: tuple[str, ...] | UnsetType = field(name="_keep", default=UNSET)
    keep_identity: bool | UnsetType = field(name="_keepIdentity", default=UNSET)
    lean: bool | UnsetType = field(name="_lean", default=UNSET)


class _File(Struct):
    log: _Log


class _RawFile(Struct):
    log: msgspec.Raw


class RawEntries(Sequence[dict[str, Any]]):
    """The entries of a HAR file, each decoded when it is asked for: a file has hundreds of megabytes."""

    def __init__(self, raw: list[msgspec.Raw]) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def typed(self, number: int) -> Entry:
        """Returns an entry as the value that a recording has. Raises `msgspec.ValidationError` if it cannot be one."""
        try:
            return msgspec.json.decode(self._raw[number], type=Entry)
        except msgspec.ValidationError:  # other programs write null for what they do not know
            return msgspec.convert(self[number], type=Entry)

    @overload
    def __getitem__(self, number: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> RawEntries: ...
    def __getitem__(self, number: int | slice) -> dict[str, Any] | RawEntries:
        if isinstance(number, slice):
            return RawEntries(self._raw[number])
        raw = memoryview(self._raw[number])
        entry: dict[str, Any] = msgspec.json.decode(raw)
        return without_nulls(entry) if len(raw) > LARGE_ENTRY or _has_null(bytes(raw)) else entry


def _has_null(entry: bytes) -> bool:
    return b"null" in entry and bool(NULL.search(entry))


class RecordedLog(NamedTuple):
    """The `log` of a HAR file, the names that are kept in it, whether it is to tell who was signed in, and the name of
    the provider, "" where it tells none."""

    document: dict[str, Any]
    keep: tuple[str, ...]
    keep_identity: bool
    provider: str


@forgetting_locals
def load(path: Path | str) -> Recording:
    """Returns the recording in the HAR file `path`.

    Raises `RecordingError` if the file cannot be read, is larger than `LIMIT`, is not a HAR file, or has an entry that
    cannot be replayed. The message names the file and the place in it.
    """
    path = Path(path)
    log = _loaded(path, _read(path))
    return Recording(
        entries=[entry for entry in log.entries if is_recorded_url(entry.request.url)],
        comment=log.comment,
        chat=log.chat or None,
        session=log.session or None,
        keep=log.keep or (),
        keep_identity=log.keep_identity is True,
        path=path,
        lean=log.lean is True,
    )


@forgetting_locals
def save(recording: Recording, path: Path | str, on_step: Callable[[str], None] = lambda step: None) -> None:
    """Writes `recording` to the HAR file `path`, readable by its owner only, as a whole or not at all. `on_step` is
    called with what is being done, in words.

    What is written is loaded first. Raises `RecordingError` if that fails, if the file cannot be written, or if
    `recording` holds secrets; the message names their places.
    """
    from toolkit.redaction.redact import ensure_redacted  # only needed to save: loading stays cheap

    on_step("checking the recording")
    ensure_redacted(recording)
    path = Path(path)
    on_step(f"writing {path}")
    log = _Log(
        entries=recording.entries,
        comment=recording.comment,
        pages=_pages(recording.entries) or UNSET,
        chat=recording.chat or UNSET,
        session=recording.session or UNSET,
        keep=recording.keep or UNSET,
        keep_identity=recording.keep_identity or UNSET,
        lean=recording.lean or UNSET,
    )
    data = msgspec.json.format(msgspec.json.encode(_File(log=log)), indent=1) + b"\n"
    _loaded(path, data)
    try:
        atomic.write_atomic(path, data)
    except OSError as error:
        raise _cannot_write(path, error) from None
    recording.path = path


def ensure_writable(path: Path) -> None:
    """Raises the `RecordingError` of `save` for a file that cannot be written, as far as that can be told before."""
    try:
        atomic.ensure_writable(path)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        f"The recording {path} cannot be written: {error.strerror or error}.",
        hint="Make room, or name a file elsewhere.",
    )


def open_log(path: Path) -> RecordedLog:
    """Returns the log of the HAR file `path`, whose entries are not decoded yet. Raises `RecordingError` as `load`."""
    raw = _read(path)
    try:
        parts = msgspec.json.decode(msgspec.json.decode(raw, type=_RawFile).log, type=dict[str, msgspec.Raw])
        entries = RawEntries(msgspec.json.decode(parts.pop("entries"), type=list[msgspec.Raw]))
        beside = without_nulls({name: msgspec.json.decode(part) for name, part in parts.items()})
        log = msgspec.convert({**beside, "entries": []}, type=_Log)
        for number in range(len(entries)):
            validate_entry(path, f"log.entries[{number}]", entries.typed(number))
    except (KeyError, RecursionError, msgspec.MsgspecError, *JSON_ERRORS):
        _loaded(path, raw)  # raises, and names the place in the file
        raise
    made_by = log.chat or log.session
    provider = made_by.provider if made_by else ""
    return RecordedLog({**beside, "entries": entries}, log.keep or (), log.keep_identity is True, provider)


def _read(path: Path) -> bytes:
    def read() -> bytes:
        if (size := path.stat().st_size) > LIMIT:
            raise RecordingError(f"The recording {path} is too large: {size >> 20} MB, {LIMIT >> 20} are taken.")
        return read_regular_file(path)

    try:
        return within_limit(read).removeprefix(b"\xef\xbb\xbf")  # a byte order mark
    except OSError as error:
        raise RecordingError(f"The recording {path} cannot be read: {error.strerror or error}.") from None


def _loaded(path: Path, raw: bytes) -> _Log:
    log = _decode(path, raw)
    for number, entry in enumerate(log.entries):
        validate_entry(path, f"log.entries[{number}]", entry)
    return log


def _decode(path: Path, raw: bytes) -> _Log:
    try:
        return _parse(raw)
    except msgspec.ValidationError as error:
        raise RecordingError(f"{path} is not a HAR file: {error}.") from None
    except RecursionError:
        raise RecordingError(f"{path} is not a HAR file: it is nested too deeply.") from None
    except JSON_ERRORS as error:
        raise RecordingError(f"{path} is not JSON, or not whole: {error}.") from None


def _parse(raw: bytes) -> _Log:
    try:
        return msgspec.json.decode(raw, type=_File).log
    except msgspec.ValidationError:  # other programs write null for what they do not know
        return msgspec.convert(without_nulls(msgspec.json.decode(raw)), type=_File).log


def without_nulls(value: Any) -> Any:
    """Returns the JSON `value` without the members of objects that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _pages(entries: list[Entry]) -> list[_Page]:
    """Returns the pages to which the `pageref`s of `entries` refer (HAR 1.2, pages), titled by their first URL."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if not isinstance(entry.pageref, UnsetType):
            first.setdefault(entry.pageref, entry)
    return [_Page(one.started.isoformat(), name, redact_url(one.request.url)) for name, one in first.items()]
