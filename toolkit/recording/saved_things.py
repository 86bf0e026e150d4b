"""Empties the lists of what a person has saved at a site, in what a page was answered. Pure.

A page that shows somebody's earlier conversations, notes or documents asks for their titles. These are nobody else's
business, and a page works without: as that of somebody who has saved nothing. Such a list is recognised by its items,
which all are objects with an id and a title, or with an id, a name, and whose it is or in which folder it lies. Models
and settings have names, and are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from toolkit.har.message_builders import encode_body
from toolkit.har.model import Entry
from toolkit.streams.json_decoding import JSON_ERRORS

# The members that tell whose a thing is, or where that person keeps it, in lower case and without `_`.
KEEPERS = {"userid", "ownerid", "authorid", "creatorid", "createdby", "folderid"}
MAY_HOLD = re.compile(rb'"title"|"(?:(?:user|owner|author|creator|folder)_?id|created_?by)"', re.IGNORECASE)


def without_saved_things(entries: Iterable[Entry]) -> list[Entry]:
    """Returns `entries`, those of pages with such lists empty. Calls of a client stay as they are."""
    return [entry if isinstance(entry.pageref, UnsetType) else _emptied(entry) for entry in entries]


def _emptied(entry: Entry) -> Entry:
    content = entry.response.content
    body = content.body()
    if not body.lstrip().startswith((b"{", b"[")) or not MAY_HOLD.search(body):
        return entry
    try:
        document = msgspec.json.decode(body)
        emptied = _without_lists(document)
    except JSON_ERRORS:
        return entry
    if emptied == document:
        return entry
    data = msgspec.json.encode(emptied)
    text, encoding = encode_body(data, content.mime_type)
    content = msgspec.structs.replace(content, size=len(data), text=text, encoding=encoding, chunks=UNSET)
    return msgspec.structs.replace(entry, response=msgspec.structs.replace(entry.response, content=content))


def _without_lists(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _without_lists(value) for name, value in node.items()}
    if isinstance(node, list):
        return [] if node and all(map(_is_saved_thing, node)) else [_without_lists(item) for item in node]
    return node


def _is_saved_thing(item: Any) -> bool:
    """Decides whether `item` has an id, such as `id`, `uuid` or `conversationId`, and a title; or an id, a name, and a
    member of `KEEPERS`."""
    if not isinstance(item, dict) or not any(_tells(item, name) for name in item if name.lower().endswith("id")):
        return False
    if isinstance(item.get("title"), str):
        return True
    kept = (name for name in item if name.lower().replace("_", "") in KEEPERS)
    return isinstance(item.get("name"), str) and "id" in item and any(_tells(item, name) for name in kept)


def _tells(item: dict[str, Any], name: str) -> bool:
    return isinstance(item[name], str | int)
