"""What somebody has saved at a site is in no recording of its page."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Entry
from toolkit.recording.saved_things import without_saved_things

CHAT = {"id": "5f1c", "title": "My illness", "updated_at": 1767225600}


def answered(body: bytes, *, of_page: bool = True, path: str = "all") -> Entry:
    one = entry(url=f"{SITE}/{path}", headers=[("Content-Type", "application/json")], body=body)
    if of_page:
        one.pageref, one.resource_type = "page_1", "fetch"
    return one


@pytest.mark.parametrize(
    ("document", "left"),
    [
        ([CHAT, CHAT | {"title": ""}], []),
        ({"items": [CHAT], "total": 1}, {"items": [], "total": 1}),
        ({"data": {"chats": [{"uuid": "a", "title": "b"}]}}, {"data": {"chats": []}}),
        ([{"id": "a", "name": "My divorce", "folder_id": "b"}], []),
        ({"flows": {"items": [{"id": 1, "name": "b", "userId": 7}]}}, {"flows": {"items": []}}),
        ([{"folder": "x", "notes": [{"noteId": 7, "title": "b"}]}], [{"folder": "x", "notes": []}]),
        ([{"id": "a", "user_id": "b", "content": "I am ill", "updated_at": 7}], []),
    ],
)
def test_lists_of_saved_things_are_empty(document: Any, left: Any) -> None:
    """Wherever in the answer they stand; what is around them stays."""
    one = answered(msgspec.json.encode(document))
    (kept,) = without_saved_things([one])
    assert msgspec.json.decode(kept.response.content.body()) == left
    assert kept.response.content.size == len(kept.response.content.body())
    assert msgspec.json.decode(one.response.content.body()) == document


@pytest.mark.parametrize("path", ["conversations", "chats/list?page=1", "v1/chat-history/", "users/7/threads/search"])
def test_an_address_tells_that_conversations_are_listed(path: str) -> None:
    """So that an id and a name are enough, whatever the members around the list are called that tell nothing."""
    listed = {"items": [{"id": "5f1c", "name": "My illness"}], "total": 1, "models": [{"id": "large", "name": "Large"}]}
    one = answered(msgspec.json.encode(listed), path=path)
    (kept,) = without_saved_things([one])
    assert msgspec.json.decode(kept.response.content.body()) == listed | {"items": []}


@pytest.mark.parametrize("name", ["conversations", "chatHistory", "recent_threads", "pinnedChats", "threadList"])
def test_a_member_tells_that_conversations_are_listed(name: str) -> None:
    """Wherever it is asked for, and so does none that is named otherwise."""
    items = [{"id": 1, "name": "My divorce"}]
    one = answered(msgspec.json.encode({"data": {name: {"items": items}, "tools": items}}), path="api/start")
    (kept,) = without_saved_things([one])
    assert msgspec.json.decode(kept.response.content.body()) == {"data": {name: {"items": []}, "tools": items}}


@pytest.mark.parametrize("path", ["v1/users/user/settings", "account/settings?v=2", "user_preferences", "me/memory"])
def test_what_a_person_has_written_into_settings_is_empty(path: str) -> None:
    """Texts of several words; choices, numbers and addresses stay, so that a page finds what it looks for."""
    chosen = {"theme": "dark", "size": 7, "on": True, "url": "https://a.example/b", "none": None, "tags": ["a", "b"]}
    one = answered(msgspec.json.encode({"ui": chosen | {"system": "You are my\ndoctor."}}), path=path)
    (kept,) = without_saved_things([one])
    assert msgspec.json.decode(kept.response.content.body()) == {"ui": chosen | {"system": ""}}


@pytest.mark.parametrize("path", ["project/settings", "api/settings/user/models", "users/7"])
def test_settings_of_a_site_stay(path: str) -> None:
    """What it says to everybody."""
    one = answered(b'{"ui": {"name": "Ask our experts"}}', path=path)
    assert without_saved_things([one]) == [one]


@pytest.mark.parametrize("path", ["models", "api/chat/models", "api/chat/completions", "chat-profiles", "history/5f1c"])
def test_names_at_other_addresses_stay(path: str) -> None:
    """They may be what the page needs to ask anything: models, tools, profiles."""
    one = answered(b'{"data": [{"id": "large", "name": "Large"}], "chat": {"id": 1, "name": "x"}}', path=path)
    assert without_saved_things([one]) == [one]


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [{"id": "large", "name": "Large"}]}',
        b'[{"id": "large", "name": "Large", "user_id": null, "owned_by": "the maker"}]',
        b'[{"name": "Large", "user_id": 7}]',
        b'[{"id": 1, "title": ["a", "list"]}]',
        b'[{"title": "What is new", "content": "..."}]',
        b'[{"id": 1, "title": "a"}, 7]',
        b'{"id": "site", "title": "The site"}',
        b'[{"id": 1, "title": "cut',
        b'<p data-a=\'[{"id": 1, "title": "a"}]\'>',
        b'{"title": "\xff"}',
        b"[]",
        b'{"a":' * 900 + b'"title"' + b"}" * 900,
    ],
)
def test_all_else_stays_as_it_is(body: bytes) -> None:
    """Models, settings, news, what is no JSON: to the byte."""
    one = answered(body)
    assert without_saved_things([one]) == [one]


def test_calls_of_a_client_stay_as_they_are() -> None:
    """A test may be about such a list."""
    one = answered(msgspec.json.encode([CHAT]), of_page=False)
    assert without_saved_things([one]) == [one]
