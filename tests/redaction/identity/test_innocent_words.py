"""What only happens to be called as somebody is stays as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.recording.helpers import SITE, entry
from tests.redaction.secrets import jwt
from toolkit.redaction.identity.distinctive import is_distinctive_identity
from toolkit.redaction.identity.everyday_words import OF_ENGLISH, OF_PAGES
from toolkit.redaction.redact import redact
from toolkit.session.recipe import Probe

DOCS = Path(__file__).parents[3] / ".github"
PROBE = Probe(path="/api/me", identity=("email", "id"))
EVERYDAY = sorted(OF_PAGES | OF_ENGLISH)


def words_of_the_docs() -> list[str]:
    text = " ".join(file.read_text(encoding="utf-8") for file in sorted(DOCS.rglob("*.md")))
    return sorted(set(re.findall(r"[A-Za-z][A-Za-z'-]+", text)))


def kept(person: dict[str, object], text: str, mime_type: str) -> str:
    """`text` as it is in a recording where `person` is signed in."""
    token = jwt(**{name: value for name, value in person.items() if isinstance(value, str)})
    recorded = redact(
        [
            entry(url=f"{SITE}/api/me", body=json.dumps(person).encode()),
            entry(url=f"{SITE}/?token={token}", headers=[("Content-Type", mime_type)], body=text.encode()),
        ],
        probe=PROBE,
    )
    return recorded[1].response.content.body().decode()


@pytest.mark.parametrize("mime_type", ["text/html", "text/javascript", "application/json", "text/plain"])
@pytest.mark.parametrize(
    "person",
    [
        {"email": "ada@engines.co.uk", "name": "Ada Lovelace", "id": 1, "username": "alovelace"},
        {"email": "al@engines.co.uk", "name": "Al", "id": 1, "username": "admin", "nickname": "me"},
        {"email": "hunter@engines.co.uk", "name": "Hunter", "id": 200, "given_name": "Summer", "family_name": "Chat"},
        {"email": "u@engines.co.uk", "name": "Test User", "id": "12", "nickname": "window", "sub": "user"},
        {"email": "x@engines.co.uk", "name": "User", "id": "openwebui", "preferred_username": "default"},
    ],
    ids=lambda person: person["name"],
)
def test_none_of_a_thousand_words_changes(person: dict[str, object], mime_type: str) -> None:
    """Everyday words, capitalised too, and those of the project's own pages."""
    words = [*EVERYDAY, *map(str.title, EVERYDAY), *words_of_the_docs(), "1", "12", "200", "Adagio", "xAda Lovelaces"]
    assert len(words) > 3000
    text = json.dumps({"words": " ".join(words), "id": 1, "name": "Al", "count": 200})
    assert kept(person, text, mime_type) == text


@pytest.mark.parametrize(
    ("value", "everywhere"),
    [
        ("ada@engines.co.uk", True),
        ("5b0c8f7e-93d1-4f2a-a0c6-7e1d2b3c4f5a", True),
        ("103847562918374650", True),
        ("+49 30 1234567", True),
        ("Ada Lovelace", True),
        ("alovelace", True),
        ("ada.lovelace", True),
        ("山田太郎", True),
        ("user_2NNEqL2nrIRdJ194ndJqAHwEfxC", True),
        ("https://avatars.example/u/1?v=4", True),
        ("Al", False),
        ("Al B", False),
        ("Ada", False),
        ("User", False),
        ("Admin User", False),
        ("hunter", False),
        ("Christian", False),
        ("12345678", False),
        ("000000000", False),
        ("user-1", False),
    ],
)
def test_what_is_searched_for_everywhere(value: str, everywhere: bool) -> None:
    """An address, a UUID, a long id, a name that is no common word; nothing short, and nothing of everyday."""
    assert is_distinctive_identity(value) is everywhere


def test_the_name_of_a_host_stays() -> None:
    """Who is called as the site is, is not told by its name: the recording is still of that site."""
    assert not is_distinctive_identity("lovelace", {"lovelace.example"})
    person = {"email": "me@engines.co.uk", "name": "Chatexample", "id": 5}
    text = '{"link": "https://chat.example/"}'
    assert kept(person, text, "application/json") == text


def test_names_stay_in_programs() -> None:
    """A name of one word may be a word of a script; an address there that is not known is of its author."""
    person = {"email": "ada@engines.co.uk", "name": "Lovelace", "id": 5}
    script = '/*! by Jo <jo@scripts.dev> */ class Lovelace {}; var mail = "%s"'
    assert kept(person, script % "ada@engines.co.uk", "text/javascript") == script % "person1@example.com"
