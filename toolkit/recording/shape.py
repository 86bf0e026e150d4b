"""The shape of JSON values: which fields there are and of which types, whatever stands in them. Pure.

A shape is that of one value or of many of a kind, such as the events of a stream: a field may then be in all of them or
in some. Names that are made up for each object (ids as keys) count as one name, `*`; items of a list as one item, `[]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from toolkit.redaction.placeholders import is_unmistakable_placeholder

ANY_NAME = "*"
# UUIDs, long hexadecimal numbers, and numbers: as names of fields and parts of paths they are ids.
ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{12,}|[0-9]+")


class ShapeChange(StrEnum):
    """How one shape differs from another at one place."""

    FIELD_WENT = "a field went"
    OPTIONAL_FIELD_WENT = "a field went that was not always there"
    FIELD_CAME = "a field came"
    BECAME_OPTIONAL = "a field is not always there any more"
    TYPE_CHANGED = "a field has another type"
    NULL_CAME = "a field can be null now"
    TYPE_CAME = "a field that was null has a type now"


class ShapeDifference(NamedTuple):
    """A change and its place, such as `choices[].delta.content`; `was` and `now` are types, in words."""

    change: ShapeChange
    place: str
    was: str
    now: str


class Shape(msgspec.Struct):
    """The types of the values that were added, and the shapes of their fields and items.

    `count` is the number of values, `objects` of those that are objects, so that a field of fewer values than that is
    one that is not always there.
    """

    count: int = 0
    objects: int = 0
    types: set[str] = msgspec.field(default_factory=set)
    fields: dict[str, Shape] = msgspec.field(default_factory=dict)
    items: Shape | None = None

    def add(self, value: Any) -> None:
        """Takes `value` into the shape."""
        self.count += 1
        self.types.add(type_name(value))
        if isinstance(value, dict):
            self.objects += 1
            for name, group in _by_name(value).items():
                field = self.fields.setdefault(name, Shape())
                for one in group:
                    field.add(one)
                field.count -= len(group) - 1  # it is there once, however many ids there are
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for item in value:
                self.items.add(item)

    @property
    def described(self) -> str:
        return " or ".join(sorted(self.types)) or "nothing"


def shape_of(values: Iterable[Any]) -> Shape:
    """Returns the shape of `values`, decoded JSON, taken together."""
    shape = Shape()
    for value in values:
        shape.add(value)
    return shape


def shape_differences(was: Shape, now: Shape, place: str = "") -> Iterator[ShapeDifference]:
    """Yields how `now` differs from `was`. Where one of them has seen no value, nothing can be said."""
    if not was.count or not now.count:
        return
    old, new = was.types - {"null"}, now.types - {"null"}
    if old and new and not new <= old:
        yield ShapeDifference(ShapeChange.TYPE_CHANGED, place, was.described, now.described)
        return
    if not old and new:
        yield ShapeDifference(ShapeChange.TYPE_CAME, place, was.described, now.described)
    if "null" in now.types - was.types:
        yield ShapeDifference(ShapeChange.NULL_CAME, place, was.described, now.described)
    if was.objects and now.objects:
        yield from _field_differences(was, now, place)
    if was.items is not None and now.items is not None:
        yield from shape_differences(was.items, now.items, f"{place}[]")


def _field_differences(was: Shape, now: Shape, place: str) -> Iterator[ShapeDifference]:
    for name in was.fields | now.fields:
        old, new, where = was.fields.get(name), now.fields.get(name), f"{place}.{name}" if place else name
        if old is None:
            yield ShapeDifference(ShapeChange.FIELD_CAME, where, "not there", now.fields[name].described)
        elif new is None:
            always = old.count == was.objects
            change = ShapeChange.FIELD_WENT if always else ShapeChange.OPTIONAL_FIELD_WENT
            yield ShapeDifference(change, where, old.described, "not there")
        else:
            if old.count == was.objects and new.count < now.objects:
                yield ShapeDifference(ShapeChange.BECAME_OPTIONAL, where, "always there", "sometimes there")
            yield from shape_differences(old, new, where)


def type_name(value: Any) -> str:
    """Returns the type of decoded JSON: `null`, `boolean`, `number`, `text`, `list` or `object`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


def is_id(name: str) -> bool:
    """Decides whether `name`, of a field or a part of a path, was made up for one object."""
    return bool(ID.fullmatch(name)) or is_unmistakable_placeholder(name)


def _by_name(value: dict[str, Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for name, item in value.items():
        groups.setdefault(ANY_NAME if is_id(name) else name, []).append(item)
    return groups
