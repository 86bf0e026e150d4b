"""Finds named values in JSON: one document or several in lines or events, whole or cut off. Pure.

Names that tell are looked for first, and only the values below them are read: most of a large document has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator

from toolkit.redaction.field import Field, as_text, json_escaped
from toolkit.redaction.sensitivity import object_sensitivity, sensitivity
from toolkit.session.encodings.multi_pattern_search import alternation

STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
TOKEN = re.compile(STRING.pattern + rb"|[{}\[\],]|-?[0-9][0-9.eE+-]*+|[a-z]++", re.DOTALL)
PLAIN = re.compile(rb'"[^"\\]*+"|-?[0-9][0-9.eE+-]*+|[a-z]++')
NAME = re.compile(rb'"([^"\\]{1,80}+)"\s*:')
NAME_WITH_ESCAPES = re.compile(rb'"((?:[^"\\]|\\u[0-9A-Fa-f]{4}){1,80}+)"\s*:')
OPENING = rb'"[{\[]'  # of a string that may be a JSON document
PIECE, OVERLAP = 1 << 20, 1 << 10  # bytes of a document whose names are listed at once

Stack = list[list[str | int | None]]  # per open object its current name or None, per open array a 0 and the index


def find_json_fields(data: bytes, *, all_values: bool = False) -> Iterator[Field]:
    """Yields every string and number whose name, or that of the object around it, may mean a secret, and the strings
    that may be JSON themselves; all strings and numbers if `all_values`.

    Text between documents that is not JSON is skipped.
    """
    if all_values:
        yield from _walk(data, 0, [], everything=True)
        return
    names = _telling_names(data)
    named = rb'"(%b)"\s*:\s*' % alternation(names) if names else rb'"()\Z'
    done = 0
    for match in re.finditer(named + b"|" + OPENING, data):
        if match.start() < done:
            continue
        if match[1] is None:
            if field := _document_in_string(data, match.start()):
                yield field
        elif (plain := PLAIN.match(data, match.end())) and len(plain[0]) < (4 if plain[0][:1] == b'"' else 6):
            continue  # too short for a secret
        else:
            done = yield from _walk(data, match.end(), [[decode_string(b'"%b"' % match[1])]])


def _telling_names(data: bytes) -> set[bytes]:
    pattern = NAME_WITH_ESCAPES if rb"\u" in data else NAME
    names: set[bytes] = set()
    for start in range(0, len(data), PIECE):
        names.update(pattern.findall(data, start, start + PIECE + OVERLAP))
    return {name for name in names if _is_telling(decode_string(b'"%b"' % name))}


def _is_telling(name: str | int | None) -> bool:
    return isinstance(name, str) and (sensitivity(name) or object_sensitivity(name)) is not None


def _document_in_string(data: bytes, start: int) -> Field | None:
    token = STRING.match(data, start)
    if token is None or b"\\" not in token[0] or data[start - 1 : start] == b"\\":
        return None
    return Field((), decode_string(token[0]), start + 1, token.end() - 1, json_escaped)


def _walk(data: bytes, start: int, stack: Stack, *, everything: bool = False) -> Generator[Field, None, int]:
    """Yields the values from `start` on, and returns where the walk ended: at the end of the value that has the name in
    `stack`, or at the end of `data` where that is empty."""
    outer = len(stack)
    for match in TOKEN.finditer(data, start):
        token = match[0]
        first = token[:1]
        if first in b"{[":
            stack.append([None] if first == b"{" else [0, 0])
            continue
        if first in b"}]":
            if len(stack) > outer:
                stack.pop()
        elif first == b",":
            if len(stack) > outer:
                top = stack[-1]
                top[0] = None if len(top) == 1 else int(top[0] or 0) + 1
        elif stack and stack[-1][0] is None:
            if first == b'"':
                stack[-1][0] = decode_string(token)
            continue
        elif first == b'"':
            if everything or token[1:2] in b"{[" or _is_telling_path(stack):
                yield Field(_path(stack), decode_string(token), match.start() + 1, match.end() - 1, json_escaped)
        elif (first.isdigit() or first == b"-") and (everything or _is_telling_path(stack)):
            yield Field(_path(stack), as_text(token), match.start(), match.end(), number=True)
        if outer and len(stack) == outer:
            return match.end()
    return len(data)


def _is_telling_path(stack: Stack) -> bool:
    """Decides whether one of the last two names of the path may mean a secret; what is in an array has that of it."""
    names = [top[0] for top in stack if isinstance(top[0], str)]
    return any(map(_is_telling, names[-2:]))


def _path(stack: Stack) -> tuple[str | int, ...]:
    return tuple(top[0] for top in stack if top[0] is not None)


def decode_string(token: bytes) -> str:
    """Returns what the JSON string `token`, with its quotes, stands for."""
    if b"\\" in token:
        try:
            return str(json.loads(token, strict=False))
        except ValueError:  # a bad escape, or not UTF-8
            pass
    return as_text(token[1:-1])
