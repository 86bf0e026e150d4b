"""Short bodies are searched many at once: what one of them holds is found among many that hold nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Entry, Recording
from toolkit.recording.check import check
from toolkit.recording.files import save
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules

TOKEN = "zQ7x9k2m4p6q8Lw3"
JSON = [("Content-Type", "application/json")]
TELLING = {
    "a field": b'{"accessToken": "%b"}' % TOKEN.encode(),
    "an address": b'{"by": "ada@engines.co.uk"}',
    "a person": b'{"user": {"id": 4711, "name": "Al"}}',
}
# What stands before a body must not hide what is in it.
BEFORE = (b'{"a": "', b'{"a": [', b'"', b"data: {", b'{"status": "ok"}', b"token=", b"<!--", b"<script>")


def among_many(body: bytes) -> list[Entry]:
    """`body` among bodies that hold nothing, whole ones and broken ones."""
    bodies = [*BEFORE, *(b'{"id": %d, "status": "ok"}' % number for number in range(300))]
    bodies.insert(150, body)
    bodies.insert(len(BEFORE), body)
    return [entry(url=f"{SITE}/{number}", headers=JSON, body=one) for number, one in enumerate(bodies)]


@pytest.mark.parametrize("name", TELLING)
def test_what_one_body_holds_is_found_among_many(name: str, tmp_path: Path) -> None:
    """Redaction takes it out of each entry that has it, and leaves the others; check finds it in each."""
    given = among_many(TELLING[name])
    telling = [number for number, one in enumerate(given) if one.response.content.body() == TELLING[name]]
    redacted = redact(given)
    changed = [
        number
        for number, (one, other) in enumerate(zip(given, redacted, strict=True))
        if one.response.content.text != other.response.content.text
    ]
    assert changed == telling
    path = tmp_path / "a.har"
    path.write_bytes(msgspec.json.encode({"log": {"entries": given}}))
    assert {one.place for one in check(path)} == {f"log.entries[{number}].response.content.text" for number in telling}
    save(Recording(entries=redacted), path)
    assert check(path) == []


def test_a_pattern_may_need_the_beginning_of_a_body() -> None:
    """With the user's own patterns each body is searched by itself."""
    given = among_many(b'{"id": 1, "status": "of-mine"}')
    redacted = redact(given, rules=Rules(patterns=(r'\A\{"id": 1, "status": "(of-mine)"\}\Z',)))
    assert not any("of-mine" in one.response.content.body().decode() for one in redacted)
