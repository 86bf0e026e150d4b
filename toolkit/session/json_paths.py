"""Reads and replaces a value in a JSON document by its path: names with dots between them. Pure.

Text on the way is taken for JSON itself, as pages store documents within documents.
"""

from __future__ import annotations

import json
from typing import Any


def look_up(document: Any, path: str) -> Any:
    """What `document` holds at `path`; `document` itself for an empty path, and None for nothing."""
    for name in filter(None, path.split(".")):
        document = _opened(document)
        document = document.get(name) if isinstance(document, dict) else None
    return document


def put(document: Any, path: str, value: Any) -> Any:
    """`document` with `value` at `path`; unchanged if there is no object to put it in."""
    name, _, rest = path.partition(".")
    if not name:
        return value
    opened = _opened(document)
    if not isinstance(opened, dict):
        return document
    changed = opened | {name: put(opened.get(name), rest, value)}
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False) if isinstance(document, str) else changed


def _opened(document: Any) -> Any:
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return None
