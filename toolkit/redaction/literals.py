"""Finds named string literals: `name = "value"`, `{"name": 'value'}`, calls that store a value. Pure.

Each search starts at a character that is rare, the separator or the parenthesis, and looks for the name before it. That
takes a fraction of the time of a regular expression that starts with the name, since most of a text are names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from toolkit.redaction.field import Field, as_text
from toolkit.redaction.sensitivity import is_secret, sensitivity

LONGEST = 64  # bytes of a name
SEPARATOR = re.compile(rb"[:=]\s*\\?([\"'`])")
VALUE = re.compile(rb"[^\"'`\\\s]{6,4096}+(?=\\?([\"'`]))")
# The same within a JSON string, where its own quotes are escaped or others.
SEPARATOR_IN_STRING = re.compile(rb"[:=]\s*(\\\"|'|`)")
VALUE_IN_STRING = re.compile(rb"[^\"'`\\\s]{6,4096}+(?=(\\\"|'|`))")
QUOTES_IN_STRING = (b'\\"', b"'", b"`")  # most documents have none, which is told at once
NAME = re.compile(rb"[A-Za-z_][\w-]{1,63}")
NAME_LETTERS = bytes(
    byte if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"_-") else 32 for byte in range(256)
)
# `localStorage.setItem("name", "value")`, and what stores or sends a value in the same way.
ARGUMENTS = re.compile(rb"\(\s*\\?([\"'`])([\w.:-]{1,64}+)\\?\1\s*,\s*\\?([\"'`])([^\"'`\\\s]{6,4096}+)\\?\3")
FUNCTIONS = (
    *(b"setItem", b"set", b"append", b"setRequestHeader", b"setHeader", b"setCookie", b"header", b"cookie", b"put"),
)
COOKIE = re.compile(rb"cookie(?<!\wcookie)\s*\+?=\s*\\?[\"'`]([\w.%-]{1,64}+)=([^\"'`\\\s;]{6,4096}+)")
# The credentials of a header that a script sets (RFC 9110, section 11.4).
CREDENTIALS = re.compile(
    rb"(?i:authorization)\\?[\"'`]?\]?\s*[:=,]\s*\\?[\"'`]"
    rb"(?i:bearer|basic|token|apikey|dpop) ([^\"'`\\\s<>${]{6,4096}+)\\?[\"'`]"
)


def find_literals(data: bytes, start: int = 0, end: int = sys.maxsize) -> Iterator[Field]:
    """Yields the literals of scripts and pages that have a name which may mean a secret, also within a JSON string.

    The values have to look generated, whatever their names: the words of a program are no secrets.
    """
    yield from _assigned(data, SEPARATOR, VALUE, start, end)
    yield from _given_to_calls(data, start, end)


def find_literals_in_strings(data: bytes) -> Iterator[Field]:
    """Yields the literals of scripts that stand in the strings of the JSON document `data`. Such a string may be a text
    about programs, so names have to be `sure` (see `sensitivity`)."""
    if any(quote in data for quote in QUOTES_IN_STRING):
        for field in _assigned(data, SEPARATOR_IN_STRING, VALUE_IN_STRING, 0, len(data), in_string=True):
            if sensitivity(str(field.path[0])) == "sure":
                yield field
    yield from _given_to_calls(data, 0, len(data))


def _assigned(
    data: bytes,
    separator: re.Pattern[bytes],
    value: re.Pattern[bytes],
    start: int,
    end: int,
    *,
    in_string: bool = False,
) -> Iterator[Field]:
    is_dull: dict[bytes, bool] = {}  # for each value; most of them are words
    for separated in separator.finditer(data, start, end):
        found = value.match(data, separated.end(), end)
        if found is None or found[1] != separated[1]:
            continue
        if (dull := is_dull.get(text := found[0])) is None:
            dull = is_dull[text] = b"${" in text or not is_secret(as_text(text), "maybe")
        if dull:
            continue
        name = _name_before(data, max(start, separated.start() - LONGEST - 8), separated.start(), in_string)
        if name and sensitivity(as_text(name)):
            yield _literal(name, text, *found.span())


def _name_before(data: bytes, start: int, end: int, in_string: bool) -> bytes:
    """Returns the name that ends at `end`, but for its closing quote and bracket; empty for none."""
    before = data[start:end].rstrip().removesuffix(b"]")
    if in_string:
        before = before.removesuffix(b'\\"').removesuffix(b"'")
    elif before.endswith((b'"', b"'")):
        before = before[:-1].removesuffix(b"\\")
    name = before.translate(NAME_LETTERS).rpartition(b" ")[2]
    if not NAME.fullmatch(name) or (in_string and before[: -len(name)].endswith(b'"')):  # a key of the JSON document
        return b""
    return name


def _given_to_calls(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yields what calls, cookies and headers of a script are given."""
    for match in ARGUMENTS.finditer(data, start, end):
        if b"${" not in match[4] and _is_storing(data[max(0, match.start() - 24) : match.start()]):
            yield _literal(match[2], match[4], *match.span(4))
    for match in COOKIE.finditer(data, start, end):
        if b"${" not in match[2]:
            yield _literal(match[1], match[2], *match.span(2))._replace(at_least="maybe")
    if b"uthorization" in data or b"UTHORIZATION" in data:
        for match in CREDENTIALS.finditer(data, start, end):
            yield _literal(b"authorization", match[1], *match.span(1))


def _is_storing(before: bytes) -> bool:
    """Decides whether `before` a parenthesis stands the name of a function that stores what it is given."""
    return before.translate(NAME_LETTERS.replace(b"-", b" ")).rpartition(b" ")[2] in FUNCTIONS


def _literal(name: bytes, value: bytes, start: int, end: int) -> Field:
    return Field((as_text(name),), as_text(value), start, end, heuristic=True)
