"""Finds where the frames of a recorded answer end. Pure."""

from __future__ import annotations

import re

from toolkit.har.model import Entry

EVENT = re.compile(rb"(?m)^(?:data|event|id|retry)?:")  # a line of an event stream
EVENT_END = re.compile(rb"(?:\r\n|\r|\n){2,}")
LINE_END = re.compile(rb"[\r\n]+")


def frame_ends(entry: Entry) -> list[int]:
    """The offsets in the body of `entry` after each of its frames but the last, in bytes.

    Frames are the events of an event stream, else lines, else the chunks in which the body was recorded.
    """
    body = entry.response.content.body()
    ends = [match.end() for match in (EVENT_END if EVENT.match(body) else LINE_END).finditer(body)]
    if not any(end < len(body) for end in ends):
        ends, offset = [], 0
        for _, data in entry.response.content.pieces():
            offset += len(data)
            ends.append(offset)
    return [end for end in ends if 0 < end < len(body)]
