"""Replaces collected secrets in a HAR log: where they were found, and then wherever else they occur.

What is replaced where is logged at the level `debug`, never with the value.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.har.text_walk import Place, bodies, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.body_secrets import find_pattern
from toolkit.redaction.code_bodies import is_code, may_be_name_in_code
from toolkit.redaction.occurrences import Placeholders, replace_in_text
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import Location
from toolkit.redaction.text_batches import select
from toolkit.session.encodings.encoded_replacement import Replacer

log = logging.getLogger("toolkit")


def replace_secrets(
    document: dict[str, Any],
    locations: Iterable[Location],
    rules: Rules,
    placeholders: Placeholders,
    everywhere: Mapping[str, str],
) -> None:
    """Changes `document`, the `log` of a HAR file.

    The secrets at `locations`, and what the patterns of `rules` match, become their `placeholders`. Those of
    `everywhere` are replaced in every text and body. The lengths that the document states are corrected.
    """
    grown: Counter[int] = Counter()  # bytes, by the object that holds the body
    for location in locations:
        grown[id(location.holder)] += _replace_at(location, placeholders)
    _replace_matches(document, rules, placeholders)
    _replace_in_texts(document, Replacer(everywhere))
    _replace_in_bodies(document, everywhere, grown)
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


def _replace_in_bodies(document: dict[str, Any], everywhere: Mapping[str, str], grown: Counter[int]) -> None:
    replacer = Replacer(everywhere)
    in_code = Replacer({secret: new for secret, new in everywhere.items() if not may_be_name_in_code(secret)})
    for number, entry in enumerate(document["entries"]):
        for holder, key, place in bodies(entry, entry_place(document, number)):
            body = Body(holder, key)
            data, size = body.data, body.size
            (in_code if key == "encoding" and is_code(entry) else replacer).replace_bytes(data, body.edit)
            if body.data is not data:
                grown[id(holder)] += body.size - size
                _tell_found_elsewhere(place)


def _tell_found_elsewhere(place: Place) -> None:
    log.debug("Redaction replaced a secret that was found elsewhere, in %s.", place_name(place))
