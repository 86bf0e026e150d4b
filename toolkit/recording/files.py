"""Loads recordings from HAR files, and saves them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from toolkit.errors import RecordingError, redact_url
from toolkit.files import atomic
from toolkit.files.access import read_regular_file, within_limit
from toolkit.har.encoded_entries import CompactEntries, EncodedEntries, encode_entry, without_nulls
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.recording.entry_validation import is_recorded_url, validate_entry
from toolkit.session.frame_locals import forgetting_locals
from toolkit.streams.json_decoding import JSON_ERRORS

T = TypeVar("T")
LIMIT = 512 * 1024 * 1024  # bytes of a file, which is held in memory more than once


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


class RecordedLog(NamedTuple):
    """The `log` of a HAR file, the names that are kept in it, whether it is to tell who was signed in, and the name of
    the provider, "" where it tells none."""

    document: dict[str, Any]
    keep: tuple[str, ...]
    keep_identity: bool
    provider: str


@forgetting_locals
def load(path: Path | str, *, compact: bool = False) -> Recording:
    """Returns the recording in the HAR file `path`. With `compact` its entries take little more memory than the file
    has, and each is decoded when it is asked for.

    Raises `RecordingError` if the file cannot be read, is larger than `LIMIT`, is not a HAR file, or has an entry that
    cannot be replayed. The message names the file and the place in it.
    """
    path = Path(path)
    document = open_log(path).document
    file_entries: EncodedEntries = document["entries"]
    log = msgspec.convert(document | {"entries": []}, type=_Log)
    recorded = (entry for entry in file_entries.taken() if is_recorded_url(entry.request.url))
    entries: Sequence[Entry] = CompactEntries(EncodedEntries.of(recorded)) if compact else list(recorded)
    return Recording(
        entries=entries,
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
    try:
        atomic.write_atomic(path, _written(path, recording))
    except OSError as error:
        raise _cannot_write(path, error) from None
    recording.path = path


def _written(path: Path, recording: Recording) -> Iterator[bytes]:
    """Yields the text of `recording` in pieces, each of which has been loaded: a whole one may be hundreds of
    megabytes. Raises `RecordingError` as `save`."""
    log = _Log(
        entries=[],
        comment=recording.comment,
        pages=_pages(recording.entries) or UNSET,
        chat=recording.chat or UNSET,
        session=recording.session or UNSET,
        keep=recording.keep or UNSET,
        keep_identity=recording.keep_identity or UNSET,
        lean=recording.lean or UNSET,
    )
    beside = _indented(msgspec.json.encode(_File(log=log)))
    _decode(path, beside)
    head, tail = beside.split(b"[]", 1)  # the entries come first
    size = len(beside)
    yield head + b"["
    for number, entry in enumerate(recording.entries):
        text = encode_entry(entry)
        validate_entry(path, f"log.entries[{number}]", _decode_entry(path, text))
        piece = (b",\n   " if number else b"\n   ") + _indented(text).replace(b"\n", b"\n   ")
        if (size := size + len(piece)) > LIMIT:
            raise _too_large(path, size)
        yield piece
    yield (b"\n  ]" if recording.entries else b"]") + tail + b"\n"


def _indented(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=1)


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
        entries = EncodedEntries.of_file(msgspec.json.decode(parts.pop("entries"), type=list[msgspec.Raw]))
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
            raise _too_large(path, size)
        return read_regular_file(path)

    try:
        return within_limit(read).removeprefix(b"\xef\xbb\xbf")  # a byte order mark
    except OSError as error:
        raise RecordingError(f"The recording {path} cannot be read: {error.strerror or error}.") from None


def _too_large(path: Path, size: int) -> RecordingError:
    return RecordingError(f"The recording {path} is too large: {size >> 20} MB, {LIMIT >> 20} are taken.")


def _loaded(path: Path, raw: bytes) -> _Log:
    log = _decode(path, raw)
    for number, entry in enumerate(log.entries):
        validate_entry(path, f"log.entries[{number}]", entry)
    return log


def _decode(path: Path, raw: bytes) -> _Log:
    return _parsed(path, lambda: _parse(raw))


def _decode_entry(path: Path, raw: bytes) -> Entry:
    return _parsed(path, lambda: msgspec.json.decode(raw, type=Entry))


def _parsed(path: Path, parse: Callable[[], T]) -> T:
    try:
        return parse()
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


def _pages(entries: Iterable[Entry]) -> list[_Page]:
    """Returns the pages to which the `pageref`s of `entries` refer (HAR 1.2, pages), titled by their first URL."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if not isinstance(entry.pageref, UnsetType):
            first.setdefault(entry.pageref, entry)
    return [_Page(one.started.isoformat(), name, redact_url(one.request.url)) for name, one in first.items()]
