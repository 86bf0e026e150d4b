"""Replaces collected secrets in a HAR log: where they were found, and then wherever else they occur.

What is replaced where is logged at the level `debug`, never with the value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.har.text_walk import is_body, texts
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.body_secrets import find_pattern
from toolkit.redaction.identity.collect import is_code
from toolkit.redaction.identity.take_out import TakenOut
from toolkit.redaction.occurrences import Placeholders, replace_in_text
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import Location
from toolkit.session.encodings.encoded_replacement import Replacer

log = logging.getLogger("toolkit")


class Replacers:
    """Replace the keys of `everywhere`, secrets and what tells who is signed in (`identity`), by its values: in texts,
    and in scripts and styles, where some of the latter stay."""

    def __init__(self, everywhere: Mapping[str, str], identity: TakenOut) -> None:
        self.in_texts = Replacer(everywhere, finder=identity.finder)
        self._in_code = Replacer(identity.in_code(everywhere), finder=identity.finder)

    def for_body(self, holder: dict[str, Any]) -> Replacer:
        """Returns the one for the body in `holder`, a HAR `content` or `postData`."""
        return self._in_code if is_code(holder) else self.in_texts


def replace_secrets(
    document: dict[str, Any],
    locations: Iterable[Location],
    rules: Rules,
    placeholders: Placeholders,
    everywhere: Replacers,
) -> None:
    """Changes `document`, the `log` of a HAR file.

    The secrets at `locations`, and what the patterns of `rules` match, become their `placeholders`. Those of
    `everywhere` are replaced in every text and body. The lengths that the document states are corrected.
    """
    before = _body_sizes(document)
    for location in locations:
        _replace_at(location, placeholders)
    _replace_matches(document, rules, placeholders)
    _replace_everywhere(document, everywhere)
    for (half, old), (_, new) in zip(before, _body_sizes(document), strict=True):
        correct_lengths(half, new - old)


def _replace_at(location: Location, placeholders: Placeholders) -> None:
    location.replace(placeholders)
    if log.isEnabledFor(logging.DEBUG):
        kinds = {secret.kind for secret in location.secrets() if placeholders.get(secret.value) != secret.value}
        if kinds:
            log.debug("Redaction replaced a secret (%s) in %a.", ", ".join(sorted(kinds)), location.path)


def _replace_matches(document: dict[str, Any], rules: Rules, placeholders: Placeholders) -> None:
    """Replaces what the patterns of `rules` match in texts that are no bodies; in bodies it has been replaced."""
    if not rules.compiled_patterns:
        return
    for holder, key, path in texts(document):
        if is_body(key):
            continue
        old = text = holder[key]
        for pattern in rules.compiled_patterns:
            text = replace_in_text(text, find_pattern(pattern, text), placeholders)
        if text != old:
            holder[key] = text
            log.debug("Redaction replaced a secret (pattern) in %s.", path)


def _replace_everywhere(document: dict[str, Any], replacers: Replacers) -> None:
    replaced: dict[str, str] = {}  # headers are the same in most entries
    for holder, key, path in texts(document):
        if is_body(key):
            body = Body(holder, key)
            data = body.data
            replacers.for_body(holder).replace_bytes(data, body.edit)
            changed = body.data is not data
        else:
            text = holder[key]
            if text not in replaced:
                replaced[text] = replacers.in_texts.replace_text(text)
            holder[key] = replaced[text]
            changed = holder[key] != text
        if changed:
            log.debug("Redaction replaced a secret that was found elsewhere, in %s.", path)
    if session := document.get("_session"):
        for part in ("sessionStorage", "storageState"):
            if part in session:
                session[part] = _with_names_replaced(session[part], replacers.in_texts)


def _with_names_replaced(node: Any, replacer: Replacer) -> Any:
    """Returns what a session keeps with the names of its items replaced too: pages name some by who is signed in."""
    if isinstance(node, dict):
        items = ((name, _with_names_replaced(value, replacer)) for name, value in node.items())
        return {replacer.replace_text(name): value for name, value in items}
    return [_with_names_replaced(value, replacer) for value in node] if isinstance(node, list) else node


def _body_sizes(document: dict[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """Returns each request and response with the size of its body in bytes."""
    return [
        (half, Body(half.get(part, {}), key).size)
        for entry in document["entries"]
        for half, part, key in (
            (entry["request"], "postData", "_encoding"),
            (entry["response"], "content", "encoding"),
        )
    ]
