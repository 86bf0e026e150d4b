"""Replaces collected secrets in a HAR log: where they were found, and then wherever else they occur.

What is replaced where is logged at the level `debug`, never with the value.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from toolkit.har.encoded_entries import beside_entries
from toolkit.har.text_walk import Place, bodies, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, correct_lengths, short_text
from toolkit.redaction.body_secrets import find_pattern
from toolkit.redaction.code_bodies import is_code, may_be_name_in_code
from toolkit.redaction.entry_batches import Batch, entry_batches
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.identity.take_out import TakenOut
from toolkit.redaction.occurrences import Placeholders, replace_in_text
from toolkit.redaction.secret_locations import Location, find_beside_entries, find_in_entry
from toolkit.redaction.silent_strings import SilentStrings
from toolkit.session.encodings.encoded_replacement import Replacer

log = logging.getLogger("toolkit")


class Replacement:
    """Replaces secrets, and who is signed in.

    Those that are found by `criteria`, as they were when they were collected, become their `placeholders`. Those of
    `everywhere` are replaced in every text and body, and so is who is signed in (`identity`).
    """

    def __init__(
        self, criteria: Criteria, placeholders: Placeholders, everywhere: Mapping[str, str], identity: TakenOut
    ) -> None:
        self._criteria, self._placeholders = criteria, placeholders
        everywhere = {**everywhere, **identity.everywhere}
        self._replacer = Replacer(everywhere, finder=identity.finder)
        in_code = {one: new for one, new in identity.in_code(everywhere).items() if not may_be_name_in_code(one)}
        same = in_code.keys() == everywhere.keys()  # with thousands of secrets a replacer takes some memory
        self._in_code = self._replacer if same else Replacer(in_code, finder=identity.finder)
        self._replaced = lru_cache(maxsize=1024)(self._replacer.replace_text)  # headers are the same in most entries
        self._silent = SilentStrings(self._replacer.may_be_in)

    def __repr__(self) -> str:
        return f"<Replacement of {len(self._placeholders)} secrets>"

    def replace_in(self, document: dict[str, Any]) -> None:
        """Changes `document`, the `log` of a HAR file with its entries encoded, and corrects the lengths that it
        states."""
        for batch in entry_batches(document["entries"]):
            self._replace_in_batch(batch, document)
        self._replace_beside_entries(document)

    def _replace_in_batch(self, batch: Batch, document: dict[str, Any]) -> None:
        """Changes the entries of `batch`, some of those of `document`, the `log` of a HAR file, and corrects the
        lengths that they state."""
        entries = batch.decoded.items()
        batch.put_back([number for number, entry in entries if self._replace_where_found(entry, number)])
        bodies_only = self._silent.note(batch.strings) and not self._criteria.rules.compiled_patterns
        batch.put_back(
            [
                number
                for number, entry in entries
                if self._replace_elsewhere(entry, entry_place(document, number), bodies_only=bodies_only)
            ]
        )

    def _replace_beside_entries(self, document: dict[str, Any]) -> None:
        """Changes what `document`, the `log` of a HAR file, has besides its entries."""
        for location in list(find_beside_entries(document, self._criteria)):
            self._replace_at(location)
        beside = beside_entries(document)
        for holder, key, place in texts(beside):
            self._replace_in_text(holder, key, place)
        document.update(beside)
        if session := document.get("_session"):  # pages name some of what they store by who is signed in
            for part in {"sessionStorage", "storageState"} & session.keys():
                session[part] = _with_names_replaced(session[part], self._replacer)

    def _replace_where_found(self, entry: dict[str, Any], number: int) -> bool:
        """Changes the places of the `entry` with this `number` that hold secrets. Returns whether there are any."""
        grown: Counter[int] = Counter()  # bytes, by the object that holds the body
        locations = list(find_in_entry(entry, number, self._criteria))
        for location in locations:
            grown[id(location.holder)] += self._replace_at(location)
        _correct_lengths(entry, grown)
        return bool(locations)

    def _replace_elsewhere(self, entry: dict[str, Any], outer: Place, *, bodies_only: bool) -> bool:
        """Changes what else there is of secrets in `entry`, whose place is `outer`. Returns whether there is any."""
        grown: Counter[int] = Counter()
        changed, code = False, is_code(entry)
        for holder, key, place in bodies(entry, outer) if bodies_only else list(texts(entry, outer)):
            if not is_body(key):
                changed = self._replace_in_text(holder, key, place) or changed
            elif (text := short_text(holder, key)) is None or text not in self._silent:
                body = Body(holder, key)
                data, size = body.data, body.size
                replacer = self._in_code if code and key == "encoding" else self._replacer
                replacer.replace_bytes(data, body.edit)
                if body.data is not data:
                    grown[id(holder)] += body.size - size
                    changed = True
                    _tell_found_elsewhere(place)
        _correct_lengths(entry, grown)
        return changed

    def _replace_at(self, location: Location) -> int:
        grown = location.replace(self._placeholders)
        if log.isEnabledFor(logging.DEBUG):
            kinds = {one.kind for one in location.secrets() if self._placeholders.get(one.value) != one.value}
            if kinds:
                log.debug("Redaction replaced a secret (%s) in %a.", ", ".join(sorted(kinds)), location.path)
        return grown

    def _replace_in_text(self, holder: Any, key: Any, place: Place) -> bool:
        """Replaces what the patterns of the rules match in a text that is no body, and what is found elsewhere. Returns
        whether it is another one now."""
        given: str = holder[key]
        text = given
        for pattern in self._criteria.rules.compiled_patterns:
            text = replace_in_text(text, find_pattern(pattern, text), self._placeholders)
        if text != given:
            log.debug("Redaction replaced a secret (pattern) in %s.", place_name(place))
        if text not in self._silent and (new := self._replaced(text)) != text:
            text = new
            _tell_found_elsewhere(place)
        if text != given:
            holder[key] = text
        return text != given


def _correct_lengths(entry: dict[str, Any], grown: Mapping[int, int]) -> None:
    """Corrects the lengths that `entry` states, after the bodies that objects hold have `grown` by so many bytes."""
    for half, part in ((entry["request"], "postData"), (entry["response"], "content")):
        correct_lengths(half, grown.get(id(half.get(part)), 0))


def _with_names_replaced(node: Any, replacer: Replacer) -> Any:
    if isinstance(node, dict):
        items = ((name, _with_names_replaced(value, replacer)) for name, value in node.items())
        return {replacer.replace_text(name): value for name, value in items}
    return [_with_names_replaced(value, replacer) for value in node] if isinstance(node, list) else node


def _tell_found_elsewhere(place: Place) -> None:
    log.debug("Redaction replaced a secret that was found elsewhere, in %s.", place_name(place))
