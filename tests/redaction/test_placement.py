"""A placeholder breaks nothing that it stands in: addresses and JSON stay what they are, and the file loads."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recording.helpers import entry
from tests.redaction.secrets import texts
from toolkit.errors import RecordingError
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.placeholders import is_placeholder
from toolkit.redaction.redact import redact
from toolkit.session.browser_session import BrowserSession

LOCAL = "http://127.0.0.1:8080"


def stored(name: str, value: str, *entries: Entry) -> Recording:
    """A recording with a session that stores `value`."""
    session = BrowserSession(provider="any", origin=LOCAL, local_storage={LOCAL: {name: value}})
    return Recording(entries=list(entries), session=RecordedSession.from_session(session))


@pytest.mark.parametrize("name", ["refresh_token", "item", "session"])
@pytest.mark.parametrize(
    "value",
    [
        "/c/chat-12ab34cd",
        "/c/chat-12ab34cd/x9k2m4p6q8",
        "127.0.0.1:8080",
        "127.0.0.1:8080/c/chat-12ab34cd",
        "//127.0.0.1:8080/c",
        f"{LOCAL}/c/chat-12ab34cd",
        ".0.1:8080/c/chat",
    ],
)
def test_a_stored_address_leaves_the_addresses_as_they_are(tmp_path: Path, name: str, value: str) -> None:
    """What a page stored of where it was is not taken out of the URLs, which would be others, or none."""
    url = f"{LOCAL}/c/chat-12ab34cd/x9k2m4p6q8?page=2"
    moved = entry(url=url, status=302, headers=[("Location", "/c/chat-12ab34cd")])
    save(redact(stored(name, value, moved)), tmp_path / "file.har")
    made = load(tmp_path / "file.har").entries
    assert [one.request.url for one in made] == [url]
    assert made[0].response.redirect_url == "/c/chat-12ab34cd"
    assert check(tmp_path / "file.har") == []


def test_a_secret_in_an_address_is_replaced_all_the_same() -> None:
    """A token in the path or the query goes, and what is around it stays where it was."""
    secret = "k3x9q0w7abZZ"
    made = redact(stored("refresh_token", secret, entry(url=f"{LOCAL}/c/{secret}/d?page={secret}&b=2#x")))
    parts = urlsplit(made.entries[0].request.url)
    assert secret not in made.entries[0].request.url
    assert (parts.scheme, parts.netloc, parts.path.count("/")) == ("http", "127.0.0.1:8080", 3)
    assert is_placeholder(parts.path.split("/")[2])
    assert parts.query.endswith("&b=2")


@settings(max_examples=60)
@given(texts("ab1/:.?=&%@#-", min_size=6, max_size=24), st.booleans())
def test_whatever_is_stored_the_recording_can_be_saved_and_loaded(value: str, quoted: bool) -> None:
    """A value of any characters that occur in addresses, in the path and the query of one."""
    url = f"{LOCAL}/{quote(value) if quoted else quote(value, safe='/:.=&@-')}?b={quote(value, safe='')}&c=1"
    made = redact(stored("refresh_token", value, entry(url=url)))
    before, after = urlsplit(url), urlsplit(made.entries[0].request.url)
    assert (after.scheme, after.netloc, after.path[:1]) == (before.scheme, before.netloc, "/")
    assert redact(made) == made


@pytest.mark.parametrize("escaped", [False, True])
def test_a_secret_that_is_json_leaves_json_around_it(escaped: bool) -> None:
    """A cookie that is a JSON object is replaced by a JSON string where the object stands in a document."""
    secret = '{"accessToken":"k3x9q0w7ab","n":1}'
    body = json.dumps({"a": secret}) if escaped else f'{{"a": {secret}, "b": [{secret}]}}'
    login = entry(headers=[("Set-Cookie", f"auth={secret}")])
    made = redact([login, entry(body=body.encode())])
    new = made[1].response.content.body()
    assert b"k3x9q0w7ab" not in new
    assert escaped or len(new) == len(body)
    assert json.loads(json.loads(new)["a"] if escaped else new)


@pytest.mark.parametrize("word", ["document", "openwebui", "HTTP/1.1"])
def test_a_password_that_is_a_term_of_recordings_leaves_them_readable(word: str) -> None:
    """Who takes the name of the site for a password can still replay the recording."""
    login = entry("POST", sent=json.dumps({"password": word}).encode())
    login.resource_type = "document"
    made = redact(Recording(entries=[login], chat=RecordedChat("openwebui", [{"role": "user", "content": "Hi"}])))
    assert made.chat
    assert (made.chat.provider, made.entries[0].resource_type) == ("openwebui", "document")
    assert made.entries[0].request.http_version == "HTTP/1.1"


def test_what_could_not_be_loaded_is_not_written(tmp_path: Path) -> None:
    """The file is read before it is put in its place; the error says what is wrong with it."""
    broken = entry()
    broken.request.url = "http://127.0.0.1:PH_x/"
    with pytest.raises(RecordingError, match=r"entries\[0\]\.request\.url"):
        save(Recording(entries=[broken]), tmp_path / "file.har")
    assert list(tmp_path.iterdir()) == []
