"""Secrets that were found in a text or in bytes, with their positions; listing them, and replacing them there. Pure.

The `find_*` functions of this room return a list of `Part`s. Nothing is changed while secrets are searched: collecting
them (`secrets_in`) and replacing them (`replace_in_text`, `edits_in_bytes`) are two steps over the same list.

Positions count characters where a `str` was searched, and bytes where `bytes` were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias, Union

from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps

Placeholders = Mapping[str, str]
"""What replaces each secret. A secret that is not in it stays."""


class Secret(NamedTuple):
    """A secret value.

    `kind` is the kind of place where it was found (`cookie`, `header`, `query`, `field` ...) and `name` the name of
    that place. `everywhere` says that the value is distinctive enough to be replaced wherever else it occurs.
    """

    kind: str
    name: str
    value: str
    everywhere: bool

    def __repr__(self) -> str:
        return f"<Secret {self.kind}>"


class Occurrence(NamedTuple):
    """A secret that stands at `start` to `end`. `write` encodes a placeholder for that position."""

    start: int
    end: int
    secret: Secret
    write: Callable[[str], str] = str


class Encoded(NamedTuple):
    """Encoded text at `start` to `end`, with `parts` in what it decodes to.

    `rewrite` returns the encoded text with its secrets replaced, or None where nothing changes.
    """

    start: int
    end: int
    parts: list[Part]
    rewrite: Callable[[Placeholders], str | None]


Part: TypeAlias = Union[Occurrence, "Encoded"]


def secrets_in(parts: Iterable[Part]) -> Iterator[Secret]:
    """Yields every secret of `parts`, also those within encoded text, in the order in which they were found."""
    for part in parts:
        if isinstance(part, Occurrence):
            yield part.secret
        else:
            yield from secrets_in(part.parts)


def replace_in_text(text: str, parts: Iterable[Part], placeholders: Placeholders) -> str:
    """Returns `text` with the secrets at `parts` replaced."""
    edits = [Edit(part.start, part.end, new) for part in parts if (new := _new_text(part, placeholders)) is not None]
    return apply_edits(text, drop_overlaps(edits)) if edits else text


def edits_in_bytes(parts: Iterable[Part], placeholders: Placeholders) -> list[Edit[bytes]]:
    """Returns the edits that replace the secrets at `parts`. They may overlap; see `drop_overlaps`."""
    return [
        Edit(part.start, part.end, new.encode()) for part in parts if (new := _new_text(part, placeholders)) is not None
    ]


def encoded_text(start: int, end: int, text: str, parts: list[Part], encode: Callable[[str], str]) -> list[Part]:
    """Returns `parts`, positions in the decoded `text`, as one part at `start` to `end`; an empty list for none."""

    def rewrite(placeholders: Placeholders) -> str | None:
        new = replace_in_text(text, parts, placeholders)
        return encode(new) if new != text else None

    return [Encoded(start, end, parts, rewrite)] if parts else []


def encoded_bytes(start: int, end: int, data: bytes, parts: list[Part], encode: Callable[[bytes], str]) -> list[Part]:
    """Returns `parts`, positions in the decoded `data`, as one part at `start` to `end`; an empty list for none."""

    def rewrite(placeholders: Placeholders) -> str | None:
        edits = edits_in_bytes(parts, placeholders)
        return encode(apply_edits(data, drop_overlaps(edits))) if edits else None

    return [Encoded(start, end, parts, rewrite)] if parts else []


def only_collected(parts: list[Part]) -> list[Part]:
    """Returns `parts` as one that is never replaced in its own place, because a larger value around it is."""
    return [Encoded(0, 0, parts, lambda _: None)] if parts else []


def shifted(parts: list[Part], offset: int) -> list[Part]:
    """Returns `parts`, found in a piece of a text, with their positions in the whole one, where it starts at
    `offset`."""
    return [part._replace(start=part.start + offset, end=part.end + offset) for part in parts]


def _new_text(part: Part, placeholders: Placeholders) -> str | None:
    """What to put in the place of `part`; None to leave it."""
    if isinstance(part, Encoded):
        return part.rewrite(placeholders)
    value = part.secret.value
    new = placeholders.get(value, value)
    return part.write(new) if new != value else None
