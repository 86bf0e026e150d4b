"""What was typed into password fields is taken out of frames, whatever name it has there and however it is encoded."""

from __future__ import annotations

import json

import msgspec

from tests.recording.helpers import SITE, socket
from toolkit.redaction.redact import redact
from toolkit.redaction.typed_secrets import whole_passwords

TYPED = [*("h", "hu", "hun", "hunt", "hunte", "hunter"), "hunter2-Ab9", "ada1"]
WS = f"wss{SITE[5:]}/ws"
IO = f"wss{SITE[5:]}/socket.io/?EIO=4&transport=websocket"


def test_the_whole_of_it_is_told_from_its_beginnings() -> None:
    """A field tells of each letter that is typed."""
    assert sorted(whole_passwords(TYPED)) == ["ada1", "hunter2-Ab9"]


def test_nothing_that_was_typed_is_left() -> None:
    """The whole of it is replaced everywhere; beginnings, and what is short, where the client sent them by themselves:
    as JSON, as JSON in a string, as a text of protobuf. Words of others stay."""
    frames = [("<", '42["update",{"text":"hunt for a hun"}]'), *((">", _event(typed)) for typed in TYPED)]
    binary = b"\x0a\x0d" + b"\x12\x0b" + b"hunter2-Ab9" + b"\x1a\x04" + b"ada1"
    one = socket(*frames, (">", json.dumps({"args": ["hunt", "ada1"]})), ("<", "echo hunter2-Ab9"), url=IO)
    redacted = redact([one, socket((">", binary), url=WS)], typed=TYPED)
    text = json.dumps(msgspec.to_builtins(redacted))
    first = [str(message.payload()) for message in redacted[0].messages or ()]
    assert first[0] == frames[0][1]
    sent = [json.loads(message[2:])[1]["args"][0] for message in first[1 : 1 + len(TYPED)]]
    assert not {json.loads(value) for value in sent} & set(TYPED)
    assert not set(json.loads(first[-2])["args"]) & set(TYPED)
    assert "hunter2-Ab9" not in text
    assert redacted[1].messages
    assert isinstance(left := redacted[1].messages[0].payload(), bytes)
    assert len(left) == len(binary)
    assert b"hunter2" not in left
    assert b"ada1" not in left


def _event(typed: str) -> str:
    """A change of a field, as NiceGUI sends it."""
    return "42" + json.dumps(["event", {"id": 5, "listener_id": "l", "args": [json.dumps(typed)]}])
