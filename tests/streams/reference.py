"""The decoders once more, for a whole stream at once: slow, and written so that they can be read beside their specs."""

from __future__ import annotations

import json
import re

import msgspec

Event = tuple[str, str, str, int | None]

DIGITS = set("0123456789")
SURROGATES = re.compile("[\ud800-\udfff]")  # in a `str`, those that have no other half
BLANKS = " \t\n\r\v\f"


def text(data: bytes) -> str:
    """https://encoding.spec.whatwg.org/#utf-8-decode"""
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def events(data: bytes) -> list[Event]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation"""
    dispatched: list[Event] = []
    data_buffer = event_type = last_event_id = ""
    retry: int | None = None
    *lines, _unfinished = re.split("\r\n|\n|\r", text(data))
    for line in lines:
        if line == "":
            if data_buffer != "":
                data_buffer = data_buffer.removesuffix("\n")
                dispatched.append((event_type or "message", data_buffer, last_event_id, retry))
                retry = None
            data_buffer = event_type = ""
            continue
        if line.startswith(":"):
            continue
        field, value = line, ""
        if ":" in line:
            colon = line.index(":")
            field, value = line[:colon], line[colon + 1 :]
            if value.startswith(" "):
                value = value[1:]
        if field == "event":
            event_type = value
        elif field == "data":
            data_buffer += value + "\n"
        elif field == "id" and "\0" not in value:
            last_event_id = value
        elif field == "retry" and value != "" and set(value) <= DIGITS and int(value) < 10**15:
            retry = int(value)
    return dispatched


def document(line: str, *, halves: bool = False) -> tuple[list[object], bool]:
    """One JSON document in a list, and whether it is none. Half of a character in an escape (RFC 8259, section 8.2) is
    U+FFFD, or with `halves` itself."""
    try:
        return [msgspec.json.decode(line)], False
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return [], True
    if not SURROGATES.search(text):
        return [], True  # something else is wrong
    return [json.loads(text if halves else SURROGATES.sub("\ufffd", text))], False


def event_documents(data: bytes, end: str) -> tuple[list[object], bool]:
    """The JSON in the data of events up to the first that is none, and whether there is such data: None for `end`,
    nothing for blank data. The event that the end of the stream cuts off counts if its data is whole."""
    found: list[object] = []
    dispatched = events(data)
    for _, line, _, _ in dispatched:
        line = line.strip(BLANKS)
        read, faulty = ([None], False) if line == end else document(line, halves=True) if line else ([], False)
        if faulty:
            return found, True
        found += read
    for _, line, _, _ in events(data + b"\n\n")[len(dispatched) :]:
        line = line.strip(BLANKS)
        if line == end:
            found.append(None)
        elif line.endswith(("}", "]")):
            found += document(line, halves=True)[0]
    return found, False


def documents(data: bytes) -> tuple[list[object], bool]:
    """https://jsonlines.org: the documents up to the first line that is none, and whether there is such a line."""
    found: list[object] = []
    for line in text(data).split("\n"):
        if line.strip(" \t\r") == "":
            continue
        read, faulty = document(line)
        if faulty:
            return found, True
        found += read
    return found, False
