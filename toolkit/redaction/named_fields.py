"""Finds named values in bodies: JSON (also several documents in lines or events), forms, pages, scripts. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from toolkit.redaction.sensitivity import sensitivity

JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],]|-?[0-9][0-9.eE+-]*+|[a-z]++', re.DOTALL)
JSON_NAME = re.compile(rb'"([^"\\]{1,80})\\*"\s*:')  # also within a JSON string
# `name = "value"`, `"name": 'value'` and `name="value"` of scripts and pages, also within a JSON string.
ASSIGNED = re.compile(
    rb"(?<![\w-])([A-Za-z_][\w-]{1,63})(?:\\?[\"'])?\s*[:=]\s*\\?([\"'`])((?:(?!\$\{)[^\"'`\\\s]){6,4096})\\?\2"
)
# `password: value` and `API_KEY=value` in a line of plain text.
LINE = re.compile(
    rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]{1,63})[ \t]*[:=][ \t]*([^\s\"'<>]{6,4096})[ \t]*\r?$", re.MULTILINE
)
ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]{0,63})(?:\s[^<>]{0,1000})?>([^<>\s]{2,4096})</\1>")
# `{"name": "session_token", "value": ...}`, in either order, also with other members between the two.
MEMBERS = rb'(?:\s*,\s*"[^"\\]{0,80}"\s*:\s*(?:"(?:[^"\\]++|\\.)*+"|[\w.+-]++)){0,12}?\s*,\s*'
NAME_MEMBER, VALUE_MEMBER = rb'"(?:name|key)"\s*:\s*"([^"\\]{1,80})"', rb'"value"\s*:\s*"((?:[^"\\]++|\\.)++)"'
NAME_VALUE = re.compile(NAME_MEMBER + MEMBERS + VALUE_MEMBER)
VALUE_NAME = re.compile(VALUE_MEMBER + MEMBERS + NAME_MEMBER)
TAG_START = re.compile(rb"<(?:meta|input)\b", re.IGNORECASE)
LONGEST_TAG = 4096  # bytes
ATTRIBUTE = re.compile(
    rb"(?<![\w-])(name|id|property|http-equiv|content|value)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/]*+(?:/(?!>)[^\s\"'<>/]*+)*+)(?=/?>|\s))",
    re.IGNORECASE,
)
IN_URL = re.compile(rb"(?:[?&#](?:amp;)?|;(?=(?i:j?sess(?:ion)?id)=))([\w.-]{1,64})=([^&#\s\"'<>\\;]{6,4096})")
PART = re.compile(
    rb"\r\n[Cc]ontent-[Dd]isposition:[^\r\n]*?[;\s]name=(?:\"([^\"\r\n]*)\"|([^\s\";]+))[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n(.*?)(?=\r\n--)",
    re.DOTALL,
)


class Field(NamedTuple):
    """A named value in a body, at the bytes `start` to `end`.

    `path` are the names and indexes that lead to it, `text` is its decoded value. `write` encodes another text for the
    same position. `number` says that it is a JSON number, `heuristic` that a pattern found it and not the structure of
    the body, `query` that it is a parameter or the field of a form.
    """

    path: tuple[str | int, ...]
    text: str
    start: int
    end: int
    write: Callable[[str], str] = str
    number: bool = False
    heuristic: bool = False
    query: bool = False

    def __repr__(self) -> str:
        return f"<Field {self.start}:{self.end}>"


def find_fields(data: bytes, mime_type: str, *, all_values: bool = False) -> Iterator[Field]:
    """Yields the values in a body whose names may mean a secret; every value of a JSON body if `all_values`."""
    kind = mime_type.lower()
    if "multipart/" in kind:
        yield from _multipart_fields(data)
        return
    if "form-urlencoded" in kind:
        yield from _form_fields(data)
        return
    start = data.lstrip()[:64]
    if (
        start[:1] in (b"{", b"[", b'"')
        or "json" in kind
        or "event-stream" in kind
        or re.match(rb"(?:data|event|id|:)\b", start)
    ):
        if all_values or any(sensitivity(_text(name)) for name in set(JSON_NAME.findall(data))):
            yield from _json_fields(data)
        if b'"value"' in data:
            yield from _name_value_fields(data)
    else:
        yield from _markup_fields(data)
        if "text/plain" in kind or "yaml" in kind:
            yield from _find_by_pattern(LINE, data, heuristic=True)
        elif "xml" in kind and "html" not in kind:
            yield from _find_by_pattern(ELEMENT, data, heuristic=False)
    yield from _url_parameter_fields(data)


def _multipart_fields(data: bytes) -> Iterator[Field]:
    """Yields the parts of a form (RFC 7578), of uploaded files only JSON."""
    line_break = b"\r\n"  # before the first part, as before the others
    for match in PART.finditer(line_break + data):
        if b"filename" not in match[0].partition(b"\r\n\r\n")[0] or match[4][:1] in (b"{", b"["):
            name = _text(match[2] if match[1] is None else match[1])
            start, end = match.span(4)
            yield Field((name,), _text(match[4]), start - len(line_break), end - len(line_break), query=True)


def _url_parameter_fields(data: bytes) -> Iterator[Field]:
    """Yields the parameters of URLs that stand in any body."""
    for match in IN_URL.finditer(data):
        if sensitivity(name := _text(match[1]), query=True):
            value = unquote_plus(_text(match[2]))
            yield Field((name,), value, match.start(2), match.end(2), _quoted, heuristic=True, query=True)


def _json_fields(data: bytes) -> Iterator[Field]:
    """Yields every string and number. Text between documents that is not JSON is skipped."""
    stack: list[list[str | int | None]] = []  # per open object its current name or None, per open array the index
    for match in JSON_TOKEN.finditer(data):
        token = match[0]
        first = token[:1]
        if first in b"{[":
            stack.append([None] if first == b"{" else [0, 0])
        elif first in b"}]":
            if stack:
                stack.pop()
        elif first == b",":
            if stack:
                top = stack[-1]
                top[0] = None if len(top) == 1 else int(top[0] or 0) + 1
        elif stack and stack[-1][0] is None:
            if first == b'"':
                stack[-1][0] = _json_string(token)
        elif first == b'"':
            yield Field(_path(stack), _json_string(token), match.start() + 1, match.end() - 1, _json_escaped)
        elif first.isdigit() or first == b"-":
            yield Field(_path(stack), _text(token), match.start(), match.end(), number=True)


def _path(stack: list[list[str | int | None]]) -> tuple[str | int, ...]:
    return tuple(top[0] for top in stack if top[0] is not None)


def _form_fields(data: bytes) -> Iterator[Field]:
    for match in re.finditer(rb"([^&=]+)=([^&]*)", data):
        name, value = unquote_plus(_text(match[1])), unquote_plus(_text(match[2]))
        yield Field((name,), value, match.start(2), match.end(2), _quoted, query=True)


def _markup_fields(data: bytes) -> Iterator[Field]:
    for start, tag in _tags(data):
        attributes = {match[1].lower(): match for match in ATTRIBUTE.finditer(tag)}
        value = attributes.get(b"value") or attributes.get(b"content")
        for name in (b"name", b"id", b"property"):
            if value and (named := attributes.get(name)):
                group = next(number for number in (2, 3, 4) if value[number] is not None)
                at = start + value.start(group)
                path = (_text(named[2] or named[3] or named[4] or b""),)
                yield Field(path, _text(value[group]), at, at + len(value[group]))
    for match in ASSIGNED.finditer(data):
        yield Field((_text(match[1]),), _text(match[3]), match.start(3), match.end(3), heuristic=True)


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


def _name_value_fields(data: bytes) -> Iterator[Field]:
    """Yields the value of JSON objects with a name and a value: `{"name": "token", "value": "..."}`."""
    for pattern, named, valued in ((NAME_VALUE, 1, 2), (VALUE_NAME, 2, 1)):
        for match in pattern.finditer(data):
            if sensitivity(name := _text(match[named])):
                value = _json_string(b'"' + match[valued] + b'"')
                yield Field((name,), value, match.start(valued), match.end(valued), _json_escaped, heuristic=True)


def _find_by_pattern(pattern: re.Pattern[bytes], data: bytes, *, heuristic: bool) -> Iterator[Field]:
    """Yields what `pattern` matches, name and value, where the name is `sure` (see `sensitivity`)."""
    for match in pattern.finditer(data):
        if sensitivity(name := _text(match[1]), query=True) == "sure":
            value = html.unescape(_text(match[2]))
            yield Field((name,), value, match.start(2), match.end(2), heuristic=heuristic, query=True)


def _json_string(token: bytes) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:  # a bad escape, or not UTF-8
        return _text(token[1:-1])


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _json_escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _quoted(text: str) -> str:
    return quote(text, safe="")
