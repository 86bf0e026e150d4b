"""Finds what a page sends of what its app's configuration says: the numbers of functions, and presets. Pure.

Such numbers are small, and presets are of everyday numbers, so that neither is found by its value alone: they are found
by the names that stand beside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from toolkit.scaffold.exchange import Exchange, value_at
from toolkit.scaffold.facts import Place, Taken
from toolkit.scaffold.sources import Source, is_distinctive

ASSIGNED = re.compile(r"\b(window\.\w+)\s*=\s*(?=\{)")
PRESET_VALUES = 3  # of an object, at least, that no page sends by chance as an answer had it
# Gradio's functions, and the components that start them (gradio.Blocks.get_config_file).
FUNCTIONS, FUNCTION, TRIGGER = "dependencies", "fn_index", "trigger_id"


def find_configured(earlier: Iterable[Exchange], exchange: Exchange, place: Place) -> Source | None:
    """Returns where an answer of those `earlier` than `exchange` has told the value at `place` of its body as part of
    the app's configuration; None where none has."""
    if place[0] != "body":
        return None
    name, value = place[-1], value_at(exchange.body, place[1:])
    if name in (FUNCTION, TRIGGER) and type(value) is int:
        find = _function if name == FUNCTION else _trigger
        for one in earlier:
            for page, listed in _functions(one):
                for path in find(listed, value):
                    return _source(one, page, (FUNCTIONS, *path))
        return None
    return _preset(earlier, exchange, place)


def _functions(exchange: Exchange) -> Iterator[tuple[str, list[Any]]]:
    """The lists of an app's functions in an answer, by the name of the page's variable; "" for that of a document."""
    for page, document in _documents(exchange):
        if isinstance(document, dict) and isinstance(listed := document.get(FUNCTIONS), list) and listed:
            yield page, listed


def _documents(exchange: Exchange) -> Iterator[tuple[str, Any]]:
    if exchange.document is not None:
        yield "", exchange.document
    elif "html" in exchange.content_type:
        for match in ASSIGNED.finditer(exchange.text):
            try:
                yield match[1], json.JSONDecoder().raw_decode(exchange.text, match.end())[0]
            except (ValueError, RecursionError):
                continue


def _function(listed: list[Any], value: int) -> Iterator[Place]:
    """The place of a function's number in the list: those of older apps are their places in it."""
    for number, one in enumerate(listed):
        if isinstance(one, dict) and one.get("id", number) == value:
            yield (number, "id") if "id" in one else (number,)


def _trigger(listed: list[Any], value: int) -> Iterator[Place]:
    """The place of a component among those that start functions."""
    for number, one in enumerate(listed):
        targets = one.get("targets") if isinstance(one, dict) else None
        for at, target in enumerate(targets if isinstance(targets, list) else ()):
            if isinstance(target, list) and target[:1] == [value]:
                yield number, "targets", at, 0


def _preset(earlier: Iterable[Exchange], exchange: Exchange, place: Place) -> Source | None:
    """An object of the same name, with the same values, of which the value is one."""
    for end in range(len(place) - 1, 1, -1):
        key, holder = place[end - 1], value_at(exchange.body, place[1:end])
        if not (isinstance(key, str) and isinstance(holder, dict) and _is_telling(holder)):
            continue
        for one in earlier:
            if one.document is not None and f'"{key}"' in one.text:
                for path in _named(one.document, key, holder, ()):
                    return _source(one, "", (*path, *place[end:]))
    return None


def _is_telling(holder: dict[str, Any]) -> bool:
    """Decides whether an object is a preset: of several values, none of which can be an id or a credential."""
    if any(isinstance(value, str) and is_distinctive(value) for value in holder.values()):
        return False
    return sum(type(value) in (int, float, str) for value in holder.values()) >= PRESET_VALUES


def _named(node: Any, key: str, holder: dict[str, Any], place: Place) -> Iterator[Place]:
    for name, item in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name == key and item == holder:
            yield (*place, name)
        yield from _named(item, key, holder, (*place, name))


def _source(exchange: Exchange, page: str, path: Place) -> Source:
    return Source(exchange, Taken("page", path, page) if page else Taken("json", path))
