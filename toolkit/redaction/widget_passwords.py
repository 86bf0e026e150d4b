"""Finds the passwords that people typed into the page of a Streamlit app, which draws its login form itself. Pure.

What the page sends has no names, and only the id of each widget, whichever program has recorded it. But the app's own
frames have told before which widgets are fields for a password (field numbers as in streamlit 1.67).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from toolkit.errors import ProtocolError
from toolkit.har.text_walk import FRAME_KEY, FRAMES
from toolkit.har.websockets import BINARY, SENT
from toolkit.redaction.bodies import Body
from toolkit.streams.protobuf import Fields

STREAM = "/_stcore/stream"  # where the page's socket is
DELTA, NEW_ELEMENT, TEXT_INPUT, ID, KIND, PASSWORD = 5, 3, 24, 1, 4, 1  # of what the app sends
RERUN, STATES, WIDGETS, TEXT = 11, 2, 1, 6  # of what the page sends; its widgets have their ID too


def find_widget_passwords(entry: dict[str, Any]) -> frozenset[str]:
    """Returns what was typed into the fields for a password in `entry`, the socket of a Streamlit app's page."""
    if not entry.get(FRAMES) or not urlsplit(entry["request"]["url"]).path.endswith(STREAM):
        return frozenset()
    fields, typed = set[str](), set[str]()
    for frame in entry[FRAMES]:
        if frame.get("opcode") != BINARY:
            continue
        try:
            message = Fields(Body(frame, FRAME_KEY).data)
            if frame.get("type") == SENT:
                typed.update(text for id, text in _texts(message) if id in fields)
            else:
                fields.update(_password_fields(message))
        except ProtocolError:  # a frame that is cut, or something else
            continue
    return frozenset(typed - {""})


def _password_fields(message: Fields) -> Iterator[str]:
    widget = message.message(DELTA).message(NEW_ELEMENT).message(TEXT_INPUT)
    if widget.integer(KIND) == PASSWORD:
        yield widget.text(ID)


def _texts(message: Fields) -> Iterator[tuple[str, str]]:
    for widget in message.message(RERUN).message(STATES).messages(WIDGETS):
        yield widget.text(ID), widget.text(TEXT)
