"""Finds named values in text that people write and programs print, such as `token=...` in a comment. Pure."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator

from toolkit.redaction.field import Field, as_text
from toolkit.redaction.sensitivity import sensitivity

# `password: value` and `API_KEY=value` in a line of plain text.
LINE = re.compile(
    rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]{1,63})[ \t]*[:=][ \t]*([^\s\"'<>]{6,4096})[ \t]*\r?$", re.MULTILINE
)
ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]{0,63})(?:\s[^<>]{0,1000})?>([^<>\s]{2,4096})</\1>")
# The same within a sentence.
NAME_IN_SENTENCE = re.compile(rb"(?<![\w.-])([A-Za-z_][\w.-]{1,63})(=|\s?[:=]\s?)[\"']?")
VALUE_IN_SENTENCE = re.compile(rb"[^\s\"'<>&;,]{6,4096}")


def find_line_fields(data: bytes) -> Iterator[Field]:
    """Yields the values of lines that are one name and one value."""
    return _find_by_pattern(LINE, data, heuristic=True)


def find_element_fields(data: bytes) -> Iterator[Field]:
    """Yields the texts of XML elements."""
    return _find_by_pattern(ELEMENT, data, heuristic=False)


def find_sentence_fields(data: bytes, start: int = 0, end: int = sys.maxsize) -> Iterator[Field]:
    """Yields the values that a text gives names in passing. What follows a colon has to look generated."""
    for named in NAME_IN_SENTENCE.finditer(data, start, end):
        if named.start() < start or sensitivity(name := as_text(named[1]), query=True) != "sure":
            continue
        if value := VALUE_IN_SENTENCE.match(data, named.end(), end):
            start = value.end()  # what is part of a value is no name
            yield Field((name,), as_text(value[0]), *value.span(), heuristic=named[2] != b"=", query=True)


def _find_by_pattern(pattern: re.Pattern[bytes], data: bytes, *, heuristic: bool) -> Iterator[Field]:
    """Yields what `pattern` matches, name and value, where the name is `sure` (see `sensitivity`)."""
    for match in pattern.finditer(data):
        if sensitivity(name := as_text(match[1]), query=True) == "sure":
            value = html.unescape(as_text(match[2]))
            yield Field((name,), value, match.start(2), match.end(2), heuristic=heuristic, query=True)
