"""Finds named values in bodies: JSON (also several documents in lines or events), forms, GraphQL, URLs. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from toolkit.redaction.field import Field, as_text, json_escaped, url_quoted
from toolkit.redaction.page_fields import find_fields_in_strings, find_page_fields
from toolkit.redaction.sensitivity import sensitivity
from toolkit.redaction.text_fields import find_element_fields, find_line_fields

DEPTH = 4  # how often a value is percent-encoded at most
JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],]|-?[0-9][0-9.eE+-]*+|[a-z]++', re.DOTALL)
JSON_NAME = re.compile(rb'"([^"\\]{1,80})\\*"\s*:')  # also within a JSON string
# `{"name": "session_token", "value": ...}`, in either order, also with other members between the two.
MEMBERS = rb'(?:\s*,\s*"[^"\\]{0,80}"\s*:\s*(?:"(?:[^"\\]++|\\.)*+"|[\w.+-]++)){0,12}?\s*,\s*'
NAME_MEMBER, VALUE_MEMBER = rb'"(?:name|key)"\s*:\s*"([^"\\]{1,80})"', rb'"value"\s*:\s*"((?:[^"\\]++|\\.)++)"'
NAME_VALUE = re.compile(NAME_MEMBER + MEMBERS + VALUE_MEMBER)
VALUE_NAME = re.compile(VALUE_MEMBER + MEMBERS + NAME_MEMBER)
IN_URL = re.compile(rb"(?:[?&#](?:amp;)?|;(?=(?i:j?sess(?:ion)?id)=))([\w.-]{1,64})=([^&#\s\"'<>\\;]{6,4096})")
# The same where the URL is a parameter of another one, and encoded once or more.
IN_QUOTED_URL = re.compile(
    rb"%(?:25)*+(?:3[Ff]|26|23)([\w.-]{1,64})%(?:25)*+3[Dd]((?:[^&#\s\"'<>\\;%]|%(?!(?:25)*+(?:26|23))){6,4096})"
)
# An argument of a GraphQL field (https://spec.graphql.org/October2021/#sec-Language.Arguments), also in a JSON string.
ARGUMENT = re.compile(rb"[(,{\s]([A-Za-z_]\w{1,63})\s*:\s*(\\?\")([^\"\\]{2,4096}+)\2")
GRAPHQL = re.compile(rb'"query"\s*:\s*"(?:\\[nrt]|\s)*(?:(?:query|mutation|subscription|fragment)\b|\{)')
PART = re.compile(
    rb"\r\n[Cc]ontent-[Dd]isposition:[^\r\n]*?[;\s]name=(?:\"([^\"\r\n]*)\"|([^\s\";]+))[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n(.*?)(?=\r\n--)",
    re.DOTALL,
)


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
        if all_values or any(sensitivity(as_text(name)) for name in set(JSON_NAME.findall(data))):
            yield from find_json_fields(data)
        if b'"value"' in data:
            yield from _name_value_fields(data)
        if "graphql" in kind or GRAPHQL.search(data):
            yield from _graphql_fields(data)
        yield from find_fields_in_strings(data)
    else:
        yield from find_page_fields(data)
        if "graphql" in kind:
            yield from _graphql_fields(data)
        if "text/plain" in kind or "yaml" in kind:
            yield from find_line_fields(data)
        elif "xml" in kind and "html" not in kind:
            yield from find_element_fields(data)
    yield from _url_parameter_fields(data)


def _multipart_fields(data: bytes) -> Iterator[Field]:
    """Yields the parts of a form (RFC 7578), of uploaded files only JSON."""
    line_break = b"\r\n"  # before the first part, as before the others
    for match in PART.finditer(line_break + data):
        if b"filename" not in match[0].partition(b"\r\n\r\n")[0] or match[4][:1] in (b"{", b"["):
            name = as_text(match[2] if match[1] is None else match[1])
            start, end = match.span(4)
            yield Field((name,), as_text(match[4]), start - len(line_break), end - len(line_break), query=True)


def _url_parameter_fields(data: bytes) -> Iterator[Field]:
    """Yields the parameters of URLs that stand in any body."""
    for match in IN_URL.finditer(data):
        if sensitivity(name := as_text(match[1]), query=True):
            value = unquote_plus(as_text(match[2]))
            yield Field((name,), value, match.start(2), match.end(2), url_quoted, heuristic=True, query=True)

    for match in IN_QUOTED_URL.finditer(data):
        if sensitivity(name := as_text(match[1]), query=True):
            value = _unquoted(as_text(match[2]))
            yield Field((name,), value, match.start(2), match.end(2), url_quoted, heuristic=True, query=True)


def _unquoted(text: str) -> str:
    """Returns `text` with its percent-encoding decoded, however often it was encoded."""
    for _ in range(DEPTH):
        if (decoded := unquote(text)) == text:
            break
        text = decoded
    return text


def _graphql_fields(data: bytes) -> Iterator[Field]:
    """Yields the arguments in a GraphQL document that are strings."""
    for match in ARGUMENT.finditer(data):
        if sensitivity(name := as_text(match[1]), query=True):
            yield Field((name,), as_text(match[3]), match.start(3), match.end(3), query=True)


def find_json_fields(data: bytes) -> Iterator[Field]:
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
            yield Field(_path(stack), _json_string(token), match.start() + 1, match.end() - 1, json_escaped)
        elif first.isdigit() or first == b"-":
            yield Field(_path(stack), as_text(token), match.start(), match.end(), number=True)


def _path(stack: list[list[str | int | None]]) -> tuple[str | int, ...]:
    return tuple(top[0] for top in stack if top[0] is not None)


def _form_fields(data: bytes) -> Iterator[Field]:
    for match in re.finditer(rb"([^&=]+)=([^&]*)", data):
        name, value = unquote_plus(as_text(match[1])), unquote_plus(as_text(match[2]))
        yield Field((name,), value, match.start(2), match.end(2), url_quoted, query=True)


def _name_value_fields(data: bytes) -> Iterator[Field]:
    """Yields the value of JSON objects with a name and a value: `{"name": "token", "value": "..."}`."""
    for pattern, named, valued in ((NAME_VALUE, 1, 2), (VALUE_NAME, 2, 1)):
        for match in pattern.finditer(data):
            if sensitivity(name := as_text(match[named])):
                value = _json_string(b'"' + match[valued] + b'"')
                yield Field((name,), value, match.start(valued), match.end(valued), json_escaped, heuristic=True)


def _json_string(token: bytes) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:  # a bad escape, or not UTF-8
        return as_text(token[1:-1])
