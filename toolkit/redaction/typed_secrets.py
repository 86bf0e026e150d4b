"""Finds what was typed into password fields, where a client sent it: as a value of JSON, or as a short text in bytes.
Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import pairwise

from toolkit.redaction.field import Field
from toolkit.redaction.json_fields import find_json_fields
from toolkit.redaction.occurrences import Occurrence, Part, Secret
from toolkit.redaction.placeholders import MIN_RECOGNISABLE

SHORT = 128  # bytes of a text whose length protobuf writes in one byte


def whole_passwords(typed: Iterable[str]) -> list[str]:
    """Returns those of `typed` that are not the beginning of another one: a field tells of each letter."""
    ordered = sorted(set(typed))
    return [one for one, following in pairwise([*ordered, ""]) if not following.startswith(one)]


def typed_secret(value: str, whole: Collection[str]) -> Secret:
    """Returns `value`, which was typed, as a secret: one of `whole` is replaced everywhere unless it is short."""
    return Secret("typed", "password", value, value in whole and len(value) >= MIN_RECOGNISABLE)


def find_typed_in_json(data: bytes, typed: Collection[str]) -> Iterator[Part]:
    """Yields the values in the JSON of `data` that are one of `typed`, also as JSON in a string."""
    whole = whole_passwords(typed)
    for field in find_json_fields(data, all_values=True):
        if (value := _typed_value(field, typed)) is not None:
            write = field.write if field.text == value else partial(_write_inside, field, value)
            yield Occurrence(field.start, field.end, typed_secret(value, whole), write)


def find_typed_in_bytes(data: bytes, typed: Collection[str]) -> Iterator[Part]:
    """Yields the texts in the binary `data` that are one of `typed` and have their length before them, as protobuf
    writes a text (https://protobuf.dev/programming-guides/encoding/#length-types)."""
    whole = whole_passwords(typed)
    for value in typed:
        raw = value.encode()
        if len(raw) >= SHORT:
            continue
        needle = bytes((len(raw),)) + raw
        at = data.find(needle)
        while at >= 0:
            yield Occurrence(at + 1, at + len(needle), typed_secret(value, whole))
            at = data.find(needle, at + 1)


def _typed_value(field: Field, typed: Collection[str]) -> str | None:
    if field.text in typed:
        return field.text
    if field.text[:1] == '"':
        try:
            inside = json.loads(field.text)
        except ValueError:
            return None
        if isinstance(inside, str) and inside in typed and inside in field.text:
            return inside
    return None


def _write_inside(field: Field, value: str, new: str) -> str:
    """Returns the JSON string in `field` with `new` in place of `value`, as it stands in the JSON around it."""
    return field.write(field.text.replace(value, new, 1))
