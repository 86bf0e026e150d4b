"""Finds secrets in bodies: in named fields, in JSON and forms wrapped in letters, and by the user's patterns. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import partial

from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.field import Field
from toolkit.redaction.named_fields import find_fields
from toolkit.redaction.occurrences import Encoded, Occurrence, Part, Secret, encoded_bytes, only_collected
from toolkit.redaction.sensitivity import Sensitivity, is_distinctive, is_secret, object_sensitivity, sensitivity
from toolkit.redaction.text_fields import find_sentence_fields
from toolkit.session.encodings.alphabets import BASE64, HEX

MIN_BASE64 = 16  # letters of a run that is looked into
BASE64_OF_JSON = (b"ew", b"ey", b"ez", b"Ww", b"W3", b"Wy")  # such a text begins with `{` or `[`
FORM = re.compile(rb"[\w.\[\]%+-]{1,64}=[\w.~%+!*'():@/,;|-]*+(?:&[\w.\[\]%+-]{1,64}=[\w.~%+!*'():@/,;|-]*+)*+")
# Hexadecimal digits that begin as JSON does: `{` or `[`, and then a blank, a quote or a further bracket.
HEX_JSON = re.compile(
    rb"[57][Bb](?<![0-9A-Za-z]..)(?:0[AaDd9]|2[02]|7[Bb]|5[Bb])(?:[0-9A-Fa-f]{2}){6,}+(?![0-9A-Za-z])"
)
MIN_HEX = 16  # digits of such a text
FORM_START = re.compile(rb"[\w.\[\]%+-]{1,64}=|[\w.\[\]%+-]{65}")
FORM_LETTERS = 88  # which hold more bytes than the name of the first field has
URLSAFE, STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
RUN_END = re.compile(rb"={0,2}+(?![A-Za-z0-9.=])")
AROUND = (b".", b"=")  # what does not stand before a whole run: it is part of a token, or of another run
BEGINNINGS = b"JKLMNOPQRSTUVWXYZabcde"  # what base64 of a letter, a digit, or a bracket begins with
# Fields that are the value of the object which has the telling name, also in JSON that was made of XML.
VALUE_NAMES = {"value", "val", "raw", "plain", "_", "$", "#text", "_text"}
PATTERN_EVERYWHERE = 6  # characters from which on what a pattern matched is replaced everywhere


def find_in_body(data: bytes, mime_type: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the body `data`, with their positions in bytes."""
    parts: list[Part] = []
    for field in find_fields(data, mime_type, all_values=criteria.wants_all_fields):
        if field.text:
            parts += _find_in_field(field, criteria)
    parts += _find_in_letters(data, criteria)  # after the fields: where both start together, the whole field wins
    return parts + find_patterns_in_code(data, mime_type, criteria)


def find_patterns_in_code(data: bytes, _: str, criteria: Criteria) -> list[Part]:
    """Returns what the user's patterns match in the body `data`: all that is looked for in code (see `code_bodies`)."""
    return [part for pattern in criteria.rules.compiled_patterns for part in _find_pattern_in_bytes(pattern, data)]


def find_in_json_text(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in the JSON document `text`."""
    return _in_text(text, text.encode(), find_in_body(text.encode(), "application/json", criteria))


def find_in_letters(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in JSON and forms that `text` holds as base64 or hexadecimal digits, under whatever name."""
    data = text.encode("utf-8", "surrogatepass")
    return _in_text(text, data, list(_find_in_letters(data, criteria)))


def find_in_sentence(text: str, criteria: Criteria) -> list[Part]:
    """Returns the secrets in `text` that a person or a program wrote: `bad token=...`."""
    data = text.encode("utf-8", "surrogatepass")
    parts = [part for field in find_sentence_fields(data) for part in _find_in_field(field, criteria)]
    return _in_text(text, data, parts)


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
        level = _level(names, field.query) or field.at_least
        if level is None or not is_secret(field.text, "maybe" if field.heuristic else level):
            return
        if field.number and (level != "sure" or len(field.text) < 6 or not field.text.isdigit()):
            return
        kind, everywhere = "field", field.heuristic or is_distinctive(field.text, level)
    if field.number and not field.text.isdigit():
        yield _masked_number(field)
    else:
        yield Occurrence(field.start, field.end, Secret(kind, name or "item", field.text, everywhere), field.write)


def _level(names: list[str], query: bool) -> Sensitivity | None:
    """Returns how likely the value below `names` is a secret: `{"password": {"value": ...}}` is one too."""
    name, parent = names[-1] if names else "", names[-2] if len(names) > 1 else ""
    level = sensitivity(name, query=query) or object_sensitivity(parent)
    return level or (sensitivity(parent) if name.lower() in VALUE_NAMES else None)


def _masked_number(field: Field) -> Encoded:
    """A number with a sign, a fraction or an exponent: it stays one, so each digit becomes 1."""
    masked = re.sub(r"[0-9]", "1", field.text)
    return Encoded(field.start, field.end, [], lambda _: masked)


def _find_in_letters(data: bytes, criteria: Criteria) -> Iterator[Part]:
    for start, end in _base64_runs(data):
        beginning = data[start : min(end, start + FORM_LETTERS)].translate(STANDARD)
        if not (beginning.startswith(BASE64_OF_JSON) or _may_be_form(beginning)):
            continue
        letters = data[start:end].rstrip(b"=").translate(STANDARD)
        if len(letters) % 4 == 1:
            continue
        document = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        if letters.startswith(BASE64_OF_JSON) and _is_json(document):
            parts = find_in_body(document, "application/json", criteria)
        elif FORM.fullmatch(document):
            parts = find_in_body(document, "application/x-www-form-urlencoded", criteria)
        else:
            continue
        yield from encoded_bytes(start, end, document, parts, partial(_base64_like, run=data[start:end]))
    for match in HEX_JSON.finditer(data) if HEX.has_run(data, MIN_HEX) else ():
        if _is_json(document := bytes.fromhex(match[0].decode())):
            parts = find_in_body(document, "application/json", criteria)
            yield from encoded_bytes(*match.span(), document, parts, partial(_hex_like, run=match[0]))


def _base64_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields where each whole run of base64 starts and ends that may hold a text of ASCII. The dots around the parts of
    a JSON Web Token exclude those."""
    for start, end in BASE64.runs(data, MIN_BASE64):
        if data[start : start + 1] in BEGINNINGS and data[max(0, start - 1) : start] not in AROUND:
            padding = RUN_END.match(data, end)
            if padding is not None:
                yield start, padding.end()


def _may_be_form(letters: bytes) -> bool:
    """Decides by its beginning whether base64 is that of a form."""
    letters = letters.rstrip(b"=")
    return bool(FORM_START.match(base64.b64decode(letters[: len(letters) // 4 * 4])))


def _is_json(document: bytes) -> bool:
    try:
        json.loads(document)
    except (ValueError, RecursionError):
        return False
    return True


def _hex_like(data: bytes, run: bytes) -> str:
    return data.hex().upper() if run == run.upper() else data.hex()


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
