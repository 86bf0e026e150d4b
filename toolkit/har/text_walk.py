"""Iterates over every text of a HAR log, with its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TIMES = ("startedDateTime", "expires")
NAME = re.compile(r"[\w.-]{1,60}")
# The objects that hold a body, and which of their fields says how it is encoded.
BODIES = {".request.postData": "_encoding", ".response.content": "encoding"}


def texts(log: dict[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    """Yields (holder, key, place) for each text in `log`; it can be read and changed as `holder[key]`.

    A body is yielded with the key of its encoding instead (see `is_body`); `toolkit.redaction.bodies` reads and changes
    it. `place` is such as `log.entries[3].response.headers[Set-Cookie]`. Times and encodings are left out.
    """
    yield from _walk(log, "log")


def is_body(key: Any) -> bool:
    """Decides by the `key` that `texts` yielded whether it is a body."""
    return key in ("encoding", "_encoding")


def _walk(node: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    if isinstance(node, dict):
        body = next((key for part, key in BODIES.items() if place.endswith(part)), None) if "text" in node else None
        for name, value in list(node.items()):  # a copy: the caller may add the encoding of a body
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


def _label(item: Any, number: int, place: str) -> str:
    """Returns what stands in the brackets of a place: the name of a header or cookie, else the number of the item."""
    name = item.get("name") if isinstance(item, dict) and place.endswith((".headers", ".cookies")) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else str(number)
