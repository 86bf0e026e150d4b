"""`Field`: a named value that was found in a body, and how a text is written into its position. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from toolkit.redaction.sensitivity import Sensitivity


class Field(NamedTuple):
    """A named value in a body, at the bytes `start` to `end`.

    `path` are the names and indexes that lead to it, `text` is its decoded value. `write` encodes another text for the
    same position. `number` says that it is a JSON number, `heuristic` that a pattern found it and not the structure of
    the body, `query` that it is a parameter or the field of a form. `at_least` is how likely it is a secret whatever
    its name.
    """

    path: tuple[str | int, ...]
    text: str
    start: int
    end: int
    write: Callable[[str], str] = str
    number: bool = False
    heuristic: bool = False
    query: bool = False
    at_least: Sensitivity | None = None

    def __repr__(self) -> str:
        return f"<Field {self.start}:{self.end}>"


def as_text(data: bytes) -> str:
    """Returns `data` as text; U+FFFD replaces what is not UTF-8."""
    return data.decode("utf-8", "replace")


def json_escaped(text: str) -> str:
    """Returns `text` as it stands in a JSON string."""
    return json.dumps(text)[1:-1]


def url_quoted(text: str) -> str:
    """Returns `text` percent-encoded, as it may stand anywhere in a URL."""
    return quote(text, safe="")
