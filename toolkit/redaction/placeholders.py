"""Makes and recognises placeholders: text that replaces a secret, has its length, and says where it was found.

The forms of placeholders, by the length of the secret in bytes:

- from 20 bytes on, `PLACEHOLDER_<place>_<number>`, filled up with `P`;
- from 6 bytes on, `PH_<place>_<number>`, filled up with `P`;
- below that, `P` and a number in base 36 (`PPP1`); a secret of digits becomes digits (`900001`), as JSON may need it;
- a JSON Web Token (RFC 7519) stays one: the header keeps what says how to read it, `exp` is in the year 2100, every
  other claim keeps its kind and length, and the last part is a placeholder.

Only letters, digits and `_` are used, which are allowed in a cookie, a header, a URL, JSON and base64url. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Collection
from functools import lru_cache

MIN_RECOGNISABLE = 6  # bytes from which on a placeholder can be recognised, and names its place
LONG = 20
SHAPE = re.compile(r"(?:PLACEHOLDER|PH)_[a-z0-9]+(?:_[a-z0-9]+)*_?_[0-9]+P*")
DIGITS = re.compile(r"90+[1-9][0-9]{0,3}|9[0-9]{0,3}")
TINY = re.compile(r"P+[0-9a-z]*")

# It begins with letters that are found quickly, so what may not stand before them is looked at after them.
JWT = re.compile(rb"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+){2,4}+")
FAR = 4102444800  # 2100-01-01
PAST = 1577836800  # 2020-01-01
HEADER_FIELDS = {"alg", "b64", "crit", "cty", "enc", "typ", "zip"}
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?[0-9]+)(\.[0-9]+)?([eE][+-]?[0-9]+)?')


def is_placeholder(value: str) -> bool:
    """Decides whether `value` may be one of our placeholders. A short one may also be a secret by chance."""
    if len(value) < MIN_RECOGNISABLE:
        return bool(TINY.fullmatch(value) or DIGITS.fullmatch(value))
    return bool(SHAPE.fullmatch(value) or DIGITS.fullmatch(value)) or _is_our_jwt(value)


def is_unmistakable_placeholder(value: str) -> bool:
    """Decides whether `value` is a placeholder that cannot be a secret by chance. Redaction leaves it as it is."""
    return len(value) >= MIN_RECOGNISABLE and bool(SHAPE.fullmatch(value) or _is_our_jwt(value))


def is_jwt(value: str) -> bool:
    """Decides whether `value` is a JSON Web Token, signed or encrypted, whose header can be read."""
    return bool(JWT.fullmatch(value.encode())) and _decoded(value.partition(".")[0]) is not None


def make_placeholder(
    secret: str,
    place: str,
    name: str,
    first: int,
    taken: Collection[str],
    avoided: Callable[[str], bool],
    tried: dict[str, range],
) -> str:
    """Returns a placeholder for `secret`, found at `place` (`cookie`) under `name` (`session`).

    It has the length of `secret` in UTF-8, and depends on nothing else of it. Numbers are tried from `first` on until
    the placeholder is not in `taken`; where the length leaves no room for another number, a taken one is returned. If
    `avoided` returns true for a placeholder, one without `place` and `name` is made.

    `tried` is kept between the calls: which numbers are known to be taken, by the placeholder with the number 1. Names
    that are the same where they are cut off share their numbers, so that many secrets do not all try the same ones.
    """
    make = _jwt if is_jwt(secret) else _plain
    known = tried.get(alike := make(secret, place, name, 1), range(first, first))
    for number in range(known.stop if first in known else first, 100_000):
        placeholder = make(secret, place, name, number)
        if avoided(placeholder):
            placeholder = _plain(secret, "x", "x", number)
        if placeholder not in taken or not _has_room(secret, number):
            tried[alike] = range(known.start if number >= known.stop >= first >= known.start else first, number + 1)
            return placeholder
    return placeholder


def in_any_text(secret: str, placeholder: str) -> str:
    """Returns the `placeholder` of `secret` as it may stand in any text: that of a JSON document is a JSON string, so
    that a document in which the secret stands stays one."""
    if secret[:1] in ("{", "[") and secret[-1:] in ("}", "]") and '"' in secret:
        return f'"{placeholder[:-2]}"'
    return placeholder


def _has_room(secret: str, number: int) -> bool:
    return len(secret.encode()) > len(str(number)) + 2 or number < 36


def _plain(secret: str, place: str, name: str, number: int) -> str:
    size = len(secret.encode())
    if secret.isascii() and secret.isdigit():
        return f"9{number:0{size - 1}}"[:size] if size > 1 else "9"
    if size < MIN_RECOGNISABLE:
        digits = _base36(number)
        return f"{'P' * (size - len(digits))}{digits}" if len(digits) < size else "P" * size
    marker, end = ("PLACEHOLDER" if size >= LONG else "PH"), f"_{number}"
    room = size - len(marker) - 1 - len(end)
    slug = _slug(f"{place}_{name}")
    if len(slug) > room:
        slug = _slug(name)[: max(room, 1)].rstrip("_")
    return f"{marker}_{slug or 'x'}{end}".ljust(size, "P")[:size]


@lru_cache(maxsize=4096)
def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _jwt(token: str, place: str, name: str, number: int) -> str:
    header, *middle, last = token.split(".")
    parts = [_encoded(_blanked(_decoded(header) or "{}", number, HEADER_FIELDS))]
    for part in middle:
        claims = _decoded(part)
        parts.append("P" * len(part) if claims is None else _encoded(_blanked(claims, number, set())))
    return ".".join([*parts, _plain(last, place, name, number) if last else ""])


def _blanked(document: str, number: int, keep: Collection[str]) -> str:
    """Returns the JSON text `document` with values of the same kind and length, except for the names in `keep`."""
    name = ""

    def blank(match: re.Match[str]) -> str:
        nonlocal name
        text, colon, digits = match[1], match[2], match[3]
        if colon:
            name = text[1:-1]
        if colon or name in keep:
            return match[0]
        if text:
            return f'"{_plain("x" * len(text[1:-1].encode()), "jwt", name, number)}"' if len(text) > 2 else text
        if name in ("exp", "iat", "nbf", "auth_time") and len(digits) == 10 and match[0] == digits:
            return str(FAR if name == "exp" else PAST)
        return re.sub(r"[0-9]", "9" if name == "exp" else "1", match[0])

    return TOKEN.sub(blank, document)


def _decoded(part: str) -> str | None:
    """Returns the JSON text of an object in one `part` of a token; None where it holds none."""
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        return text if isinstance(json.loads(text), dict) else None
    except (binascii.Error, ValueError, RecursionError):
        return None


def _encoded(document: str) -> str:
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def _is_our_jwt(value: str) -> bool:
    if not is_jwt(value):
        return False
    last = value.rpartition(".")[2]
    if len(last) >= MIN_RECOGNISABLE:
        return bool(SHAPE.fullmatch(last) or DIGITS.fullmatch(last))
    claims = _decoded(value.split(".")[1])
    return claims is not None and _blanked(claims, 1, set()) == claims
