"""What may be printed of texts that others have written: names and answers of sites, foreign recordings. Pure."""

from __future__ import annotations

import re
from typing import Any

# Control characters (C0, DEL, C1) can move a terminal's cursor, change its colours or title, or write its clipboard.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"} | {ord("\r"): None}
# Embeddings, overrides and isolates show the characters after them in another order than they have (Unicode, UAX 9);
# terminals differ in what they make of the separators of lines and paragraphs.
_REORDERING = dict.fromkeys((*range(0x2028, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
# The marks have no width, and order only what has no direction of its own: a text in Arabic or Hebrew reads without.
_MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))
_TEXT = _CONTROLS | _REORDERING | _MARKS
_LINE = _TEXT | dict.fromkeys(map(ord, "\t\n\r"), "\ufffd")
_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Returns `text`, of any number of lines, with U+FFFD in the place of what could steer a terminal, without
    carriage returns and marks of direction."""
    return text.translate(_TEXT)


def printable_line(text: str) -> str:
    """Returns `text` as `printable` does, and on one line: line ends become U+FFFD too."""
    return text if text.isprintable() else text.translate(_LINE)  # all that is replaced is not printable


def printable_json(document: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Returns `document` as JSON in which what could steer a terminal is escaped (RFC 8259, section 7): no value is
    another."""
    import json  # in here, so that `--help` stays fast

    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    return _IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def python_literal(text: str) -> str:
    """Returns `text` as a string of Python's, in double quotes, with all that is not printable escaped: to be pasted
    into code, where it is `text` again."""
    quotes = {'"': '\\"', "\\": "\\\\"}
    escaped = (quotes.get(char) or (char if char.isprintable() else repr(char)[1:-1]) for char in text)
    return f'"{"".join(escaped)}"'
