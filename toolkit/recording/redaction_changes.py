"""Tells what a new redaction has changed in a recording: where, and of what kind it was, never a value. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.har.encoded_entries import beside_entries
from toolkit.har.model import Recording
from toolkit.har.text_walk import Place, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body
from toolkit.redaction.identity.scan import scan_identity
from toolkit.redaction.redact import recorded_log
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.session.recipe import Probe

ELSEWHERE = "what is told of at another place"


def redaction_changes(before: Recording, after: Recording, rules: Rules, probe: Probe | None = None) -> list[Finding]:
    """Returns the texts and bodies that differ between `before` and `after`, which is what `redact` made of it with
    `rules` and `probe`, each with what was there: kinds of secrets, and what tells who was signed in."""
    old, new = recorded_log(before), recorded_log(after)
    kinds: dict[str, list[str]] = {}
    for finding in (*scan(old, rules=rules), *scan_identity(old, probe)):
        kinds.setdefault(finding.place, []).append(finding.kind)
    changes: dict[Finding, None] = {}
    for (holder, key, place), (other, _, _) in zip(_texts(old), _texts(new), strict=True):
        if _text(holder, key) != _text(other, key):
            name = place_name(place)
            known = [kind for at in _around(name) for kind in kinds.get(at, ())]
            changes.update(dict.fromkeys(Finding(name, kind) for kind in known or [ELSEWHERE]))
    return list(changes)


def _texts(log: dict[str, Any]) -> Iterator[tuple[Any, Any, Place]]:
    for number, entry in enumerate(log["entries"]):
        yield from texts(entry, entry_place(log, number))
    yield from texts(beside_entries(log))


def _around(name: str) -> Iterator[str]:
    """Yields the names of the places that the one with this `name` is in, and itself: a header is found as a whole."""
    yield from (name[:end] for end, letter in enumerate(name) if letter == ".")
    yield name


def _text(holder: Any, key: Any) -> Any:
    return Body(holder, key).data if is_body(key) else holder[key]
