"""Finds named values in bodies: JSON (also several documents in lines or events), forms, GraphQL, URLs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from toolkit.redaction.field import Field, as_text, json_escaped, url_quoted
from toolkit.redaction.json_fields import decode_string, find_json_fields
from toolkit.redaction.literals import find_literals_in_strings
from toolkit.redaction.page_fields import find_markup_fields, find_script_fields, urls_in_script
from toolkit.redaction.page_parts import PagePart, page_parts
from toolkit.redaction.sensitivity import sensitivity
from toolkit.redaction.text_fields import find_element_fields, find_line_fields

DEPTH = 4  # how often a value is percent-encoded at most
# `{"name": "session_token", "value": ...}`, in either order, also with other members between the two.
MEMBERS = rb'(?:\s*,\s*"[^"\\]{0,80}"\s*:\s*(?:"(?:[^"\\]++|\\.)*+"|[\w.+-]++)){0,12}?\s*,\s*'
NAME_MEMBER, VALUE_MEMBER = rb'"(?:name|key)"\s*:\s*"([^"\\]{1,80})"', rb'"value"\s*:\s*"((?:[^"\\]++|\\.)++)"'
NAME_VALUE = re.compile(NAME_MEMBER + MEMBERS + VALUE_MEMBER)
VALUE_NAME = re.compile(VALUE_MEMBER + MEMBERS + NAME_MEMBER)
# What separates the parameters of a URL: most documents have none of them, which is told at once.
URL_MARKS = (b"?", b"&", b"#")
IN_URL = re.compile(rb"[?&#](?:amp;)?([\w.-]{1,64}+)=([^&#\s\"'<>\\;]{6,4096}+)")
IN_PATH = re.compile(rb";((?i:j?sess(?:ion)?id))=([^&#\s\"'<>\\;]{6,4096}+)")  # a parameter of the path
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
        yield from find_json_fields(data, all_values=all_values)
        if b'"value"' in data:
            yield from _name_value_fields(data)
        if "graphql" in kind or GRAPHQL.search(data):
            yield from _graphql_fields(data)
        yield from find_literals_in_strings(data)
        yield from _url_parameter_fields(data, 0, len(data))
    else:
        for part in page_parts(data):
            yield from _page_part_fields(data, part)
        if "graphql" in kind:
            yield from _graphql_fields(data)
        if "text/plain" in kind or "yaml" in kind:
            yield from find_line_fields(data)
        elif "xml" in kind and "html" not in kind:
            yield from find_element_fields(data)


def _page_part_fields(data: bytes, part: PagePart) -> Iterator[Field]:
    if part.kind == "markup":
        yield from find_markup_fields(data, part.start, part.end)
        yield from _url_parameter_fields(data, part.start, part.end)
    elif part.kind == "script":
        yield from find_script_fields(data, part.start, part.end)
        for start, end in urls_in_script(data, part.start, part.end):
            yield from _url_parameter_fields(data, start, end)
    else:
        for field in find_fields(data[part.start : part.end], "application/json"):
            yield field._replace(start=field.start + part.start, end=field.end + part.start)


def _multipart_fields(data: bytes) -> Iterator[Field]:
    """Yields the parts of a form (RFC 7578), of uploaded files only JSON."""
    line_break = b"\r\n"  # before the first part, as before the others
    for match in PART.finditer(line_break + data):
        if b"filename" not in match[0].partition(b"\r\n\r\n")[0] or match[4][:1] in (b"{", b"["):
            name = as_text(match[2] if match[1] is None else match[1])
            start, end = match.span(4)
            yield Field((name,), as_text(match[4]), start - len(line_break), end - len(line_break), query=True)


def _url_parameter_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yields the parameters of URLs that stand in any body, between `start` and `end`."""
    has_parameters = any(data.find(mark, start, end) >= 0 for mark in URL_MARKS)
    for pattern in (IN_URL, IN_PATH) if has_parameters else (IN_PATH,):
        for match in pattern.finditer(data, start, end):
            if sensitivity(name := as_text(match[1]), query=True):
                value = unquote_plus(as_text(match[2]))
                yield Field((name,), value, match.start(2), match.end(2), url_quoted, heuristic=True, query=True)
    for match in IN_QUOTED_URL.finditer(data, start, end):
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


def _form_fields(data: bytes) -> Iterator[Field]:
    for match in re.finditer(rb"([^&=]+)=([^&]*)", data):
        name, value = unquote_plus(as_text(match[1])), unquote_plus(as_text(match[2]))
        yield Field((name,), value, match.start(2), match.end(2), url_quoted, query=True)


def _name_value_fields(data: bytes) -> Iterator[Field]:
    """Yields the value of JSON objects with a name and a value: `{"name": "token", "value": "..."}`."""
    for pattern, named, valued in ((NAME_VALUE, 1, 2), (VALUE_NAME, 2, 1)):
        for match in pattern.finditer(data):
            if sensitivity(name := as_text(match[named])):
                value = decode_string(b'"' + match[valued] + b'"')
                yield Field((name,), value, match.start(valued), match.end(valued), json_escaped, heuristic=True)
