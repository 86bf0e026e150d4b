"""The entries of a HAR log as JSON texts, each decoded when it is asked for. Pure.

A small entry takes five times the memory of its text once it is decoded, and a recording may have tens of thousands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import msgspec

from toolkit.har.model import Entry

LARGE = 1 << 16  # bytes of an entry that is not searched for nulls, since that would copy it
NULL = re.compile(rb'"(?<!\\")\s*:\s*null')  # a member that is null; in a body the quote is escaped
# What stands for an escaped backslash and an escaped quote while strings are split: JSON has no such characters.
BACKSLASH, QUOTE = b"\x01", b"\x02"
ESCAPED = re.compile(rb"[\x01\x02\\]")


class EncodedEntries(Sequence[dict[str, Any]]):
    """The entries of a log, whose `encoded` texts are UTF-8.

    Each item is a dictionary in HAR's own form, without members that are null, and a new one each time: a change of it
    counts once it is put back (`entries[3] = entry`).
    """

    def __init__(self, encoded: Iterable[bytes | msgspec.Raw]) -> None:
        self._encoded = list(encoded)

    @classmethod
    def of(cls, entries: Iterable[Entry | dict[str, Any]]) -> EncodedEntries:
        """Returns `entries`, encoded."""
        return cls(map(_encode, entries))

    def __len__(self) -> int:
        return len(self._encoded)

    @overload
    def __getitem__(self, number: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> EncodedEntries: ...
    def __getitem__(self, number: int | slice) -> dict[str, Any] | EncodedEntries:
        if isinstance(number, slice):
            return EncodedEntries(self._encoded[number])
        text = memoryview(self._encoded[number])
        entry: dict[str, Any] = msgspec.json.decode(text)
        return without_nulls(entry) if len(text) > LARGE or _has_null(bytes(text)) else entry

    def __setitem__(self, number: int, entry: dict[str, Any]) -> None:
        self._encoded[number] = _encode(entry)

    def size(self, number: int) -> int:
        """Returns the size of the text of an entry, in bytes."""
        return len(memoryview(self._encoded[number]))

    def has(self, number: int, part: bytes) -> bool:
        """Decides whether the text of an entry has `part`, which no escape of JSON hides if this room has encoded it:
        letters, digits, and other ASCII that is neither a quote nor a backslash."""
        return part in bytes(self._encoded[number])

    def typed(self, number: int) -> Entry:
        """Returns an entry as the value that a recording has. Raises `msgspec.ValidationError` if it cannot be one."""
        try:
            return msgspec.json.decode(self._encoded[number], type=Entry)
        except msgspec.ValidationError:  # other programs write null for what they do not know
            return msgspec.convert(self[number], type=Entry)

    def taken(self) -> Iterator[Entry]:
        """Yields the entries as `typed` does, and takes each out: so no more memory is needed for them."""
        self._encoded.reverse()
        while self._encoded:
            yield self.typed(-1)
            del self._encoded[-1]

    def strings(self, first: int, end: int) -> set[str]:
        """Returns all strings in the entries from `first` to before `end`, names of members among them, each once."""
        text = b"".join(map(bytes, self._encoded[first:end]))
        text = text.replace(rb"\\", BACKSLASH).replace(rb"\"", QUOTE)
        return set(map(_decode_string, set(text.split(b'"')[1::2])))


def encoded_entries(log: dict[str, Any]) -> EncodedEntries:
    """Returns the entries of `log`, the `log` of a HAR document, encoded: a copy, if they are not."""
    entries = log["entries"]
    return entries if isinstance(entries, EncodedEntries) else EncodedEntries.of(entries)


def beside_entries(log: dict[str, Any]) -> dict[str, Any]:
    """Returns what `log`, the `log` of a HAR document, has besides its entries: a dictionary of its own with the same
    values."""
    return {name: part for name, part in log.items() if name != "entries"}


def without_nulls(value: Any) -> Any:
    """Returns the JSON `value` without the members of objects that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _has_null(entry: bytes) -> bool:
    return b"null" in entry and bool(NULL.search(entry))


def _encode(entry: Entry | dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(entry)
    except UnicodeEncodeError:  # half a character, which no file can hold
        return json.dumps(msgspec.to_builtins(entry), ensure_ascii=False).encode("utf-8", "replace")


def _decode_string(escaped: bytes) -> str:
    if not ESCAPED.search(escaped):
        return escaped.decode()
    text: str = msgspec.json.decode(b'"%b"' % escaped.replace(BACKSLASH, rb"\\").replace(QUOTE, rb"\""))
    return text
