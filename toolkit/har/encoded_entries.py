"""The entries of a HAR log, the small ones of them as JSON texts, each decoded when it is asked for. Pure.

Decoded, a small entry takes five times the memory of its text, and a recording may have tens of thousands. The text of
a large one would be as much again as its body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, overload

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.model import Entry
from toolkit.har.shared_texts import SharedTexts
from toolkit.har.text_walk import is_body, texts

LARGE = 1 << 15  # bytes
# A member that is null; in a body the quote is escaped. Our own files have one that nothing stumbles over.
NULL = re.compile(rb'"(?<!\\")(?<!"_error")\s*:\s*null')
# What stands for an escaped backslash and an escaped quote while strings are split: JSON has no such characters.
BACKSLASH, QUOTE = b"\x01", b"\x02"
ESCAPED = re.compile(rb"[\x01\x02\\]")

_Kept: TypeAlias = bytes | msgspec.Raw | Entry | dict[str, Any]


class EncodedEntries(Sequence[dict[str, Any]]):
    """The entries of a log.

    Each item is a dictionary in HAR's own form, and a new one each time: a change of it counts once it is put back
    (`entries[3] = entry`).
    """

    def __init__(self, kept: list[_Kept]) -> None:
        self._kept = kept

    @classmethod
    def of(cls, entries: Iterable[Entry | dict[str, Any]]) -> EncodedEntries:
        """Returns `entries`, the small ones encoded, and the large ones as they are."""
        return cls([entry if _is_large(entry) else encode_entry(entry) for entry in entries])

    @classmethod
    def of_file(cls, encoded: Iterable[msgspec.Raw]) -> EncodedEntries:
        """Returns the entries of a file, as it has them. Their items have no members that are null."""
        return cls(list(encoded))

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, number: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> EncodedEntries: ...
    def __getitem__(self, number: int | slice) -> dict[str, Any] | EncodedEntries:
        if isinstance(number, slice):
            return EncodedEntries(self._kept[number])
        kept = self._kept[number]
        entry: dict[str, Any]
        if isinstance(kept, msgspec.Raw):
            text = memoryview(kept)
            entry = msgspec.json.decode(text)
            return without_nulls(entry) if len(text) > LARGE or _has_null(bytes(text)) else entry
        entry = msgspec.json.decode(kept) if isinstance(kept, bytes) else msgspec.to_builtins(kept)
        return entry

    def __setitem__(self, number: int, entry: dict[str, Any]) -> None:
        self._kept[number] = entry if _is_large(entry) else encode_entry(entry)

    def size(self, number: int) -> int:
        """Returns the size of the text of an entry, in bytes; of a large one that of its bodies, or more."""
        kept = self._kept[number]
        return len(memoryview(kept)) if isinstance(kept, bytes | msgspec.Raw) else _size_of_bodies(kept)

    def may_have(self, number: int, part: bytes) -> bool:
        """Decides whether a text of an entry that this room has encoded may have `part`, which no escape of JSON hides:
        letters, digits, and other ASCII that is neither a quote nor a backslash."""
        kept = self._kept[number]
        return part in kept if isinstance(kept, bytes) else True

    def typed(self, number: int) -> Entry:
        """Returns an entry as the value that a recording has, a new one. Raises `msgspec.ValidationError` if it cannot
        be one."""
        kept = self._kept[number]
        if isinstance(kept, bytes | msgspec.Raw):
            try:
                return msgspec.json.decode(kept, type=Entry)
            except msgspec.ValidationError:  # other programs write null for what they do not know
                pass
        return msgspec.convert(self[number], type=Entry)

    def taken(self) -> Iterator[Entry]:
        """Yields the entries as `typed` does, and takes each out: so no more memory is needed for them. What is the
        same in many is one text."""
        self._kept.reverse()
        texts = SharedTexts()
        while self._kept:
            yield texts.share(self.typed(-1))
            del self._kept[-1]

    def strings(self, first: int, end: int) -> set[str]:
        """Returns all strings in the small entries from `first` to before `end`, names of members among them, and of
        the large ones all texts that are no bodies: each once."""
        small = [kept for kept in self._kept[first:end] if isinstance(kept, bytes | msgspec.Raw)]
        small = [bytes(kept) for kept in small if len(memoryview(kept)) <= LARGE]
        joined = b"".join(small).replace(rb"\\", BACKSLASH).replace(rb"\"", QUOTE)
        strings = set(map(_decode_string, set(joined.split(b'"')[1::2])))
        for number in range(first, end) if len(small) < end - first else ():
            if self.size(number) > LARGE:
                strings.update(holder[key] for holder, key, _ in texts(self[number]) if not is_body(key))
        return strings


class CompactEntries(Sequence[Entry]):
    """The entries of a recording that are decoded when they are asked for: each item is a new value."""

    def __init__(self, encoded: EncodedEntries) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, number: int) -> Entry: ...
    @overload
    def __getitem__(self, number: slice) -> CompactEntries: ...
    def __getitem__(self, number: int | slice) -> Entry | CompactEntries:
        return CompactEntries(self.encoded[number]) if isinstance(number, slice) else self.encoded.typed(number)


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


def _is_large(entry: Entry | dict[str, Any]) -> bool:
    return _size_of_bodies(entry) > LARGE


def _size_of_bodies(entry: Entry | dict[str, Any]) -> int:
    """Returns how many characters the bodies of the request and the answer have as texts."""
    if isinstance(entry, Entry):
        bodies = [entry.request.post_data, entry.response.content]
        texts = [UNSET if isinstance(body, UnsetType) else body.text for body in bodies]
    else:
        halves = ((entry["request"], "postData"), (entry["response"], "content"))
        texts = [(half.get(part) or {}).get("text", "") for half, part in halves]
    return sum(len(text) for text in texts if isinstance(text, str))


def encode_entry(entry: Entry | dict[str, Any]) -> bytes:
    """Returns the JSON text of `entry`."""
    try:
        return msgspec.json.encode(entry)
    except UnicodeEncodeError:  # half a character, which no file can hold
        return json.dumps(msgspec.to_builtins(entry), ensure_ascii=False).encode("utf-8", "replace")


def _decode_string(escaped: bytes) -> str:
    if not ESCAPED.search(escaped):
        return escaped.decode()
    text: str = msgspec.json.decode(b'"%b"' % escaped.replace(BACKSLASH, rb"\\").replace(QUOTE, rb"\""))
    return text
