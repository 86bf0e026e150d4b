"""Why a site that asks over a WebSocket has no inferred provider, and which provider it has."""

from __future__ import annotations

import base64

import msgspec
import pytest

from tests.recording.helpers import entry
from toolkit.errors import CannotInfer
from toolkit.har.model import Entry
from toolkit.har.websockets import make_message
from toolkit.recording.foreign_har import ForeignEntry, ForeignHar
from toolkit.scaffold import infer

QUESTION = "Why is the sky blue?"


def socket(path: str, sent: str | bytes) -> Entry:
    opened = entry("GET", f"wss://chat.example{path}", status=101)
    return msgspec.structs.replace(opened, messages=[make_message(sent, sent=True, time=0, ms=0)])


@pytest.mark.parametrize(
    ("path", "sent", "why"),
    [
        ("/_stcore/stream", b"\x0a\x14" + QUESTION.encode(), "looks like Streamlit"),
        ("/ws/socket.io/?EIO=4&transport=websocket", f'42["client_message",{{"output":"{QUESTION}"}}]', "Chainlit"),
        ("/ws/socket.io/?EIO=4&transport=websocket", f'42["chat-events",{{"q":"{QUESTION}"}}]', "Open WebUI"),
        ("/socket.io/?EIO=4&transport=websocket", f'42["say","{QUESTION}"]', "of socket.io, which is not inferred"),
        ("/ws", b"\x01" + QUESTION.encode(), "in binary frames"),
        ("/ws", f"say {QUESTION}", "in frames that are not JSON"),
    ],
)
def test_the_reason_is_told(path: str, sent: str | bytes, why: str) -> None:
    """Each kind of socket that is not read has its reason, and each known app the name of its provider."""
    har = ForeignHar("page", [ForeignEntry(0, socket(path, sent))], [])
    with pytest.raises(CannotInfer, match=why) as raised:
        infer(har, question=QUESTION)
    assert ("toolkit chat" in str(raised.value.hint)) is ("looks like" in str(raised.value))


def test_base64_of_a_file_is_no_question() -> None:
    """A binary frame without the question is none that asks."""
    har = ForeignHar("page", [ForeignEntry(0, socket("/ws", base64.b64encode(b"something else")))], [])
    with pytest.raises(CannotInfer, match="No request of the file carries the question"):
        infer(har, question=QUESTION)
