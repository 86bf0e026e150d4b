"""The picture of who is signed in is in no recording, however it was answered; other pictures stay."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Entry, Recording
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.identity.pictures import PIXEL
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.session.recipe import Probe

PROBE = Probe(path="/api/me", identity=("email", "id"))
ID = "5b0c8f7e-93d1-4f2a-a0c6-7e1d2b3c4f5a"
EMAIL = "ada.lovelace@analytical-engines.co.uk"
FACE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
OTHER = FACE[::-1]
SIZES = [0, 40_000]  # bytes more: large answers are kept apart


def me(**more: Any) -> Entry:
    told = {"email": EMAIL, "id": ID, "name": "Ada Lovelace"} | more
    return entry(url=f"{SITE}/api/me", headers=[("Content-Type", "application/json")], body=json.dumps(told).encode())


def picture(url: str, body: bytes = FACE, mime_type: str = "image/png") -> Entry:
    return entry(url=url, headers=[("Content-Type", mime_type)], body=body)


def redacted(tmp_path: Path, *entries: Entry) -> list[Entry]:
    """The entries of a recording that was redacted, saved, found to be good, and loaded again."""
    made = redact(Recording(entries=list(entries)), probe=PROBE)
    path = tmp_path / "it.har"
    save(made, path)
    assert check(path, find_probe=lambda _: PROBE) == []
    again = redact(load(path), probe=PROBE)
    assert again.entries == load(path).entries
    return list(load(path).entries)


@pytest.mark.parametrize("more", SIZES)
@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{SITE}/api/users/{ID}/profile/image", {}),
        (f"{SITE}/avatars/{EMAIL.replace('@', '%40')}.png", {}),
        (f"https://gravatar.test/avatar/{hashlib.md5(EMAIL.encode()).hexdigest()}?s=96", {}),
        ("https://pictures.test/u/1.png", {"picture": "https://pictures.test/u/1.png"}),
        (f"{SITE}/users/7/photo", {"user": {"id": 7, "email": EMAIL}}),
    ],
)
def test_a_picture_at_an_address_that_tells_who_it_is(
    tmp_path: Path, url: str, told: dict[str, Any], more: int
) -> None:
    """It is one transparent pixel, and its type and its length say so."""
    _, one = redacted(tmp_path, me(**told), picture(url, FACE + bytes(more)))
    assert one.response.content.body() == PIXEL
    assert one.response.content.size == len(PIXEL)
    assert one.response.content.mime_type == "image/gif"
    assert one.response.values("Content-Type") == ["image/gif"]
    assert one.response.values("Content-Length") == [str(len(PIXEL))]


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml"])
def test_a_picture_that_is_told_as_a_whole(tmp_path: Path, kind: str) -> None:
    """At whatever address it is answered as well."""
    body = FACE if kind == "image/png" else b"<svg><text>AL</text></svg>"
    whole = f"data:{kind};base64,{base64.b64encode(body).decode()}"
    told, one = redacted(tmp_path, me(picture=whole), picture(f"{SITE}/photo", body, kind))
    assert base64.b64encode(body) not in told.response.content.body()
    assert one.response.content.body() == PIXEL


def test_other_pictures_stay(tmp_path: Path) -> None:
    """The site's own, and those of nobody who is told, to the byte."""
    pictures = [picture(f"{SITE}/logo.png", OTHER), picture(f"{SITE}/users/8/photo", OTHER)]
    _, *kept = redacted(tmp_path, me(id=7, picture="https://pictures.test/u/1.png"), *pictures)
    assert [one.response.content.body() for one in kept] == [OTHER, OTHER]
    assert [one.response.content.mime_type for one in kept] == ["image/png", "image/png"]


def test_a_picture_stays_with_who_is_signed_in() -> None:
    """Where that is to be told."""
    given = [me(), picture(f"{SITE}/api/users/{ID}/profile/image")]
    assert redact(given, probe=PROBE, rules=Rules(keep_identity=True))[1].response.content.body() == FACE
