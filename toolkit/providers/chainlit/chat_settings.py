"""The settings of a chat that a Chainlit app lets a person change, such as its temperature. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolkit.errors import UsageError


class Widget(Struct):
    """A widget of the form: the setting `id` with the value that it begins with, or a tab of `inputs`."""

    id: str = ""
    initial: Any = None
    inputs: list[Widget] = []


def settings_of(form: list[Widget]) -> dict[str, Any]:
    """Returns the settings of the `form`, with the values that they begin with."""
    return dict(_settings(form))


def _settings(form: list[Widget]) -> Iterator[tuple[str, Any]]:
    for widget in form:
        if widget.inputs:
            yield from _settings(widget.inputs)
        elif widget.id:
            yield widget.id, widget.initial


def changed_settings(begun: Mapping[str, Any], wanted: Mapping[str, Any], site: str) -> dict[str, Any]:
    """Returns what the page sends where a person confirms the form: all of the settings `begun`, with those that are
    `wanted`. Raises `UsageError` for one that the app does not have."""
    if unknown := [name for name in wanted if name not in begun]:
        has = f"it has {', '.join(begun)}" if begun else "it has none"
        raise UsageError(f"The app has no setting {', '.join(map(repr, unknown))}: {has}.", url=site)
    return {**begun, **wanted}


def wanted_settings(value: Any) -> dict[str, Any]:
    """Returns the option `chat_settings`. Raises `UsageError` for one that is no mapping of names to values."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise UsageError("The option `chat_settings` is a mapping from names of the app's settings to values.")
    return dict(value)
