"""Passwords typed into the page of a Streamlit app are found by what the app says of its widgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recording.helpers import STARTED
from toolkit.errors import RecordingError
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, Recording
from toolkit.har.websockets import WebSocketMessage, make_message
from toolkit.recording.check import check
from toolkit.recording.files import save
from toolkit.redaction.redact import redact
from toolkit.streams.protobuf import write_fields

SITE = "wss://app.example.org"
PASSWORD, SHORT = "correct-horse-9", "ab1"
TEXT, SECRET = 0, 1  # the kinds of fields


def field(id: str, kind: int) -> bytes:
    """What the app says of a field for a text."""
    return write_fields((5, write_fields((3, write_fields((24, write_fields((1, id), (2, "Label"), (4, kind))))))))


def rerun(*typed: tuple[str, str]) -> bytes:
    """What the page sends for the fields with these ids, in which something was typed."""
    widgets = [(1, write_fields((1, id), (6, text))) for id, text in typed]
    return write_fields((11, write_fields((2, write_fields(*widgets)), (3, "page"))))


def recording(*frames: tuple[bool, bytes], path: str = "/_stcore/stream") -> Recording:
    messages: list[WebSocketMessage] = [make_message(data, sent=sent, time=0, ms=0) for sent, data in frames]
    request = make_request("GET", f"{SITE}{path}", [], b"")
    answer = make_response(101, "Switching Protocols", [], b"")
    return Recording([Entry(STARTED, request, answer, resource_type="websocket", messages=messages)])


def sent(recording: Recording) -> list[str | bytes]:
    return [one.payload() for entry in recording.entries for one in entry.messages or () if one.is_sent]


ASKED = [(False, field("w-user", TEXT)), (False, field("w-pass", SECRET)), (False, b"\xff\xff")]


def test_what_is_typed_into_a_password_field_is_taken_out(tmp_path: Path) -> None:
    """Wherever it stands later on, however short; before, it is not saved. What other fields hold stays, and the
    frames stay messages of the same length."""
    for password in (PASSWORD, SHORT):
        typed = rerun(("w-user", "a text"), ("w-pass", password))
        before = recording(*ASKED, (True, typed), (True, rerun(("w-pass", password), ("w-user", "a text"))))
        with pytest.raises(RecordingError, match=r"a secret \(typed\)"):
            save(before, tmp_path / "before.har")
        after = redact(before)
        assert [len(one) for one in sent(after)] == [len(one) for one in sent(before)]
        assert all(password.encode() not in one and b"a text" in one for one in sent(after) if isinstance(one, bytes))
        save(after, file := tmp_path / "after.har")
        assert check(file) == []


def test_other_sockets_and_widgets_are_left_alone() -> None:
    """One at another address, one of another widget, and a widget that was no field for a password."""
    for path, id in (("/other", "w-pass"), ("/_stcore/stream", "w-user"), ("/_stcore/stream", "w-unknown")):
        before = recording(*ASKED, (True, rerun((id, PASSWORD))), path=path)
        assert sent(redact(before)) == [rerun((id, PASSWORD))]
