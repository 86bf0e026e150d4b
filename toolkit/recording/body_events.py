"""Reads the body of an answer for its form: one JSON document, a stream of events, text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from toolkit.errors import ProtocolError
from toolkit.har.frames import is_control, read_frame, speaks_engine_io
from toolkit.har.model import Entry, Response
from toolkit.streams.json_decoding import JSON_ERRORS
from toolkit.streams.sse import SSEDecoder

# Fields by which protocols tell the events of a stream apart, where these have no name of their own.
TELLING_FIELDS = ("type", "event", "event_type", "msg", "object")
NAME = re.compile(r"[A-Za-z][\w.:-]{0,40}")
LINES: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
MARKER = re.compile(r"\[[A-Z_]{2,20}\]")  # such as [DONE]


class BodyForm(StrEnum):
    """What a body is, in words for a person."""

    NOTHING = "nothing"
    JSON = "a JSON document"
    EVENTS = "a stream of events"
    LINES = "JSON documents line by line"
    PAGE = "a web page"
    TEXT = "text"


class Event(NamedTuple):
    """One event of a stream, or a document of one that has no events: its kind, and its data as decoded JSON, or as the
    text that it is."""

    kind: str
    data: Any


class BodyContent(NamedTuple):
    """The form of a body, and its events; a JSON document is one event."""

    form: BodyForm
    events: list[Event]


def read_body(response: Response) -> BodyContent:
    """Returns what the body of `response` is, by its media type and, where that tells nothing, by how it begins."""
    body = response.content.body()
    media_type = (response.content.mime_type or next(iter(response.values("content-type")), "")).lower()
    start = body.lstrip()[:100].lower()
    if not body.strip():
        return BodyContent(BodyForm.NOTHING, [])
    if start.startswith((b"<!doctype html", b"<html")) or media_type.startswith("text/html"):
        return BodyContent(BodyForm.PAGE, [])
    if media_type.startswith("text/event-stream") or start.startswith((b"data:", b"event:", b": ", b"id:")):
        return BodyContent(BodyForm.EVENTS, list(_events(body)))
    try:
        return BodyContent(BodyForm.JSON, [Event("", msgspec.json.decode(body))])
    except JSON_ERRORS:
        pass
    try:
        return BodyContent(BodyForm.LINES, [_event("", line) for line in LINES.decode_lines(body)])
    except JSON_ERRORS:
        return BodyContent(BodyForm.TEXT, [])


def read_answer(entry: Entry) -> BodyContent:
    """Returns what was answered in `entry`: its body, or what the server said over a WebSocket, an event a frame."""
    if not entry.messages:
        return read_body(entry.response)
    engine_io, events = speaks_engine_io(entry.request.url), list[Event]()
    for message in entry.messages:
        data = message.payload()
        if message.is_sent or isinstance(data, bytes) or (engine_io and is_control(data)):
            continue
        frame = read_frame(data, engine_io=engine_io)
        events.append(_event(frame.kind, frame.document) if frame.is_json else Event(frame.kind or "text", data))
    return BodyContent(BodyForm.EVENTS, events)


def _events(body: bytes) -> Iterator[Event]:
    decoder = SSEDecoder()
    try:
        frames = [*decoder.feed(body), *decoder.flush()]
    except ProtocolError:
        return
    for frame in frames:
        try:
            yield _event(frame.event, msgspec.json.decode(frame.data))
        except JSON_ERRORS:
            text = str(frame.data)
            yield Event(text if MARKER.fullmatch(text) else frame.event or "text", text)


def _event(name: str, data: Any) -> Event:
    """Returns the event of that `name`, "" or `message` where it has none, with a kind that its data tell."""
    words = [] if name in ("", "message") else [name]
    if isinstance(data, dict):
        words += [data[key] for key in TELLING_FIELDS if isinstance(data.get(key), str) and NAME.fullmatch(data[key])][
            :1
        ]
    return Event(" ".join(words) or "data", data)
