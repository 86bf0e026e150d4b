"""The decoders once more, for a whole stream at once: slow, and written so that they can be read beside their specs."""

from __future__ import annotations

import re

import msgspec

Event = tuple[str, str, str, int | None]

DIGITS = set("0123456789")


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


def document(line: str) -> tuple[list[object], bool]:
    """One JSON document in a list, and whether it is none."""
    try:
        return [msgspec.json.decode(line)], False
    except (msgspec.DecodeError, RecursionError):
        return [], True


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
