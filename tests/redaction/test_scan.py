"""What redaction left, or another program wrote: it is found, told by its place, and not saved."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

import toolkit
from tests.recording.helpers import SITE, captures, entry
from tests.redaction.secrets import jwt, spelled
from toolkit.errors import RecordingError
from toolkit.har.model import Entry, Recording
from toolkit.providers import registry
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.exchange_criteria import Criteria, FoundInBodies
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.redaction.secret_locations import find_in_log

SECRET = 'opensesame-42/"+é'
TOKEN = jwt(sub="user-1", exp=1767225600)
PRIVATE = "-----BEGIN RSA " + "PRIVATE KEY-----"  # in two, so that no scanner takes this file for one with a key in it


def log(*entries: Entry, **more: Any) -> dict[str, Any]:
    from msgspec import to_builtins

    return {"entries": to_builtins(list(entries)), **more}


@pytest.mark.parametrize(
    "echoed",
    [
        SECRET.encode("utf-16"),
        SECRET.encode("utf-16-be"),
        *(base64.b32encode(b"." * offset + SECRET.encode()) for offset in range(5)),
        base64.b32encode(SECRET.encode()).lower(),
        b"before " + gzip.compress(SECRET.encode()) + b" after",
        zlib.compress(SECRET.encode()),
        json.dumps({SECRET: 1}).encode(),
    ],
    ids=["UTF-16", "UTF-16 BE", *(f"base32 at {offset}" for offset in range(5)), "lower case", "gzip", "zlib", "name"],
)
def test_a_known_secret_is_found_where_it_is_hard_to_see(echoed: bytes) -> None:
    """In another alphabet, packed, or as a name."""
    found = scan(log(entry(body=b"\n" + echoed if echoed[:1] != b"x" else echoed)), {SECRET: "cookie"})
    assert found == [Finding("log.entries[0].response.content.text", "a secret (cookie)")]
    assert scan(log(entry(reason=f"No {SECRET}")), {SECRET: "cookie"})


def test_a_body_that_held_nothing_is_searched_again_once_it_has_changed() -> None:
    """Only the very same text is passed over, in the same kind of body."""
    bodies: FoundInBodies = {}
    criteria = Criteria(Rules(), bodies=bodies)
    document = log(entry(headers=[("Content-Type", "application/json")], body=b'{"name": "openSesame42"}'))
    assert list(find_in_log(document, criteria)) == []
    assert bodies
    assert scan(document, bodies=bodies) == []
    content = document["entries"][0]["response"]["content"]
    content["text"] = content["text"].replace("name", "password")
    assert [found.place for found in scan(document, bodies=bodies)] == ["log.entries[0].response.content.text"]


def test_what_only_looks_packed_is_nothing() -> None:
    """Bytes that begin as gzip and go on as something else, and those that are cut off."""
    for body in (b"\x1f\x8b\x08 nothing", gzip.compress(b"nothing")[:9], b"x\x9c nothing"):
        assert scan(log(entry(body=body)), {SECRET: "cookie"}) == []


@pytest.mark.parametrize("name", spelled(SECRET))
def test_a_known_secret_is_found_in_any_spelling(name: str) -> None:
    """The scan knows every spelling without the help of what replaces them; a chunk boundary hides nothing."""
    spelling = spelled(SECRET)[name]
    pieces = [(0.0, b'{"a": "' + spelling[:5]), (1.0, spelling[5:] + b'"}')]
    found = scan(log(entry(body=pieces), entry()), {SECRET: "cookie"})
    assert found == [Finding("log.entries[0].response.content.text", "a secret (cookie)")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TOKEN, "JSON Web Token"),
        ("sk-" + "proj-" + "a1B2c3D4" * 4, "API key"),
        ("ghp" + "_" + "a1B2c3D4e5" * 4, "GitHub token"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "AWS key"),
        ("AIza" + "a1B2c" * 7, "Google API key"),
        ("xoxb" + "-1234567890-abcdef", "Slack token"),
        (PRIVATE, "private key"),
        ("Authorization: Bearer " + "a1B2c3D4" * 4, "bearer token"),
    ],
)
@pytest.mark.parametrize("how", ["plain", "base64", "cut", "in base64"])
def test_telltale_forms_are_found(tmp_path: Path, text: str, kind: str, how: str) -> None:
    """Tokens that anybody would know are refused, also in a body that is binary, cut, or itself base64."""
    data = b"see: " + text.encode() + b" there"
    if how == "in base64":
        data = base64.b64encode(data)
    half = data.index(b" ", 2) + 9 if how == "cut" else 0
    body = [(0.0, data[:half]), (1.0, data[half:])] if half else (b"\xff" + data if how == "base64" else data)
    with pytest.raises(RecordingError, match=rf"{kind}.* in log\.entries\[1\]\.response\.content\.text") as caught:
        save(Recording(entries=[entry(), entry(body=body)]), tmp_path / "file.har")
    assert text[:30] not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda: entry(headers=[("Set-Cookie", "sid=k3x9q0w7ab; Path=/")]), "response.headers[Set-Cookie]"),
        (lambda: entry(url=f"{SITE}/?access_token=k3x9q0w7ab"), "request.url"),
        (lambda: entry("POST", sent=b'{"password": "k3x9q0w7ab"}'), "request.postData.text"),
        (lambda: entry(headers=[("Location", "/x#id_token=k3x9q0w7ab")]), "response.headers[Location]"),
        (lambda: entry(body=b'{"a": {"refreshToken": "k3x9q0w7ab"}}'), "response.content.text"),
        (lambda: entry(headers=[("X-Api-Key", "k3x9q0w7ab")]), "response.headers[X-Api-Key]"),
    ],
)
def test_a_secret_place_without_a_placeholder_is_refused(tmp_path: Path, made: Any, place: str) -> None:
    """What was never redacted is not saved, and the error tells the place and no value."""
    with pytest.raises(RecordingError) as caught:
        save(Recording(entries=[entry(), made()]), tmp_path / "file.har")
    assert f"log.entries[1].{place}" in str(caught.value)
    assert "k3x9q0w7ab" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    save(redact(Recording(entries=[entry(), made()])), tmp_path / "file.har")
    assert check(tmp_path / "file.har") == []


def test_what_cannot_be_taken_out_is_refused() -> None:
    """Redaction itself raises where a telltale form is left at a place that it does not know."""
    with pytest.raises(RecordingError, match=r"GitHub token in log\.entries\[0\]\.request\.url"):
        redact([entry(url=f"{SITE}/ghp" + "_" + "a1B2c3D4e5" * 4)])


def test_what_was_kept_on_purpose_is_told_in_the_file(tmp_path: Path) -> None:
    """Names that a rule keeps are written down, so that a later check knows of them."""
    path = tmp_path / "file.har"
    one = entry(headers=[("Set-Cookie", "sid=k3x9q0w7ab; Path=/")])
    save(Recording(entries=[one], keep=("sid",)), path)
    assert load(path).keep == ("sid",)
    assert check(path) == []


def test_a_file_of_another_program_is_checked(tmp_path: Path) -> None:
    """Nulls, missing fields and fields that only that program knows are taken, and looked through."""
    path = tmp_path / "file.har"
    one = {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "_initiator": {"stack": f"at {TOKEN}"},
        "request": {
            "method": "POST",
            "url": f"{SITE}/",
            "cookies": [{"name": "sid", "value": "k3x9q0w7ab", "expires": None}],
            "headers": [],
            "postData": {"mimeType": "application/x-www-form-urlencoded", "text": None, "params": [
                {"name": "password", "value": "k3x9q0w7ab"}, {"name": "page", "value": None}]},
        },
        "response": {"status": 200, "content": {"size": 0, "mimeType": "", "text": None}, "redirectURL": None},
    }  # fmt: skip
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [one]}}))
    assert {(found.place, found.kind) for found in check(path)} == {
        ("log.entries[0]._initiator.stack", "a JSON Web Token"),
        ("log.entries[0].request.cookies[sid]", "a secret (cookie)"),
        ("log.entries[0].request.postData.params[0]", "a secret (query)"),
    }


@pytest.mark.parametrize("text", ["", "[]", '{"log": {"entries": [{"startedDateTime"'])
def test_a_file_that_is_no_recording_is_one_finding(tmp_path: Path, text: str) -> None:
    """What `load` would refuse is told by `check`."""
    path = tmp_path / "file.har"
    path.write_text(text)
    assert [(found.place, "file.har" in found.kind) for found in check(path)] == [("", True)]


@pytest.mark.parametrize("file", captures())
def test_captures_come_out_clean(tmp_path: Path, file: Path) -> None:
    """Every recorded exchange of a real server is redacted, saved and checked without a finding."""
    save(redact(load(file)), tmp_path / "file.har")
    assert check(tmp_path / "file.har") == []
    assert [one.response.content.size for one in load(tmp_path / "file.har").entries] == [
        len(one.response.content.body()) for one in load(tmp_path / "file.har").entries
    ]


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_the_shipped_recordings_are_clean(name: str) -> None:
    """The demos that come with the package pass the check, and tell nobody's name."""
    file = Path(toolkit.__file__).parent / "recording" / "demos" / f"{name}.har"
    assert check(file, find_probe=lambda name: registry.find(name).harvest.probe) == []
