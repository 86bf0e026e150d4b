"""HAR files: what is read, what is refused, how they are written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.recording.helpers import captures, entry
from toolkit.errors import RecordingError
from toolkit.har.model import Recording
from toolkit.recording import files
from toolkit.recording.files import load, save

ENTRY: dict[str, Any] = {
    "startedDateTime": "2026-01-01T00:00:00.000Z",
    "time": 1,
    "request": {"method": "GET", "url": "https://chat.example/"},
    "response": {"status": 200, "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}},
}


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "file.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}}))
    return path


def with_content(**content: Any) -> dict[str, Any]:
    return ENTRY | {"response": {"status": 200, "content": content}}


@pytest.mark.parametrize("file", captures())
def test_every_capture_loads(file: Path) -> None:
    """A file of another recorder is read, and its chunks sum up to its bodies."""
    recording = load(file)
    assert recording.entries
    for one in recording.entries:
        content = one.response.content
        assert b"".join(data for _, data in content.pieces()) == content.body()
        assert len(content.body()) == content.size


def test_unknown_fields_are_skipped(tmp_path: Path) -> None:
    """Fields that other programs add do no harm, and optional ones may be missing."""
    extra = ENTRY | {"_priority": "High", "connection": "1", "request": {**ENTRY["request"], "_x": [1]}}
    assert load(written(tmp_path, extra)).entries[0].response.content.body() == b"hi"


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """A BOM in front is no error."""
    path = written(tmp_path, ENTRY)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load(path).entries) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error for a missing file names it."""
    with pytest.raises(RecordingError, match=r"absent\.har cannot be read"):
        load(tmp_path / "absent.har")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ('{"log": {"entries": [{"startedDateTime"', "not whole"),
        ('{"log": {"entries": "\udcff', "not JSON"),
        ("[]", "not a HAR file"),
        ('{"cookies": [], "origins": []}', "not a HAR file.*`log`"),
        ('{"log": {"entries": [{"startedDateTime": "x"}]}}', r"not a HAR file.*entries\[0\]\.startedDateTime"),
    ],
)
def test_a_corrupt_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    """What is cut off, no JSON, or no HAR is refused with the file and the place."""
    path = tmp_path / "bad.har"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordingError, match=rf"(?s)bad\.har.*{told}"):
        load(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"size": 2, "text": "%%", "encoding": "base64"}, r"entries\[1\]\.response\.content\.text"),
        ({"size": 2, "text": "hi", "_chunks": [[0, 1]]}, r"entries\[1\]\.response\.content\._chunks sum up to 1"),
    ],
)
def test_a_body_that_cannot_be_told_is_refused(tmp_path: Path, content: dict[str, Any], told: str) -> None:
    """Bodies are checked when the file is read, and the error names the entry."""
    with pytest.raises(RecordingError, match=told):
        load(written(tmp_path, ENTRY, with_content(**content)))


@pytest.mark.parametrize("url", ["/chat", "chat.example", "https:/chat", "https://", "https://[::1/"])
def test_an_entry_without_an_address_is_refused(tmp_path: Path, url: str) -> None:
    """An exchange has to say where it went, and the error names the entry that does not."""
    bad = ENTRY | {"request": {"method": "GET", "url": url}}
    with pytest.raises(RecordingError, match=r"entries\[0\]\.request\.url"):
        load(written(tmp_path, bad))


@pytest.mark.parametrize("url", ["data:,x", "blob:https://chat.example/1", "chrome-extension://a/b"])
def test_what_is_neither_http_nor_a_websocket_is_left_out(tmp_path: Path, url: str) -> None:
    """Browsers export data URLs and extensions as well; the exchanges around them stay."""
    other = ENTRY | {"request": {"method": "GET", "url": url}, "response": {"status": 101}}
    assert [one.request.url for one in load(written(tmp_path, other, ENTRY)).entries] == ["https://chat.example/"]


def test_a_file_that_would_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is refused before it is read, with both sizes."""
    monkeypatch.setattr(files, "LIMIT", 1 << 20)
    path = tmp_path / "huge.har"
    with path.open("wb") as file:
        file.truncate(3 << 20)
    with pytest.raises(RecordingError, match=r"huge\.har is too large: 3 MB, 1 are taken"):
        load(path)


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    """The error for a folder names it."""
    with pytest.raises(RecordingError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    "body", [b"", b"plain", "\U0001f600 \u00e9".encode(), b"\xff\x00\xfe"], ids=["empty", "ascii", "utf-8", "binary"]
)
@pytest.mark.parametrize("mime_type", ["", "text/html; charset=utf-8", "text/html; charset=windows-1251"])
def test_bodies_survive_to_the_byte(tmp_path: Path, body: bytes, mime_type: str) -> None:
    """What is saved and loaded has the same bytes, whatever they are and whatever charset they claim."""
    path = tmp_path / "file.har"
    made = entry("POST", sent=body, sent_type=mime_type, headers=[("Content-Type", mime_type)], body=[(0.0, body)])
    save(Recording(entries=[made], comment="why"), path)
    again = load(path)
    assert again.comment == "why"
    assert again.entries == [made]
    assert again.entries[0].response.content.body() == body


def test_a_recording_is_its_owners_alone(tmp_path: Path) -> None:
    """A saved file is 0600 and nothing is left beside it; saving again replaces it."""
    path = tmp_path / "file.har"
    for _ in range(2):
        save(Recording(entries=[entry()]), path)
    assert [found.name for found in tmp_path.iterdir()] == ["file.har"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_recording_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Where the file cannot take its place, there is an error and no half-written file."""
    (tmp_path / "file.har").mkdir()
    with pytest.raises(RecordingError, match="cannot be written"):
        save(Recording(entries=[entry()]), tmp_path / "file.har")
    with pytest.raises(RecordingError, match="cannot be written"):
        save(Recording(entries=[entry()]), tmp_path / "absent" / "file.har")
    assert [found.name for found in tmp_path.iterdir()] == ["file.har"]


@pytest.mark.parametrize("status", [1, 99, 1000, 99999])
def test_a_status_has_three_digits(tmp_path: Path, status: int) -> None:
    """What no server can answer is told with its place; 0 says that nothing came."""
    save(Recording(entries=[entry(), entry(status=0, error="ConnectFailed")]), tmp_path / "file.har")
    text = (tmp_path / "file.har").read_text()
    (tmp_path / "file.har").write_text(text.replace('"status": 200', f'"status": {status}'))
    with pytest.raises(RecordingError, match=rf"log\.entries\[0\]\.response\.status is no HTTP status: {status}"):
        load(tmp_path / "file.har")
