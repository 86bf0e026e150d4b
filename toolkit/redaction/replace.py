"""Replaces collected secrets in a HAR log: where they were found, and then wherever else they occur.

What is replaced where is logged at the level `debug`, never with the value.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from toolkit.har.text_walk import Place, bodies, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.body_secrets import find_pattern
from toolkit.redaction.code_bodies import is_code, may_be_name_in_code
from toolkit.redaction.identity.take_out import TakenOut
from toolkit.redaction.occurrences import Placeholders, replace_in_text
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import Location
from toolkit.redaction.short_bodies import entry_batches, silent_bodies
from toolkit.redaction.text_batches import select
from toolkit.session.encodings.encoded_replacement import Replacer

log = logging.getLogger("toolkit")


def replace_secrets(
    document: dict[str, Any],
    locations: Iterable[Location],
    rules: Rules,
    placeholders: Placeholders,
    everywhere: Mapping[str, str],
    identity: TakenOut,
) -> None:
    """Changes `document`, the `log` of a HAR file.

    The secrets at `locations`, and what the patterns of `rules` match, become their `placeholders`. Those of
    `everywhere` are replaced in every text and body, and so is who is signed in (`identity`). The lengths that the
    document states are corrected.
    """
    grown: Counter[int] = Counter()  # bytes, by the object that holds the body
    for location in locations:
        grown[id(location.holder)] += _replace_at(location, placeholders)
    _replace_matches(document, rules, placeholders)
    everywhere = {**everywhere, **identity.everywhere}
    replacer = Replacer(everywhere, finder=identity.finder)
    _replace_in_texts(document, replacer)
    _replace_in_names(document, replacer)
    in_code = {one: new for one, new in identity.in_code(everywhere).items() if not may_be_name_in_code(one)}
    same = in_code.keys() == everywhere.keys()  # with thousands of secrets a replacer takes some memory
    _replace_in_bodies(document, replacer, replacer if same else Replacer(in_code, finder=identity.finder), grown)
    for entry in document["entries"]:
        for half, part in ((entry["request"], "postData"), (entry["response"], "content")):
            correct_lengths(half, grown[id(half.get(part))])


def _replace_at(location: Location, placeholders: Placeholders) -> int:
    grown = location.replace(placeholders)
    if log.isEnabledFor(logging.DEBUG):
        kinds = {secret.kind for secret in location.secrets() if placeholders.get(secret.value) != secret.value}
        if kinds:
            log.debug("Redaction replaced a secret (%s) in %a.", ", ".join(sorted(kinds)), location.path)
    return grown


def _replace_matches(document: dict[str, Any], rules: Rules, placeholders: Placeholders) -> None:
    """Replaces what the patterns of `rules` match in texts that are no bodies; in bodies it has been replaced."""
    if not rules.compiled_patterns:
        return
    for holder, key, place in texts(document):
        if is_body(key):
            continue
        old = text = holder[key]
        for pattern in rules.compiled_patterns:
            text = replace_in_text(text, find_pattern(pattern, text), placeholders)
        if text != old:
            holder[key] = text
            log.debug("Redaction replaced a secret (pattern) in %s.", place_name(place))


def _replace_in_texts(document: dict[str, Any], replacer: Replacer) -> None:
    """Replaces what is left in texts that are no bodies. Most are the same in many entries, and hold nothing."""
    distinct = dict.fromkeys(holder[key] for holder, key, _ in texts(document) if not is_body(key))
    replaced = {text: replacer.replace_text(text) for text in select(distinct, replacer.may_be_in)}
    for holder, key, place in texts(document) if replaced else ():
        if not is_body(key) and (old := holder[key]) in replaced:
            holder[key] = replaced[old]
            if holder[key] != old:
                _tell_found_elsewhere(place)


def _replace_in_names(document: dict[str, Any], replacer: Replacer) -> None:
    """Replaces what is in the names of what the session keeps: pages name some by who is signed in."""
    session = document.get("_session") or {}
    for part in {"sessionStorage", "storageState"} & session.keys():
        session[part] = _with_names_replaced(session[part], replacer)


def _with_names_replaced(node: Any, replacer: Replacer) -> Any:
    if isinstance(node, dict):
        items = ((name, _with_names_replaced(value, replacer)) for name, value in node.items())
        return {replacer.replace_text(name): value for name, value in items}
    return [_with_names_replaced(value, replacer) for value in node] if isinstance(node, list) else node


def _replace_in_bodies(document: dict[str, Any], replacer: Replacer, in_code: Replacer, grown: Counter[int]) -> None:
    for number, entry, code, silent in _entries(document, replacer):
        for holder, key, place in bodies(entry, entry_place(document, number)):
            if id(holder) in silent:
                continue
            body = Body(holder, key)
            data, size = body.data, body.size
            (in_code if key == "encoding" and code else replacer).replace_bytes(data, body.edit)
            if body.data is not data:
                grown[id(holder)] += body.size - size
                _tell_found_elsewhere(place)


def _entries(document: dict[str, Any], replacer: Replacer) -> Iterator[tuple[int, dict[str, Any], bool, set[int]]]:
    """Yields each entry with its number, whether its answer is code, and the ids of the objects that hold bodies in
    which `replacer` finds nothing."""
    for batch in entry_batches(document["entries"]):
        code = {number for number, entry in batch if is_code(entry)}
        silent = silent_bodies((entry for number, entry in batch if number not in code), replacer.may_be_in)
        ids = {id(holder) for holder, _ in silent}
        for number, entry in batch:
            yield number, entry, number in code, ids


def _tell_found_elsewhere(place: Place) -> None:
    log.debug("Redaction replaced a secret that was found elsewhere, in %s.", place_name(place))
