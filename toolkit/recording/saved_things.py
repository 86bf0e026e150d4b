"""Empties the lists of what a person has saved at a site, in what a page was answered. Pure.

A page that shows somebody's earlier conversations, notes or documents asks for their titles. These are nobody else's
business, and a page works without: as that of somebody who has saved nothing. Such a list is recognised by its items,
which all are objects with an id and a title; or with an id, a name or a text, and whose it is or in which folder it
lies; or with an id and a name in a list of conversations, by the member that holds it or else by the address. Models
and settings have names, and are nobody's.

What a person has written into settings, such as how to be answered, is emptied too: texts of several words in what is
asked for as the settings of a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.encoded_entries import CompactEntries, EncodedEntries
from toolkit.har.message_builders import encode_body
from toolkit.har.model import Entry, Recording
from toolkit.streams.json_decoding import JSON_ERRORS

# The members that tell whose a thing is, or where that person keeps it, in lower case and without `_`.
KEEPERS = {"userid", "ownerid", "authorid", "creatorid", "createdby", "folderid"}
# The words for conversations, and for where they lie, without the `s` of many.
SAVED = {"chat", "conversation", "conv", "dialog", "dialogue", "discussion", "folder", "history", "histories", "thread"}
# The words in addresses and names of members that say nothing of what is listed, without the `s` of many.
NEUTRAL = {
    *("all", "archived", "archive", "content", "count", "data", "edge", "entries", "get", "index", "item", "latest"),
    *("list", "mine", "my", "node", "page", "paged", "pinned", "query", "recent", "record", "result", "row", "search"),
    *("shared", "sync", "value", "your"),
}
TEXTS = ("name", "content", "text")  # the members that say what a thing is
# The words in addresses for settings of a person, and those that say whose they are.
SETTINGS = {"customization", "instruction", "memory", "personalization", "preference", "setting"}
PERSONS = {"account", "me", "member", "my", "profile", "user"}
MAY_HOLD = re.compile(rb'"title"|"(?:(?:user|owner|author|creator|folder)_?id|created_?by)"', re.IGNORECASE)
# A member that may lead to a list of conversations, by its name.
LEADS = re.compile(rb'(?:chat|conv|dialog|discussion|folder|histor|thread)[a-z_-]*"\s*:\s*[\[{]', re.IGNORECASE)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def without_saved_things(entries: Iterable[Entry]) -> list[Entry]:
    """Returns `entries`, those of pages with such lists empty. Calls of a client stay as they are."""
    return [entry if isinstance(entry.pageref, UnsetType) else _emptied(entry) for entry in entries]


def empty_saved_things(recording: Recording) -> tuple[Recording, list[int]]:
    """Returns `recording` as `without_saved_things` makes its entries, and the numbers of those that changed. Entries
    that are compact stay so."""
    given = recording.entries
    encoded = given.encoded[:] if isinstance(given, CompactEntries) else EncodedEntries.of(given)
    changed = []
    for number in range(len(encoded)):
        if encoded.may_have(number, b"pageref"):
            (kept,) = without_saved_things([entry := encoded.typed(number)])
            if kept is not entry:
                encoded[number] = msgspec.to_builtins(kept)
                changed.append(number)
    entries = CompactEntries(encoded) if isinstance(given, CompactEntries) else list(encoded.taken())
    return (msgspec.structs.replace(recording, entries=entries) if changed else recording), changed


def _emptied(entry: Entry) -> Entry:
    content = entry.response.content
    body = content.body()
    if not body.lstrip().startswith((b"{", b"[")):
        return entry
    path = urlsplit(entry.request.url).path
    named, settings = _is_of_saved_things(path), _is_of_settings(path)
    if not (settings or MAY_HOLD.search(body) or (b'"name"' in body and (named or LEADS.search(body)))):
        return entry
    try:
        document = msgspec.json.decode(body)
        emptied = _without_lists(document, named)
        emptied = _without_written(emptied) if settings else emptied
    except JSON_ERRORS:
        return entry
    if emptied == document:
        return entry
    data = msgspec.json.encode(emptied)
    text, encoding = encode_body(data, content.mime_type)
    content = msgspec.structs.replace(content, size=len(data), text=text, encoding=encoding, chunks=UNSET)
    return msgspec.structs.replace(entry, response=msgspec.structs.replace(entry.response, content=content))


def _without_lists(node: Any, named: bool) -> Any:
    """`named` says whether what leads to `node` names conversations."""
    if isinstance(node, dict):
        return {name: _without_lists(value, _leads_to_saved_things(name, named)) for name, value in node.items()}
    if isinstance(node, list):
        if node and all(_is_saved_thing(item, named) for item in node):
            return []
        return [_without_lists(item, named) for item in node]
    return node


def _is_saved_thing(item: Any, named: bool) -> bool:
    """Decides whether `item` has an id, such as `id`, `uuid` or `conversationId`, and a title; or an id, a name, and a
    member of `KEEPERS`, or no more than a place that is `named` so."""
    if not isinstance(item, dict) or not any(_tells(item, name) for name in item if name.lower().endswith("id")):
        return False
    if isinstance(item.get("title"), str):
        return True
    kept = any(_tells(item, name) for name in item if name.lower().replace("_", "") in KEEPERS)
    said = any(isinstance(item.get(name), str) for name in (TEXTS if kept else TEXTS[:1]))
    return said and "id" in item and (named or kept)


def _tells(item: dict[str, Any], name: str) -> bool:
    return isinstance(item[name], str | int)


def _is_of_saved_things(path: str) -> bool:
    """Decides by the last part of `path` that says what is listed: `/api/chats/list?page=1` and `/v1/chat-history`, and
    not `/api/chat/models`."""
    parts = (words for part in reversed(path.split("/")) if (words := _telling_words(part)))
    return next(parts, [""])[-1] in SAVED


def _is_of_settings(path: str) -> bool:
    """Decides whether `path` asks for settings, and says that they are a person's: `/api/v1/users/user/settings`."""
    words = list(_words(path))
    return bool(words) and words[-1] in SETTINGS and not PERSONS.isdisjoint(words)


def _without_written(node: Any) -> Any:
    """Returns `node` with an empty text for each of several words: names of choices and addresses are one."""
    if isinstance(node, dict):
        return {name: _without_written(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_without_written(item) for item in node]
    return "" if isinstance(node, str) and len(node.split()) > 1 else node


def _leads_to_saved_things(name: str, named: bool) -> bool:
    words = _telling_words(name)
    return words[-1] in SAVED if words else named


def _telling_words(text: str) -> list[str]:
    """Returns the words of `text` that say what it names, in lower case and without the `s` of many."""
    return [word for word in _words(text) if word not in NEUTRAL]


def _words(text: str) -> Iterator[str]:
    return (match[0].lower().removesuffix("s") for match in WORD.finditer(text))
