"""Tells of the short bodies of a HAR log, many at once, what is not in them: that is so of most. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from toolkit.har.text_walk import BODIES
from toolkit.redaction.bodies import short_text
from toolkit.redaction.body_secrets import find_in_body
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.text_batches import select_together

JSON = "application/json"


def note_empty_bodies(entries: Iterable[dict[str, Any]], criteria: Criteria) -> None:
    """Notes in `criteria` the short JSON documents among the bodies of `entries` in which no secret can be found.

    Where the user's rules look for patterns or at paths, none is noted: a document is more than its own text to them.
    """
    if criteria.bodies is None or criteria.rules.compiled_patterns or criteria.wants_all_fields:
        return

    def may_hold(data: bytes) -> bool:
        return bool(find_in_body(data, JSON, criteria))

    found = [(holder, key, _short_document(holder, key)) for entry in entries for holder, key in _bodies(entry)]
    documents = dict.fromkeys(text for _, _, text in found if text is not None)
    telling = set(select_together(documents, may_hold))
    for holder, key, text in found:
        if text is not None and text not in telling:
            criteria.note_empty(find_in_body, holder, key)


def _short_document(holder: dict[str, Any], key: str) -> str | None:
    """Returns the text of the body in `holder`, if it is short, and one JSON object or array, as it says; else None.

    Such documents can be searched together, a line each: no string in one ends in another one."""
    text = short_text(holder, key) if "json" in holder.get("mimeType", "") else None
    if text is None or text[:1] not in ("{", "["):
        return None
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return text


def _bodies(entry: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for (half, part), key in BODIES.items():
        if (holder := entry[half].get(part)) is not None:
            yield holder, key
