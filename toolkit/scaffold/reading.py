"""Finds how the answer is read from one body: in a known dialect, else by its form. Pure."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

from toolkit.har.resource_kind import resource_kind
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.by_form import At, ByForm
from toolkit.providers.dialects.frames import DocumentFrames, EventFrames, Frame, LineFrames, TextFrames
from toolkit.providers.dialects.plain_text import PlainText
from toolkit.providers.dialects.recognition import read_whole, recognise
from toolkit.scaffold.exchange import Exchange, marks_of_frame, told_leaves
from toolkit.scaffold.facts import Certainty, Place
from toolkit.scaffold.frame_fields import (
    ANY_KIND,
    THOUGHTS,
    Group,
    dotted_path,
    find_fields,
    kind_places,
    marks_of,
    says_end,
)
from toolkit.scaffold.words import is_prose, same_words

MANY_TEXTS = 12  # of one document: it is a list of something
FORMS = {"sse": EventFrames, "json lines": LineFrames, "json": DocumentFrames, "text": TextFrames}
Form = Literal["sse", "json lines", "json", "text"]


@dataclass(frozen=True)
class Reading:
    """One way to read an answer from a body: `kind` reads it, and `fields` are the attributes of a `ByForm` (none for a
    known dialect). `text` is what it reads, in `pieces`; `sure` is whether it saw the end."""

    kind: type[Dialect]
    form: Form
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    pieces: int = 0
    sure: bool = False

    @property
    def certainty(self) -> Certainty:
        return "sure" if self.sure else "likely"

    @property
    def is_known(self) -> bool:
        """Whether the body has the signs of a dialect that is known, and not only a form."""
        return not issubclass(self.kind, ByForm | PlainText)

    def again(self, exchange: Exchange) -> str:
        """Reads the answer of another exchange; "" where it cannot."""
        found = read_whole(self.kind(), [exchange.content])
        return found.text if found.error is None else ""


def readings(exchange: Exchange, answer: str | None) -> Iterator[Reading]:
    """Yields the ways in which the body of `exchange` gives the `answer`, by its words; without one, all in which it
    gives what somebody may have written. The best come first."""
    found = recognise(exchange.response_headers, exchange.content) if exchange.content else None
    if found is not None and found.error is None and found.text.strip() and _fits(found.text, answer):
        pieces = sum(isinstance(piece, str) for piece in found.pieces)
        if found.sure or not found.dialect.marks_end:
            yield Reading(found.dialect, _form_of(found.dialect), {}, found.text, pieces, found.sure)
    yield from _by_form(exchange, answer)


def make_kind(form: Form, fields: dict[str, Any]) -> type[ByForm]:
    """Returns the dialect that `fields` describe."""
    marks_end = fields.get("final") is not None
    return type("Answer", (ByForm,), {"frames": FORMS[form], "marks_end": marks_end, **fields})


def _form_of(dialect: type[Dialect]) -> Form:
    form: Form
    for form in ("json lines", "json", "text"):
        if FORMS[form] is dialect.frames:
            return form
    return "sse"


def _by_form(exchange: Exchange, answer: str | None) -> Iterator[Reading]:
    if exchange.document is not None:
        yield from _in_document(exchange, answer)
    elif exchange.frames:
        form: Form = "json lines" if exchange.text.lstrip()[:1] in ("{", "[") else "sse"
        yield from sorted(_in_frames(exchange, form, answer), key=_quality, reverse=True)
    elif _is_plain(exchange) and _fits(exchange.text, answer):
        pieces = len(exchange.entry.response.content.pieces())
        yield Reading(PlainText, "text", {}, exchange.text, pieces)


def _quality(reading: Reading) -> tuple[bool, bool, int]:
    return reading.pieces > 1 and not reading.fields.get("snapshots"), reading.pieces > 1, len(reading.text)


def _is_plain(exchange: Exchange) -> bool:
    text = exchange.text
    is_call = resource_kind(exchange.entry) == "call" and "html" not in exchange.content_type
    return is_call and not text.startswith(("<", "data:", "\x00"))


def _in_document(exchange: Exchange, answer: str | None) -> Iterator[Reading]:
    """The text is a value of one JSON document. Without an answer to look for, a document with many texts is none."""
    texts = [(path, value) for path, value in exchange.answer_values if isinstance(value, str) and value.strip()]
    if answer is None and sum(is_prose(value) for _, value in texts) > MANY_TEXTS:
        return
    for path, value in texts:
        for written, text in _written(value):
            if _fits(text, answer):
                place = dotted_path(
                    path[1:] if path and isinstance(path[0], int) else path
                )  # frames are a list's items
                at = At(place, where=marks_of_frame(exchange))
                fields: dict[str, Any] = {"text": at, "snapshots": True, "final": at}
                fields |= {"written": written} if written else {}
                kind = make_kind("json", fields)
                read = read_whole(kind(), [exchange.content])
                if read.error is None and _fits(read.text, answer):
                    yield Reading(kind, "json", fields, read.text, 1, sure=True)


def _written(value: str) -> Iterator[tuple[str, str]]:
    """Yields what `value` may be: the text itself, base64, HTML; and the text that it then is."""
    read = make_kind("text", {"snapshots": True})
    for written in ("", "base64", "html"):
        if written == "html" and "<" not in value:
            continue
        reader = type("Answer", (read,), {"written": written})
        found = read_whole(reader(), [value.encode()])
        if found.error is None and found.text and (not written or found.text != value) and "\ufffd" not in found.text:
            yield written, found.text


def _in_frames(exchange: Exchange, form: Form, answer: str | None) -> Iterator[Reading]:
    """The text comes in frames: those of one kind hold pieces, or the text so far."""
    frames = exchange.frames
    kinds = kind_places(frames)
    texts: dict[tuple[Group, Place], list[str]] = defaultdict(list)
    everywhere: dict[Place, list[str]] = defaultdict(list)
    for frame in frames:
        if not frame.is_json:
            continue
        group = Group(frame.event, tuple((dotted_path(p), v) for p, v in told_leaves(frame.value) if p in kinds))
        for path, value in told_leaves(frame.value):
            if isinstance(value, str) and value and path not in kinds:
                texts[group, path].append(value)
                everywhere[path].append(value)
    grouped = {path: [group for group, at in texts if at == path] for path in everywhere}
    mixed = [((ANY_KIND, path), values) for path, values in everywhere.items() if len(grouped[path]) > 1]
    for (group, path), pieces in (*texts.items(), *mixed):
        if answer is None and _is_thought(group, path):
            continue
        for written, read in _written_pieces(pieces):
            for snapshots in (True,) if group is ANY_KIND else (False, True):
                text = read[-1] if snapshots else "".join(read)
                if snapshots and (len(read) == 1 or not _grows(read, 0.8)):
                    continue
                if not snapshots and len(read) > 2 and _grows(read, 0.5):
                    continue
                alone = answer is None and len(read) < 2 and form != "sse" and not exchange.is_frame
                if alone or not _fits(text, answer):
                    continue
                fields = find_fields(frames, group, path, snapshots, text)
                fields |= {"written": written} if written else {}
                kind = make_kind(form, fields)
                found = read_whole(kind(), [exchange.content])
                if (
                    found.error is None
                    and same_words(found.text, text)
                    and not _is_part(found.text, frames, path, snapshots)
                ):
                    yield Reading(kind, form, fields, found.text, len(read), found.sure)


def _written_pieces(pieces: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yields how the pieces of a text may be written: as they are, or in base64; and what they then are."""
    yield "", pieces
    try:
        yield "base64", [base64.b64decode(piece, validate=True).decode() for piece in pieces]
    except ValueError:
        return


def _is_thought(group: Group, path: Place) -> bool:
    """Decides whether frames say that they hold the reasoning."""
    said = (group.event, *(str(value) for _, value in group.where), *map(str, path))
    return any(word in one.lower() for one in said for word in THOUGHTS)


def _is_part(text: str, frames: tuple[Frame, ...], path: Place, snapshots: bool) -> bool:
    """Decides whether the stream holds a longer text of which `text` is the rest: then its beginning came elsewhere. Of
    texts that grow, the longer one stands at the same `path`."""
    if snapshots:
        begun = text[: -2 or None].rstrip()  # without a cursor
        return any(
            value.startswith(begun) and len(value) > len(text) for value in map(At(dotted_path(path)).text, frames)
        )
    values = (value for frame in frames for _, value in told_leaves(frame.value) if isinstance(value, str))
    return any(text.strip() in value and len(value) > len(text.strip()) + 1 for value in values)


def _grows(pieces: list[str], share: float) -> bool:
    """Decides whether this share of the texts begin with the one before, or nearly: some end with a cursor, and some
    streams begin with another text."""
    pairs = list(pairwise(pieces))
    growing = [
        len(after) >= len(before) and (after.startswith(before) or (len(before) > 3 and after.startswith(before[:-1])))
        for before, after in pairs
    ]
    longer = len(pieces[-1]) > max(len(pieces[0]), 2)
    return bool(pairs) and longer and sum(growing) >= share * len(pairs)


def _fits(text: str, answer: str | None) -> bool:
    return same_words(text, answer) if answer is not None else is_prose(text)


def end_of_polling(reading: Reading, last: Exchange, earlier: list[Exchange]) -> Reading | None:
    """Returns `reading`, which reads a document, with the mark by which the `last` of its answers differs from the
    `earlier` ones, which were not complete; as it is where these had no text, and None where nothing tells a part of
    the answer from the whole."""
    for frame in make_frames(last):
        for mark in sorted(marks_of(frame), key=says_end, reverse=True):
            if not any(mark.means(other) for one in earlier for other in make_frames(one)):
                fields = {**reading.fields, "final": mark}
                return replace(reading, kind=make_kind(reading.form, fields), fields=fields)
    return None if any(reading.again(one) for one in earlier) else reading


def make_frames(exchange: Exchange) -> list[Frame]:
    """Returns the objects of an answer that is a document, as `frames` of the kind `json` are."""
    decoder = DocumentFrames()
    return [*decoder.feed(exchange.content), *decoder.flush()]
