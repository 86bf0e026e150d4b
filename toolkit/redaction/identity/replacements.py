"""Chooses what stands in the place of a value that tells of a person: of the same form, and the same for each value.

The forms, with a number that counts the values of each:

- an e-mail address: `person1@example.com`; a URL: `https://example.com/person1.png`; a picture in the text itself: one
  transparent pixel
- a UUID: `00000000-0000-4000-8000-000000000001`; a number: one of as many digits, `900001`; another id: a placeholder
  of its length
- a name: `Person 1`, where it is one word `Person1`, or `person1`; a telephone number: `+1-202-555-0101`

Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from toolkit.redaction.identity.addresses import is_address
from toolkit.redaction.identity.distinctive import PHONE, URL, UUID, is_generated
from toolkit.redaction.identity.shapes import PICTURE
from toolkit.redaction.placeholders import is_placeholder, plain_placeholder


def choose_replacements(values: Iterable[str]) -> dict[str, str]:
    """Returns what replaces each of `values`. Those that are replacements or placeholders already are left out."""
    chosen: dict[str, str] = {}
    made: dict[tuple[Callable[[str, int], str], str], str] = {}
    numbers: Counter[Callable[[str, int], str]] = Counter()
    for value in values:
        if value in chosen or is_placeholder(value):
            continue
        form = _form(value)
        alike = (form, value.lower())
        if alike not in made:
            numbers[form] += 1
            made[alike] = form(value, numbers[form])
        chosen[value] = made[alike]
        if form is _address:  # whose case does not matter
            chosen.setdefault(value.lower(), chosen[value])
    return chosen


def _form(value: str) -> Callable[[str, int], str]:
    if is_address(value):
        return _address
    if UUID.fullmatch(value):
        return _uuid
    if URL.match(value):
        return _url
    if value.isascii() and value.isdigit():
        return _id
    if PHONE.fullmatch(value):
        return _phone
    return _id if is_generated(value) else _name


def _address(_: str, number: int) -> str:
    return f"person{number}@example.com"


def _uuid(value: str, number: int) -> str:
    uuid = f"00000000-0000-4000-8000-{number:012}"
    return uuid if "-" in value else uuid.replace("-", "")


def _url(value: str, number: int) -> str:
    if value.startswith("data:"):
        return PICTURE
    return f"{'' if value.startswith('/') else 'https://example.com'}/person{number}.png"


def _id(value: str, number: int) -> str:
    return plain_placeholder(value, "identity", "id", number)


def _phone(_: str, number: int) -> str:
    return f"+1-202-555-01{number % 100:02}"


def _name(value: str, number: int) -> str:
    if len(value.split()) > 1:
        return f"Person {number}"
    return f"person{number}" if value == value.lower() else f"Person{number}"
