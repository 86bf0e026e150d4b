"""Finds named values in pages: in tags, comments and inline scripts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.redaction.field import Field, as_text
from toolkit.redaction.literals import find_literals
from toolkit.redaction.sensitivity import is_generated, sensitivity
from toolkit.redaction.text_fields import find_sentence_fields

TAG_START = re.compile(rb"<(?:meta|input)\b", re.IGNORECASE)
LONGEST_TAG = 4096  # bytes
ATTRIBUTE = re.compile(
    rb"(?<![\w=-])(name|id|property|http-equiv|content|value)\s*=\s*"
    rb"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/]*+(?:/(?!>)[^\s\"'<>/]*+)*+)(?=/?>|\s))",
    re.IGNORECASE,
)
# A URL in a string of a script. What only looks like the query of one may be an expression: `a?key=b(c)`.
URL_IN_SCRIPT = re.compile(rb"[\"'`](?:https?:)?\\?/[^\s\"'`<>]{6,4096}+(?=\\?[\"'`])")


def find_markup_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yields the values in the markup between `start` and `end` whose names may mean a secret."""
    for at, tag in _tags(data, start, end):
        attributes = {match[1].lower(): match for match in ATTRIBUTE.finditer(tag)}
        value = attributes.get(b"value") or attributes.get(b"content")
        for name in (b"name", b"id", b"property"):
            if value and (named := attributes.get(name)):
                group = next(number for number in (2, 3, 4) if value[number] is not None)
                first = at + value.start(group)
                path = (as_text(named[2] or named[3] or named[4] or b""),)
                yield Field(path, as_text(value[group]), first, first + len(value[group]))
    for opened, closed in _spans(data, b"<!--", b"-->", start, end):
        yield from find_sentence_fields(data, opened, closed)
    yield from find_literals(data, start, end)


def find_script_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yields the literals of the inline script between `start` and `end` that have a telling name and look generated.

    A server writes tokens into such scripts, but most of them are code: a name of a method stays, and so does what
    stands between two literals.
    """
    for field in find_literals(data, start, end):
        least = 6 if field.at_least or sensitivity(str(field.path[0])) == "sure" else 16
        if len(field.text) >= least and field.text[0].isalnum() and is_generated(field.text):
            yield field


def urls_in_script(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields where the URLs start and end that stand in the strings of a script."""
    return (match.span() for match in URL_IN_SCRIPT.finditer(data, start, end))


def _tags(data: bytes, start: int, limit: int) -> Iterator[tuple[int, bytes]]:
    """Yields each tag in which pages hold tokens, with its start. Each byte is looked at once, however many tags are
    opened and never closed."""
    end = start
    for match in TAG_START.finditer(data, start, limit):
        if end <= match.start():
            end = data.find(b">", match.end(), limit) + 1
            if not end:
                return
            if end - match.start() <= LONGEST_TAG:
                yield match.start(), data[match.start() : end]


def _spans(data: bytes, opening: bytes, closing: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields where what stands between `opening` and `closing` starts and ends."""
    at = start
    while (opened := data.find(opening, at, end)) >= 0 and (at := data.find(closing, opened, end)) >= 0:
        yield opened + len(opening), at
