"""Every text of a HAR log, with where it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TIMES = ("startedDateTime", "expires")
NAME = re.compile(r"[\w.-]{1,60}")


def texts(log: dict[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    """(holder, key, place) of each text in `log`, so that it can be read and changed.

    A body is told by its holder and the key that says how it is encoded; see `toolkit.redaction.bodies`.
    """
    yield from _walk(log, "log")


def is_body(key: Any) -> bool:
    """Whether what `texts` told is a body."""
    return key in ("encoding", "_encoding")


def _walk(node: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    if isinstance(node, dict):
        body = next((key for part, key in BODIES.items() if place.endswith(part)), None) if "text" in node else None
        for name, value in list(node.items()):  # who reads may add how a body is encoded
            if isinstance(value, str):
                if name in TIMES or (body and name == body):
                    continue
                if body and name == "text":
                    yield node, body, f"{place}.text"
                else:
                    yield node, name, f"{place}.{name}"
            elif isinstance(value, dict | list):
                yield from _walk(value, f"{place}.{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            if isinstance(value, str):
                yield node, number, f"{place}[{number}]"
            elif isinstance(value, dict | list):
                yield from _walk(value, f"{place}[{_label(value, number, place)}]")


BODIES = {".request.postData": "_encoding", ".response.content": "encoding"}


def _label(item: Any, number: int, place: str) -> str:
    """Headers and cookies are told by their names, everything else by its number."""
    name = item.get("name") if isinstance(item, dict) and place.endswith((".headers", ".cookies")) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else str(number)
