"""Nothing of who is signed in comes into a recording, wherever it stood and however it was written."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.recording.helpers import SITE, entry
from tests.redaction.secrets import jwt, left_in
from tests.redaction.spellings import SPELLINGS
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Probe

ADDRESS = "Ada.Lovelace@Analytical-Engines.co.uk"
# Twelve pieces of identity that can be told from other text, by what tells them.
PLANTED = {
    "probe, email": ADDRESS,
    "probe, name": "Ada Lovelace-Byron",
    "probe, id": "5b0c8f7e-93d1-4f2a-a0c6-7e1d2b3c4f5a",
    "probe, picture": f"https://avatars.chat.example/{hashlib.md5(ADDRESS.lower().encode()).hexdigest()}?s=96",
    "claim sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "claim preferred_username": "alovelace",
    "claim family_name": "Lovelace-Byron",
    "claim nickname": "Countess Ada Ü.",
    "session": "ada@difference-engines.org",
    "object, email": "charles.babbage@difference-engines.org",
    "object, number": "103847562918374650",
    "address in a text": "mary.somerville@difference-engines.org",
}
# Those that are told from other text by their places alone: the values, and what replaces them.
SHORT = {"given_name": "Ada", "user_id": "7"}
PROBE = Probe(path="/api/me", identity=("user.email", "user.id"))
JSON = [("Content-Type", "application/json")]


def token() -> str:
    claims = {name.removeprefix("claim "): value for name, value in PLANTED.items() if name.startswith("claim ")}
    return jwt(**claims, given_name=SHORT["given_name"], user_id=7, email=ADDRESS, exp=1767225600, roles=["writer"])


def session() -> BrowserSession:
    """A session that tells who it is of in each of its places."""
    kept = {"profile": json.dumps({"email": ADDRESS, "id": 7, "name": "Ada"}), "theme": "dark", "user_id": "7"}
    return BrowserSession(
        provider="any",
        origin=SITE,
        account=PLANTED["object, email"],
        identity=PLANTED["session"],
        cookies=(
            Cookie(name="who", value=quote(ADDRESS), domain="chat.example"),
            Cookie(name="uid", value=PLANTED["probe, id"], domain="chat.example"),
            Cookie(name="token", value=token(), domain="chat.example"),
        ),
        headers={"x-user-name": "Ada", "x-user-email": ADDRESS},
        local_storage={SITE: kept},
        session_storage={
            SITE: {"tab": json.dumps({"greeting": f"Hello {PLANTED['probe, name']}"}), f"chats of {ADDRESS}": "[]"}
        },
        indexed_db={SITE: [{"name": "db", "stores": [{"name": "s", "records": [{"key": 1, "value": PLANTED}]}]}]},
    )


def everything() -> list[bytes]:
    """Every piece again, each written in another way, as an answer would repeat it; cut in the middle of each."""
    parts: list[bytes] = []
    for value in PLANTED.values():
        for way in SPELLINGS:
            written = way(value)
            parts += (b"data: {" + written[: len(written) // 2], written[len(written) // 2 :] + b"}\n\n")
    return parts


def recording() -> Recording:
    """A recording that tells who is signed in at all places."""
    person = {"email": ADDRESS, "name": PLANTED["probe, name"], "id": PLANTED["probe, id"]}
    answer = {"user": person | {"picture": PLANTED["probe, picture"], "role": "admin"}, "given_name": "Adagio"}
    other = {"email": PLANTED["object, email"], "id": int(PLANTED["object, number"]), "name": "Al"}
    form = f"email={quote(ADDRESS)}&name={quote(PLANTED['probe, name'])}&user_id=7&page=7"
    digest = hashlib.sha256(ADDRESS.lower().encode()).hexdigest()
    page = (
        f'<!doctype html><a href="mailto:{ADDRESS.lower()}">&lt;{ADDRESS}&gt;</a> <img src="/{digest}.png">'
        f'<script type="application/json">{json.dumps({"viewer": other})}</script>'
        f"<script>const user = {{email: '{ADDRESS}', user: '{PLANTED['claim preferred_username']}'}}</script>"
        f"<h1>{PLANTED['probe, name'].upper()}</h1><!-- {json.dumps(chr(10) + ADDRESS)} -->"
        f"<p>Write to {PLANTED['address in a text']}, or to support@chat.example. Al is short.</p>"
    )
    sent = [("Authorization", f"Bearer {token()}"), ("X-User-Id", "7"), ("Cookie", "username=Ada; page=7; who=x")]
    asked = make_request(
        "GET", f"{SITE}/users/7/a?user_id=7&q={quote(ADDRESS)}&n={quote('Countess Ada Ü.')}", sent, b""
    )
    one = entry()
    return Recording(
        entries=[
            Entry(one.started, asked, make_response(200, "OK", JSON, b'{"ok": true}')),
            entry(url=f"{SITE}/api/me", headers=JSON, body=json.dumps(answer, indent=2).encode()),
            entry(url=f"{SITE}/api/people?q={ADDRESS}", headers=JSON, body=json.dumps([other, {"id": 7}]).encode()),
            entry("POST", f"{SITE}/form", sent=form.encode(), sent_type="application/x-www-form-urlencoded"),
            entry(url=f"{SITE}/page", headers=[("Content-Type", "text/html")], body=page.encode()),
            entry(
                url=f"{SITE}/stream",
                headers=[("Content-Type", "text/event-stream")],
                body=[(float(at), part) for at, part in enumerate(everything())],
            ),
        ],
        comment=f"recorded by {ADDRESS}",
        chat=RecordedChat("any", [{"role": "user", "content": f"I am {PLANTED['probe, name']}. Who am I?"}]),
        session=RecordedSession.from_session(session()),
    )


def made(tmp_path: Path, **options: Any) -> Path:
    path = tmp_path / "file.har"
    save(redact(recording(), session=session(), probe=PROBE, **options), path)
    return path


def body(recorded: Recording, number: int) -> str:
    return recorded.entries[number].response.content.body().decode()


def test_all_planted_pieces_are_gone(tmp_path: Path) -> None:
    """In no place and no spelling is one left, and the check finds nothing; what is of nobody stays."""
    path = made(tmp_path)
    data = path.read_bytes()
    assert len(PLANTED) == 12
    assert {place: left for place, value in PLANTED.items() if (left := left_in(data, value))} == {}
    assert not re.search(rb"(?i)ada[. ]lovelace|babbage", data)
    assert check(path, find_probe=lambda _: PROBE) == []
    page = body(load(path), 4)
    assert "support@chat.example" in page
    assert "Al is short." in page
    assert "Adagio" in body(load(path), 1)


def test_short_values_are_replaced_where_it_is_told_whose_they_are(tmp_path: Path) -> None:
    """In the claims of a token, headers, cookies, forms, URLs and storage, under names that tell; nowhere else."""
    recorded = load(made(tmp_path))
    asked = recorded.entries[0].request
    assert asked.url.startswith(f"{SITE}/users/9/a?user_id=9&")
    headers = {pair.name: pair.value for pair in asked.headers}
    assert headers["X-User-Id"] == "9"
    assert re.fullmatch(r"username=Person\d+; page=7; who=x", headers["Cookie"])
    form = recorded.entries[3].request.post_data
    assert form
    assert form.text.endswith("&user_id=9&page=7")
    people = json.loads(body(recorded, 2))
    assert re.fullmatch(r"Person\d+", people[0]["name"])
    assert people[1] == {"id": 7}
    assert recorded.session is not None
    kept = recorded.session.to_session()
    assert re.fullmatch(r"Person\d+", kept.headers["x-user-name"])
    assert kept.local_storage[SITE]["user_id"] == "9"
    assert kept.local_storage[SITE]["theme"] == "dark"


def test_replacements_keep_their_form_and_agree(tmp_path: Path) -> None:
    """An address stays one, at a reserved domain, a UUID a UUID, a number one of as many digits, a URL a URL, a name a
    name; and the same person has the same in the answer of the probe, in a token and in what the session keeps."""
    recorded = load(made(tmp_path))
    answer = json.loads(body(recorded, 1))
    user = answer["user"]
    assert re.fullmatch(r"person\d+@example\.com", user["email"])
    assert re.fullmatch(r"Person \d+", user["name"])
    assert re.fullmatch(r"00000000-0000-4000-8000-\d{12}", user["id"])
    assert re.fullmatch(r"https://example\.com/person\d+\.png", user["picture"])
    assert user["role"] == "admin"
    number = json.loads(body(recorded, 2))[0]["id"]
    assert (type(number), len(str(number))) == (int, 18)
    assert recorded.session is not None
    kept = recorded.session.to_session()
    cookies = {cookie.name: cookie.value for cookie in kept.cookies}
    claims = json.loads(base64.urlsafe_b64decode(cookies["token"].split(".")[1] + "=="))
    profile = json.loads(kept.local_storage[SITE]["profile"])
    assert claims["email"] == profile["email"] == kept.headers["x-user-email"] == user["email"]
    assert cookies["uid"] == user["id"]
    assert claims["user_id"] == profile["id"] == 9
    assert claims["given_name"] == profile["name"] == kept.headers["x-user-name"]
    assert claims["exp"] == 4102444800
    assert PROBE.find_identity(answer) == user["email"]
    assert recorded.chat is not None
    assert recorded.chat.messages[0]["content"] == f"I am {user['name']}. Who am I?"


def test_chunks_and_lengths_stay_true(tmp_path: Path) -> None:
    """Replacements are of other lengths: sizes tell of it, and each chunk is still there."""
    for before, after in zip(recording().entries, load(made(tmp_path)).entries, strict=True):
        content = after.response.content
        assert content.size == len(content.body())
        assert len(content.pieces()) == len(before.response.content.pieces())
        for length in after.response.values("Content-Length"):
            assert int(length) == content.size


def test_twice_is_once(tmp_path: Path) -> None:
    """What was redacted stays as it is when it is redacted again, with its own session too."""
    path = made(tmp_path)
    once = load(path)
    assert once.session is not None
    save(redact(once, session=once.session.to_session(), probe=PROBE), tmp_path / "again.har")
    assert (tmp_path / "again.har").read_bytes() == path.read_bytes()


def test_who_is_signed_in_may_stay(tmp_path: Path) -> None:
    """With `keep_identity` only the secrets go, the file says so, and neither check nor redaction minds again."""
    path = made(tmp_path, rules=Rules(keep_identity=True))
    assert json.loads(body(load(path), 1))["user"]["email"] == ADDRESS
    assert json.loads(path.read_bytes())["log"]["_keepIdentity"] is True
    assert token() not in path.read_text()
    assert check(path, find_probe=lambda _: PROBE) == []
    assert redact(load(path), probe=PROBE).entries == load(path).entries


def test_who_was_to_be_told_can_be_taken_out(tmp_path: Path) -> None:
    """With `keep_identity=False`, as far as the recording tells of it still: its tokens do not, which are secrets."""
    kept = made(tmp_path, rules=Rules(keep_identity=True))
    assert check(kept, rules=Rules(keep_identity=False), find_probe=lambda _: PROBE) != []
    save(redact(load(kept), rules=Rules(keep_identity=False), probe=PROBE), kept)
    document = json.loads(kept.read_bytes())
    assert "_keepIdentity" not in document["log"]
    assert check(kept, find_probe=lambda _: PROBE) == []
    data = kept.read_bytes()
    assert {name for name, value in PLANTED.items() if left_in(data, value)} <= {
        *("claim preferred_username", "claim family_name", "claim nickname")
    }


def test_the_check_names_places_and_no_values(tmp_path: Path) -> None:
    """Addresses and who is signed in are found in what was not redacted, each by its place."""
    path = made(tmp_path, rules=Rules(keep_identity=True))
    document = json.loads(path.read_bytes())
    del document["log"]["_keepIdentity"]
    path.write_text(json.dumps(document))
    findings = check(path, find_probe=lambda _: PROBE)
    found = {(one.place, one.kind) for one in findings}
    assert ("log.entries[1].response.content.text", "who is signed in (email)") in found
    assert ("log.entries[1].response.content.text", "who is signed in (picture)") in found
    assert ("log.entries[2].request.url", "an e-mail address") in found
    assert ("log.entries[4].response.content.text", "an e-mail address") in found
    assert ("log.comment", "an e-mail address") in found
    assert not [value for value in PLANTED.values() if value in str(findings)]
