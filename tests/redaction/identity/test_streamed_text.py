"""Who is signed in is also replaced where an answer names them piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Recording
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.redact import redact
from toolkit.session.recipe import Probe

PROBE = Probe(path="/api/me", identity=("email",))
PERSON = {"email": "ada@engines.co.uk", "name": "Ada Lovelace"}
ANSWER = [
    "Hello",
    " Ad",
    "a",
    " Love",
    "lace",
    "! Is ",
    "ada",
    "@",
    "engines",
    ".co",
    ".uk",
    ' "yours',
    '"? ',
    "Ada Love",
]
OTHERS = [" or ", "jo@", "engines", ".co.uk", "\n", "ü", " Ada Lovelace", "."]


def events(pieces: list[str]) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps({"choices": [{"delta": {"content": one}}]}).encode() for one in pieces)


def lines(pieces: list[str]) -> bytes:
    return b"".join(json.dumps({"response": one}).encode() + b"\n" for one in pieces)


@pytest.mark.parametrize("written", [events, lines])
def test_what_comes_in_pieces_is_replaced(tmp_path: Path, written: Callable[[list[str]], bytes]) -> None:
    """A name and addresses that one event after the other brings: the first piece has all of what replaces them."""
    given = [
        entry(url=f"{SITE}/api/me", body=json.dumps(PERSON).encode()),
        entry(headers=[("Content-Type", "text/event-stream")], body=[(0.0, written([*ANSWER, *OTHERS]))]),
    ]
    save(Recording(entries=redact(given, probe=PROBE)), tmp_path / "file.har")
    assert check(tmp_path / "file.har", find_probe=lambda _: PROBE) == []
    body = load(tmp_path / "file.har").entries[1].response.content.body()
    told = [json.loads(line.removeprefix(b"data: ")) for line in body.splitlines() if line]
    pieces = [one["choices"][0]["delta"]["content"] if "choices" in one else one["response"] for one in told]
    assert len(pieces) == len(ANSWER) + len(OTHERS)
    expected = 'Hello Person 1! Is person1@example.com "yours"? Ada Love or person2@example.com\nü Person 1.'
    assert "".join(pieces) == expected


def test_the_check_finds_an_address_in_pieces(tmp_path: Path) -> None:
    """Also one that no event has as a whole."""
    save(Recording(entries=[entry(body=events(ANSWER))]), tmp_path / "file.har")
    assert [one.kind for one in check(tmp_path / "file.har")] == ["an e-mail address"]


@pytest.mark.parametrize("address", ["ada@engines.co.uk", "ada@example.com"])
def test_events_with_the_whole_text_stay_whole(tmp_path: Path, address: str) -> None:
    """Where each event has all of the text so far, an address at the end of one does not go on in the next."""
    texts = [f"Write to {address}", f"Write to {address} now"]
    body = b"".join(b"data: %b\n\n" % json.dumps({"text": one}).encode() for one in texts)
    save(Recording(entries=redact([entry(body=[(0.0, body)])])), tmp_path / "file.har")
    assert check(tmp_path / "file.har") == []
    kept = load(tmp_path / "file.har").entries[0].response.content.body().decode()
    assert re.sub(r"person\d+@", "ada@", kept) == body.decode().replace(address, "ada@example.com")
