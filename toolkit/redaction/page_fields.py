"""Finds named values in pages and scripts: tags, assignments, calls that store a value, comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.redaction.field import Field, as_text
from toolkit.redaction.sensitivity import sensitivity
from toolkit.redaction.text_fields import find_sentence_fields

# `name = "value"`, `"name": 'value'` and `name="value"` of scripts and pages, also within a JSON string.
ASSIGNED = re.compile(
    rb"(?<![\w-])([A-Za-z_][\w-]{1,63})(?:\\?[\"'])?\]?\s*[:=]\s*\\?([\"'`])((?:(?!\$\{)[^\"'`\\\s]){6,4096})\\?\2"
)
# The same within a JSON string, where its own quotes are escaped or others.
ASSIGNED_IN_STRING = re.compile(
    rb"(?<![\w\"-])([A-Za-z_][\w-]{1,63})(?:\\\"|')?\]?\s*[:=]\s*(\\\"|'|`)((?:(?!\$\{)[^\"'`\\\s]){6,4096})\2"
)
# `localStorage.setItem("name", "value")`, and what stores or sends a value in the same way.
CALL = re.compile(
    rb"\b(?:setItem|set|append|setRequestHeader|setHeader|setCookie|header|cookie|put)\(\s*"
    rb"\\?([\"'`])([\w.:-]{1,64})\\?\1\s*,\s*\\?([\"'`])((?:(?!\$\{)[^\"'`\\\s]){6,4096})\\?\3"
)
COOKIE = re.compile(rb"\bcookie\s*\+?=\s*\\?[\"'`]([\w.%-]{1,64})=((?:(?!\$\{)[^\"'`\\\s;]){6,4096})")
# The credentials of a header that a script sets (RFC 9110, section 11.4).
CREDENTIALS = re.compile(
    rb"(?i:authorization)\\?[\"'`]?\]?\s*[:=,]\s*\\?[\"'`]"
    rb"(?i:bearer|basic|token|apikey|dpop) ([^\"'`\\\s<>${]{6,4096})\\?[\"'`]"
)
TAG_START = re.compile(rb"<(?:meta|input)\b", re.IGNORECASE)
LONGEST_TAG = 4096  # bytes
ATTRIBUTE = re.compile(
    rb"(?<![\w-])(name|id|property|http-equiv|content|value)\s*=\s*"
    rb"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/]*+(?:/(?!>)[^\s\"'<>/]*+)*+)(?=/?>|\s))",
    re.IGNORECASE,
)


def find_page_fields(data: bytes) -> Iterator[Field]:
    """Yields the values in a page or a script whose names may mean a secret."""
    for start, tag in _tags(data):
        attributes = {match[1].lower(): match for match in ATTRIBUTE.finditer(tag)}
        value = attributes.get(b"value") or attributes.get(b"content")
        for name in (b"name", b"id", b"property"):
            if value and (named := attributes.get(name)):
                group = next(number for number in (2, 3, 4) if value[number] is not None)
                at = start + value.start(group)
                path = (as_text(named[2] or named[3] or named[4] or b""),)
                yield Field(path, as_text(value[group]), at, at + len(value[group]))
    for start, end in _spans(data, b"<!--", b"-->"):
        yield from find_sentence_fields(data, start, end)
    for match in ASSIGNED.finditer(data):
        yield _literal(match, 1, 3)
    yield from _script_fields(data)


def find_fields_in_strings(data: bytes) -> Iterator[Field]:
    """Yields the literals of scripts that stand in the strings of the JSON document `data`. Such a string may be a text
    about programs, so names have to be `sure` (see `sensitivity`)."""
    for match in ASSIGNED_IN_STRING.finditer(data):
        if sensitivity(as_text(match[1])) == "sure":
            yield _literal(match, 1, 3)
    yield from _script_fields(data)


def _script_fields(data: bytes) -> Iterator[Field]:
    """Yields what calls and cookies of a script are given."""
    for match in CALL.finditer(data):
        yield _literal(match, 2, 4)
    for match in COOKIE.finditer(data):
        yield _literal(match, 1, 2)._replace(at_least="maybe")
    for match in CREDENTIALS.finditer(data):
        yield Field(("authorization",), as_text(match[1]), *match.span(1), heuristic=True)


def _literal(match: re.Match[bytes], named: int, valued: int) -> Field:
    """Returns a value that has to look generated, whatever its name: the words of a program are no secrets."""
    return Field((as_text(match[named]),), as_text(match[valued]), *match.span(valued), heuristic=True)


def _tags(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields each tag in which pages hold tokens, with its start. Each byte is looked at once, however many tags are
    opened and never closed."""
    end = 0
    for match in TAG_START.finditer(data):
        if end <= match.start():
            end = data.find(b">", match.end()) + 1
            if not end:
                return
            if end - match.start() <= LONGEST_TAG:
                yield match.start(), data[match.start() : end]


def _spans(data: bytes, opening: bytes, closing: bytes) -> Iterator[tuple[int, int]]:
    """Yields where what stands between `opening` and `closing` starts and ends."""
    end = 0
    while (start := data.find(opening, end)) >= 0 and (end := data.find(closing, start)) >= 0:
        yield start + len(opening), end
