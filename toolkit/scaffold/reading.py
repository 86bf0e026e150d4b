"""Finds how the answer is read from one body: in a known dialect, else by its form. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.by_form import At, ByForm
from toolkit.providers.dialects.frames import DocumentFrames, EventFrames, Frame, LineFrames, TextFrames
from toolkit.providers.dialects.plain_text import PlainText
from toolkit.providers.dialects.recognition import read_whole, recognise
from toolkit.scaffold.exchange import Exchange, leaves
from toolkit.scaffold.facts import Certainty, Place
from toolkit.scaffold.words import is_prose, same_words

# The names by which sites tell their frames apart.
KIND_NAMES = {
    *("type", "event", "event_type", "eventtype", "kind", "object", "op", "msg", "role", "status", "action", "subtype"),
    *("sender", "author", "channel", "method", "cmd", "state", "messagetype", "message_type", "p", "o"),
}
MANY_TEXTS = 12  # of one document: it is a list of something
KIND_LIMIT = 40  # characters of the name of a kind
END_WORDS = ("end", "done", "finish", "complete", "stop", "close", "final")
THOUGHTS = ("reasoning", "thinking", "thought")
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

    def again(self, exchange: Exchange) -> str:
        """Reads the answer of another exchange; "" where it cannot."""
        found = read_whole(self.kind(), [exchange.content])
        return found.text if found.error is None else ""


@dataclass(frozen=True)
class _Group:
    """Frames of one kind: the name of the event, and what stands at the places that tell kinds apart."""

    event: str
    where: tuple[tuple[str, Any], ...]


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
    kind = exchange.content_type
    text = exchange.text
    return not any(word in kind for word in ("html", "javascript")) and not text.startswith(("<", "data:", "\x00"))


def _in_document(exchange: Exchange, answer: str | None) -> Iterator[Reading]:
    """The text is a value of one JSON document. Without an answer to look for, a document with many texts is none."""
    texts = [(path, value) for path, value in exchange.answer_values if isinstance(value, str) and value.strip()]
    if answer is None and sum(is_prose(value) for _, value in texts) > MANY_TEXTS:
        return
    for path, value in texts:
        for written, text in _written(value):
            if _fits(text, answer):
                place = _dotted(path[1:] if path and isinstance(path[0], int) else path)  # frames are a list's items
                fields: dict[str, Any] = {"text": At(place), "snapshots": True, "final": At(place)}
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
    kinds = _kind_places(frames)
    texts: dict[tuple[_Group, Place], list[str]] = defaultdict(list)
    for frame in frames:
        if not frame.is_json:
            continue
        group = _Group(frame.event, tuple((_dotted(p), v) for p, v in leaves(frame.value, ()) if p in kinds))
        for path, value in leaves(frame.value, ()):
            if isinstance(value, str) and value and path not in kinds:
                texts[group, path].append(value)
    for (group, path), pieces in texts.items():
        for snapshots in (False, True):
            text = pieces[-1] if snapshots else "".join(pieces)
            if snapshots and (len(pieces) == 1 or not _grows(pieces)):
                continue
            if not snapshots and len(pieces) > 2 and _grows(pieces):
                continue
            if (answer is None and snapshots is False and len(pieces) < 2) or not _fits(text, answer):
                continue
            fields = _fields(frames, group, path, snapshots, text)
            kind = make_kind(form, fields)
            found = read_whole(kind(), [exchange.content])
            if found.error is None and same_words(found.text, text) and not _is_part(found.text, frames, snapshots):
                yield Reading(kind, form, fields, found.text, len(pieces), found.sure)


def _is_part(text: str, frames: tuple[Frame, ...], snapshots: bool) -> bool:
    """Decides whether the stream holds a longer text of which `text` is the rest: then its beginning came elsewhere."""
    values = (value for frame in frames for _, value in leaves(frame.value, ()) if isinstance(value, str))
    return not snapshots and any(text.strip() in value and len(value) > len(text.strip()) + 1 for value in values)


def _grows(pieces: list[str]) -> bool:
    """Decides whether each text begins with the one before, or nearly: some end with a cursor."""
    pairs = list(pairwise(pieces))
    return bool(pairs) and all(len(after) >= len(before) and after.startswith(before[:-1]) for before, after in pairs)


def _fits(text: str, answer: str | None) -> bool:
    return same_words(text, answer) if answer is not None else is_prose(text)


def _kind_places(frames: tuple[Frame, ...]) -> set[Place]:
    """The places that tell frames apart, by their names and the few words that stand there."""
    seen: dict[Place, set[Any]] = defaultdict(set)
    for frame in frames:
        for path, value in leaves(frame.value, ()):
            if path and str(path[-1]).lower() in KIND_NAMES and len(path) <= 4:
                seen[path].add(value if isinstance(value, str | int | bool) or value is None else "")
    return {
        path
        for path, values in seen.items()
        if len(values) <= 12 and all(isinstance(v, str) and len(v) <= KIND_LIMIT for v in values)
    }


def _fields(frames: tuple[Frame, ...], group: _Group, path: Place, snapshots: bool, text: str) -> dict[str, Any]:
    """The attributes of the dialect whose text stands at `path` in the frames of `group`."""
    dotted = _dotted(path)
    where = _telling(frames, group, dotted)
    fields: dict[str, Any] = {"text": At(dotted, event=_event(frames, group), where=where)}
    if snapshots:
        fields["snapshots"] = True
    if total := _total(frames, group, text):
        fields["total"] = total
    if last := _last(frames, group, where):
        fields["final"] = last
    if failure := _failure(where):
        fields["failures"] = (At("error"), failure)
    if thought := _thought(frames, group, dotted):
        fields["thought"] = thought
    if cost := _cost(frames):
        fields["cost"] = cost
    return fields


def _event(frames: tuple[Frame, ...], group: _Group) -> str:
    """The name of the events, where there are others."""
    return group.event if any(frame.event != group.event for frame in frames) else ""


def _telling(frames: tuple[Frame, ...], group: _Group, path: str) -> dict[str, Any]:
    """What has to stand elsewhere in a frame, so that no frame of another kind is taken for one with text."""
    others = [f for f in frames if f.is_json and At(path).text(f) and _group_of(f, group) != group]
    return {place: value for place, value in group.where if others and any(_at(f, place) != value for f in others)}


def _group_of(frame: Frame, like: _Group) -> _Group:
    return _Group(frame.event, tuple((place, _at(frame, place)) for place, _ in like.where))


def _at(frame: Frame, place: str) -> Any:
    return At(place).value(frame)


def _total(frames: tuple[Frame, ...], group: _Group, text: str) -> At | None:
    """Where the whole text comes once more, in a frame of another kind."""
    for frame in reversed(frames):
        if not frame.is_json or (frame.event == group.event and _group_of(frame, group) == group):
            continue
        for path, value in leaves(frame.value, ()):
            if isinstance(value, str) and value.strip() and value == text:
                where = {
                    _dotted(p): v for p, v in leaves(frame.value, ()) if len(p) == 1 and str(p[0]).lower() in KIND_NAMES
                }
                return At(_dotted(path), event=frame.event, where=where)
    return None


def _last(frames: tuple[Frame, ...], group: _Group, where: dict[str, Any]) -> At | None:
    """The mark of the end: a frame after the last text, of a kind that no frame before that has."""
    at = [i for i, frame in enumerate(frames) if frame.event == group.event and _group_of(frame, group) == group]
    end = at[-1] if at else -1
    for frame in frames[end + 1 :]:
        if not frame.is_json and frame.data.strip():
            return At(data=frame.data.strip()) if len(frame.data) <= KIND_LIMIT else None
    marks = [mark for frame in frames[end + 1 :] for mark in _marks(frame)]
    marks = [mark for mark in marks if not any(mark.means(other) for other in frames[: end + 1])]
    if marks:
        return next((mark for mark in marks if _says_end(mark)), marks[0])
    final = frames[end] if at else None
    if final is not None and final.is_json:  # the frame with the last text says that it is the last
        for path, value in leaves(final.value, ()):
            if value is True or (isinstance(value, str) and value in ("stop", "done", "completed", "complete")):
                candidate = At(where={_dotted(path): value})
                if not any(candidate.means(other) for other in frames[:end]):
                    return candidate
    return None


def _says_end(mark: At) -> bool:
    return any(word in str(said).lower() for said in (mark.event, *mark.where.values()) for word in END_WORDS)


def _marks(frame: Frame) -> Iterator[At]:
    """Yields what may mark the end in `frame`."""
    if frame.event and not frame.is_json:
        yield At(event=frame.event)
    values = list(leaves(frame.value, ())) if frame.is_json else []
    for path, value in values:
        named = str(path[-1]).lower() if path else ""
        if isinstance(value, str) and 0 < len(value) <= KIND_LIMIT and named in {*KIND_NAMES, "finish_reason"}:
            yield At(where={_dotted(path): value})
    for path, value in values:
        if value is True:
            yield At(where={_dotted(path): True})
    if frame.event:
        yield At(event=frame.event)


def _failure(where: dict[str, Any]) -> At | None:
    """How a failure is told, as the kinds of this site suggest: none was seen. A name like `error` in place of that of
    the text."""
    for place, value in where.items():
        if isinstance(value, str) and place.rpartition(".")[2].lower() in ("type", "event", "event_type", "kind"):
            return At(where={place: "ERROR" if value.isupper() else "error"})
    return None


def _thought(frames: tuple[Frame, ...], group: _Group, text: str) -> At | None:
    """Where the reasoning is: frames of a kind, or a name, that says so."""
    for frame in frames:
        if not frame.is_json:
            continue
        for path, value in leaves(frame.value, ()):
            dotted = _dotted(path)
            if not isinstance(value, str) or not value or dotted == text:
                continue
            if path and any(word in str(path[-1]).lower() for word in THOUGHTS) and is_prose_piece(value):
                return At(dotted)
    for frame in frames:
        for place, value in _group_of(frame, group).where:
            if isinstance(value, str) and any(word in value.lower() for word in THOUGHTS) and At(text).text(frame):
                return At(text, where={place: value})
    return None


def is_prose_piece(text: str) -> bool:
    """Decides whether `text` may be a piece of a sentence."""
    return any(char.isalpha() for char in text)


def _cost(frames: tuple[Frame, ...]) -> At | None:
    """Where the numbers of tokens are."""
    for frame in frames:
        for path, value in leaves(frame.value, ()):
            if path and isinstance(value, int) and str(path[-1]) in ("completion_tokens", "output_tokens"):
                return At(_dotted(path[:-1]))
    return None


def _dotted(path: Place) -> str:
    return ".".join(map(str, path))
