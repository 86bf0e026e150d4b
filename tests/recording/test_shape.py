"""Shapes of JSON: what is told of a difference, and that values are none."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.recording.shape import ShapeChange, shape_differences, shape_of


def told(was: list[Any], now: list[Any]) -> list[tuple[ShapeChange, str]]:
    return [(one.change, one.place) for one in shape_differences(shape_of(was), shape_of(now))]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"a": 1}, {"a": 2.5}, []),
        ({"a": "x"}, {"a": ""}, []),
        ({"a": []}, {"a": [1]}, []),
        ({"a": 1}, {"a": 1, "b": 2}, [(ShapeChange.FIELD_CAME, "b")]),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {}}, [(ShapeChange.FIELD_WENT, "b.c")]),
        ({"a": 1}, {"a": "1"}, [(ShapeChange.TYPE_CHANGED, "a")]),
        ({"a": 1}, {"a": True}, [(ShapeChange.TYPE_CHANGED, "a")]),
        ({"a": {"b": 1}}, {"a": [{"b": 1}]}, [(ShapeChange.TYPE_CHANGED, "a")]),
        ({"a": 1}, {"a": None}, [(ShapeChange.NULL_CAME, "a")]),
        ({"a": None}, {"a": 1}, [(ShapeChange.TYPE_CAME, "a")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}, [(ShapeChange.TYPE_CHANGED, "a[].b")]),
        ([1], {"a": 1}, [(ShapeChange.TYPE_CHANGED, "")]),
    ],
)
def test_a_change_is_told_with_its_place(was: Any, now: Any, expected: list[tuple[ShapeChange, str]]) -> None:
    """Where it is and of what kind; another value of the same type is no change."""
    assert told([was], [now]) == expected


def test_a_field_can_be_there_sometimes() -> None:
    """Of many values, one that is in some of them may be missing; one that was in all of them may not."""
    assert told([{"a": 1, "b": 1}, {"a": 1}], [{"a": 1}]) == [(ShapeChange.OPTIONAL_FIELD_WENT, "b")]
    assert told([{"a": 1}, {"a": 1}], [{"a": 1}, {}]) == [(ShapeChange.BECAME_OPTIONAL, "a")]
    assert told([{"a": 1, "b": 1}, {"a": 1}], [{"a": 1}, {"a": 2, "b": 1}]) == []


def test_ids_as_names_are_one_name() -> None:
    """Else each answer would have other fields."""
    one, other = "06b0c630-c0f8-77e3-8000-9495e584ee52", "f3a1c630-c0f8-77e3-8000-9495e584ee52"
    assert told([{one: {"a": 1}}], [{other: {"a": 1}}]) == []
    assert told([{one: {"a": 1}}], [{other: {"a": "1"}, one: {"a": "1"}}]) == [(ShapeChange.TYPE_CHANGED, "*.a")]


def test_of_nothing_nothing_is_told() -> None:
    """An empty list has items of no type that could have changed."""
    assert told([], [{"a": 1}]) == told([{"a": []}], [{"a": [{"b": 1}]}]) == []
