"""Finds secrets in bodies: in named fields, in JSON wrapped in base64, and by the user's patterns. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import partial

from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.named_fields import Field, find_fields
from toolkit.redaction.occurrences import Encoded, Occurrence, Part, Secret, encoded_bytes, only_collected
from toolkit.redaction.sensitivity import is_distinctive, is_secret, object_sensitivity, sensitivity

# A whole run of base64 that may be JSON: such a text begins with `{` or `[`. The dots around the parts of a JSON Web
# Token exclude those.
BASE64_JSON = re.compile(rb"(?<![A-Za-z0-9+/_.=-])(?:e[wyz]|W[w3y])[A-Za-z0-9+/_-]{14,}+={0,2}+(?![A-Za-z0-9.=])")
URLSAFE = bytes.maketrans(b"+/", b"-_")
PATTERN_EVERYWHERE = 6  # characters from which on what a pattern matched is replaced everywhere


def find_in_body(data: bytes, mime_type: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the body `data`, with their positions in bytes."""
    parts: list[Part] = []
    for field in find_fields(data, mime_type, all_values=criteria.wants_all_fields):
        if field.text:
            parts += _find_in_field(field, criteria)
    parts += _find_base64_json(data, criteria)  # after the fields: where both start together, the whole field wins
    for pattern in criteria.rules.compiled_patterns:
        parts += _find_pattern_in_bytes(pattern, data)
    return parts


def find_in_json_text(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the JSON document `text`."""
    return _in_text(text, text.encode(), find_in_body(text.encode(), "application/json", criteria))


def find_base64_json_in_text(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in JSON that `text` holds as base64, under whatever name."""
    data = text.encode("utf-8", "surrogatepass")
    return _in_text(text, data, list(_find_base64_json(data, criteria)))


def find_pattern(pattern: re.Pattern[str], text: str) -> list[Part]:
    """Returns what the user's `pattern` matches in `text`: its first group, where it has one, else all of it."""
    parts: list[Part] = []
    for match in pattern.finditer(text):
        group = _secret_group(match)
        parts.append(Occurrence(*match.span(group), _matched_secret(match[group])))
    return parts


def _find_in_field(field: Field, criteria: Criteria) -> Iterator[Part]:
    if field.text[:1] in ("{", "[") and '"' in field.text:  # JSON within JSON
        yield from only_collected(find_in_body(field.text.encode("utf-8", "replace"), "application/json", criteria))
    names = [key for key in field.path if isinstance(key, str)]
    name = names[-1] if names else ""
    if field.path in criteria.random_body:
        kind, everywhere = "random", is_distinctive(field.text, "sure")
    elif name.lower() in criteria.rules.names_to_keep:
        return
    elif criteria.rules.json_paths and criteria.rules.matches_path(field.path):
        kind, everywhere = "field", is_distinctive(field.text, "sure")
    else:
        level = sensitivity(name, query=field.query) or object_sensitivity(names[-2] if len(names) > 1 else "")
        if level is None or not is_secret(field.text, "maybe" if field.heuristic else level):
            return
        if field.number and (level != "sure" or len(field.text) < 6 or not field.text.isdigit()):
            return
        kind, everywhere = "field", field.heuristic or is_distinctive(field.text, level)
    if field.number and not field.text.isdigit():
        yield _masked_number(field)
    else:
        yield Occurrence(field.start, field.end, Secret(kind, name or "item", field.text, everywhere), field.write)


def _masked_number(field: Field) -> Encoded:
    """A number with a sign, a fraction or an exponent: it stays one, so each digit becomes 1."""
    masked = re.sub(r"[0-9]", "1", field.text)
    return Encoded(field.start, field.end, [], lambda _: masked)


def _find_base64_json(data: bytes, criteria: Criteria) -> Iterator[Part]:
    for match in BASE64_JSON.finditer(data):
        run = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        if len(run) % 4 == 1:
            continue
        document = base64.b64decode(run + b"=" * (-len(run) % 4))
        try:
            json.loads(document)
        except (ValueError, RecursionError):
            continue
        parts = find_in_body(document, "application/json", criteria)
        yield from encoded_bytes(*match.span(), document, parts, partial(_base64_like, run=match[0]))


def _base64_like(data: bytes, run: bytes) -> str:
    """Returns `data` as base64, with the padding and the alphabet of `run`."""
    new = base64.b64encode(data)
    new = new if run.endswith(b"=") else new.rstrip(b"=")
    return (new.translate(URLSAFE) if b"-" in run or b"_" in run else new).decode()


def _find_pattern_in_bytes(pattern: re.Pattern[str], data: bytes) -> Iterator[Part]:
    # A pattern of ASCII is matched on one character per byte, so that positions need no conversion.
    codec, errors = ("latin-1", "strict") if pattern.pattern.isascii() else ("utf-8", "surrogateescape")
    text = data.decode(codec, errors)
    for match in pattern.finditer(text):
        group = _secret_group(match)
        start = match.start(group) if codec == "latin-1" else len(text[: match.start(group)].encode(codec, errors))
        raw = match[group].encode(codec, errors)
        yield Occurrence(start, start + len(raw), _matched_secret(raw.decode("utf-8", "replace")))


def _secret_group(match: re.Match[str]) -> int:
    return 1 if match.re.groups and match[1] is not None else 0


def _matched_secret(value: str) -> Secret:
    return Secret("pattern", "match", value, len(value) >= PATTERN_EVERYWHERE)


def _in_text(text: str, data: bytes, parts: list[Part]) -> list[Part]:
    """Returns `parts`, positions in the UTF-8 `data` of `text`, as one part that is the whole `text`."""
    return encoded_bytes(0, len(text), data, parts, partial(bytes.decode, encoding="utf-8", errors="surrogatepass"))
