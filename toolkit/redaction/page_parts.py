"""Divides a page into markup, inline scripts, and JSON that scripts read. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

OPENING = re.compile(rb"<(script|style)\b", re.IGNORECASE)
CLOSING = {name: re.compile(rb"</%b" % name, re.IGNORECASE) for name in (b"script", b"style")}
LONGEST_TAG = 4096  # bytes
TYPE = re.compile(rb"\stype\s*=\s*[\"']?([\w+./-]+)", re.IGNORECASE)
JSON_TYPE = re.compile(rb"(?:application/)?(?:[\w.+-]*json|importmap|speculationrules)$", re.IGNORECASE)
CODE_TYPE = re.compile(rb"(?:module|(?:text|application)/(?:x-)?(?:java|ecma|live|j)script[\d.]*)$", re.IGNORECASE)
# The state that a server wrote into the page: `window.__STATE__ = {"user": ...}`.
STATE = re.compile(rb"\s*(?:(?:var|let|const)\s+)?[\w$][\w$.\[\]\"']{0,100}+\s*=\s*(?=[{\[])")


class PagePart(NamedTuple):
    """The bytes `start` to `end` of a page, and what they are."""

    kind: Literal["markup", "script", "json"]
    start: int
    end: int


def page_parts(data: bytes) -> Iterator[PagePart]:
    """Yields the parts of the page `data` in their order, but for its styles. A text without scripts is all markup."""
    end = 0
    for opened in OPENING.finditer(data):
        if opened.start() < end:
            continue  # within a script
        if (start := data.find(b">", opened.end()) + 1) == 0:
            break
        yield PagePart("markup", end, start)
        name = opened[1].lower()
        closed = CLOSING[name].search(data, start)
        end = len(data) if closed is None else closed.start()
        if name == b"script":
            typed = TYPE.search(data, opened.end(), min(start, opened.end() + LONGEST_TAG))
            yield from _script_parts(data, typed[1] if typed else b"module", start, end)
    yield PagePart("markup", end, len(data))


def _script_parts(data: bytes, mime_type: bytes, start: int, end: int) -> Iterator[PagePart]:
    if JSON_TYPE.match(mime_type):
        yield PagePart("json", start, end)
    elif not CODE_TYPE.match(mime_type):
        yield PagePart("markup", start, end)  # a template
    elif (state := STATE.match(data, start, end)) and (length := _json_length(data[state.end() : end])):
        yield PagePart("json", state.end(), state.end() + length)
        yield PagePart("script", state.end() + length, end)
    else:
        yield PagePart("script", start, end)


def _json_length(data: bytes) -> int:
    """Returns how many bytes at the start of `data` are one JSON document; 0 where they are none."""
    text = data.decode("latin-1")  # one character for each byte
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        return 0
