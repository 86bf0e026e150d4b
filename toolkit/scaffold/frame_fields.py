"""Finds what the frames of an answer say besides its text: kinds, end, failures, reasoning, cost. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toolkit.providers.dialects.by_form import At
from toolkit.providers.dialects.frames import Frame
from toolkit.scaffold.exchange import told_leaves
from toolkit.scaffold.facts import Place

# The names by which sites tell their frames apart.
KIND_NAMES = {
    *("type", "event", "event_type", "eventtype", "kind", "object", "op", "msg", "role", "status", "action", "subtype"),
    *("sender", "author", "channel", "method", "cmd", "state", "messagetype", "message_type", "p", "o", "phase"),
}
KIND_LIMIT = 40  # characters of the name of a kind
END_WORDS = ("end", "done", "finish", "complete", "stop", "close", "final")
THOUGHTS = ("reasoning", "thinking", "thought")
KIND = re.compile(r"[A-Za-z][A-Za-z_.-]*")
MANY_FRAMES = 12  # of which a place of any name may tell the kinds


@dataclass(frozen=True)
class Group:
    """Frames of one kind: the name of the event, and what stands at the places that tell kinds apart."""

    event: str
    where: tuple[tuple[str, Any], ...]


ANY_KIND = Group("", ())  # of texts that grow from frames of one kind to those of another


def kind_places(frames: tuple[Frame, ...]) -> set[Place]:
    """The places that tell frames apart, by their names and the few words that stand there; a place of any name where
    there are many frames and very few words."""
    seen: dict[Place, list[Any]] = defaultdict(list)
    for frame in frames:
        for path, value in told_leaves(frame.value):
            if path and len(path) <= 4:
                seen[path].append(value)
    return {path for path, values in seen.items() if _tells_kinds(str(path[-1]).lower(), values)}


def _tells_kinds(name: str, values: list[Any]) -> bool:
    if not all(isinstance(value, str) and len(value) <= KIND_LIMIT for value in values):
        return False
    distinct = set(values)
    if name in KIND_NAMES:
        return len(distinct) <= 12
    return len(values) >= MANY_FRAMES and len(distinct) <= 4 and all(KIND.fullmatch(value) for value in distinct)


def find_fields(frames: tuple[Frame, ...], group: Group, path: Place, snapshots: bool, text: str) -> dict[str, Any]:
    """The attributes of the dialect whose text stands at `path` in the frames of `group`."""
    dotted = dotted_path(path)
    where = _telling(frames, group, dotted)
    fields: dict[str, Any] = {"text": At(dotted, event=_event(frames, group), where=where)}
    if snapshots:
        fields["snapshots"] = True
    if total := _total(frames, group, text):
        fields["total"] = total
    if last := _last(frames, group, dotted, snapshots):
        fields["final"] = last
    if failure := _failure(where):
        fields["failures"] = (At("error"), failure)
    if thought := _thought(frames, group, dotted):
        fields["thought"] = thought
    if cost := _cost(frames):
        fields["cost"] = cost
    return fields


def _event(frames: tuple[Frame, ...], group: Group) -> str:
    """The name of the events, where there are others."""
    return group.event if any(frame.event != group.event for frame in frames) else ""


def _telling(frames: tuple[Frame, ...], group: Group, path: str) -> dict[str, Any]:
    """What has to stand elsewhere in a frame, so that no frame of another kind is taken for one with text: at one place
    if that tells all, those of the usual names first."""
    others = [f for f in frames if f.is_json and At(path).text(f) and group_of(f, group) != group]
    telling = {place: value for place, value in group.where if any(_at(f, place) != value for f in others)}
    usual = sorted(telling, key=lambda place: place.rpartition(".")[2].lower() not in KIND_NAMES)
    for place in usual:
        if all(_at(f, place) != telling[place] for f in others):
            return {place: telling[place]}
    return telling


def group_of(frame: Frame, like: Group) -> Group:
    return Group(frame.event, tuple((place, _at(frame, place)) for place, _ in like.where))


def _at(frame: Frame, place: str) -> Any:
    return At(place).value(frame)


def _total(frames: tuple[Frame, ...], group: Group, text: str) -> At | None:
    """Where the whole text comes once more, in a frame of another kind."""
    for frame in reversed(frames):
        if not frame.is_json or (frame.event == group.event and group_of(frame, group) == group):
            continue
        for path, value in told_leaves(frame.value):
            if isinstance(value, str) and value.strip() and value == text:
                told = ((dotted_path(p), v) for p, v in told_leaves(frame.value) if len(p) == 1)
                where = {name: v for name, v in told if name.lower() in KIND_NAMES}
                return At(dotted_path(path), event=frame.event, where=where)
    return None


def _last(frames: tuple[Frame, ...], group: Group, text: str, snapshots: bool) -> At | None:
    """The mark of the end: a frame after the last text, which stands at the place `text`, of a kind that no frame
    before that has."""
    of_group = (i for i, frame in enumerate(frames) if frame.event == group.event and group_of(frame, group) == group)
    at = [i for i in of_group if frames[i].is_json and At(text).text(frames[i])]
    end = at[-1] if at else -1
    for frame in frames[end + 1 :]:
        if not frame.is_json and frame.data.strip():
            return At(data=frame.data.strip()) if len(frame.data) <= KIND_LIMIT else None
    marks = [mark for frame in frames[end + 1 :] for mark in marks_of(frame)]
    marks = [mark for mark in marks if not any(mark.means(other) for other in frames[: end + 1])]
    if marks:
        return next((mark for mark in marks if says_end(mark)), marks[0])
    final = frames[end] if at else None
    if final is not None and final.is_json:  # the frame with the last text says that it is the last
        alone = marks_of(final) if (len(at) == 1 or snapshots) and end > 0 else iter(())
        said = (
            At(where={dotted_path(path): value})
            for path, value in told_leaves(final.value)
            if value is True or value in ("stop", "done", "completed", "complete")
        )
        return next((mark for mark in (*said, *alone) if not any(mark.means(one) for one in frames[:end])), None)
    return None


def says_end(mark: At) -> bool:
    return any(word in str(said).lower() for said in (mark.event, *mark.where.values()) for word in END_WORDS)


def marks_of(frame: Frame) -> Iterator[At]:
    """Yields what may mark the end in `frame`."""
    if frame.event and not frame.is_json:
        yield At(event=frame.event)
    values = list(told_leaves(frame.value)) if frame.is_json else []
    for path, value in values:
        named = str(path[-1]).lower() if path else ""
        if isinstance(value, str) and 0 < len(value) <= KIND_LIMIT and named in {*KIND_NAMES, "finish_reason"}:
            yield At(where={dotted_path(path): value})
    for path, value in values:
        if value is True:
            yield At(where={dotted_path(path): True})
    if frame.event:
        yield At(event=frame.event)


def _failure(where: dict[str, Any]) -> At | None:
    """How a failure is told, as the kinds of this site suggest: none was seen. A name like `error` in place of that of
    the text."""
    for place, value in where.items():
        if isinstance(value, str) and place.rpartition(".")[2].lower() in ("type", "event", "event_type", "kind"):
            return At(where={place: "ERROR" if value.isupper() else "error"})
    return None


def _thought(frames: tuple[Frame, ...], group: Group, text: str) -> At | None:
    """Where the reasoning is: frames of a kind, or a name, that says so."""
    for frame in frames:
        if not frame.is_json:
            continue
        for path, value in told_leaves(frame.value):
            dotted = dotted_path(path)
            if not isinstance(value, str) or not value or dotted == text:
                continue
            if path and any(word in str(path[-1]).lower() for word in THOUGHTS) and is_prose_piece(value):
                return At(dotted)
    for frame in frames:
        for place, value in group_of(frame, group).where:
            if isinstance(value, str) and any(word in value.lower() for word in THOUGHTS) and At(text).text(frame):
                return At(text, where={place: value})
    return None


def is_prose_piece(text: str) -> bool:
    """Decides whether `text` may be a piece of a sentence."""
    return any(char.isalpha() for char in text)


def _cost(frames: tuple[Frame, ...]) -> At | None:
    """Where the numbers of tokens are."""
    for frame in frames:
        for path, value in told_leaves(frame.value):
            if path and isinstance(value, int) and str(path[-1]) in ("completion_tokens", "output_tokens"):
                return At(dotted_path(path[:-1]))
    return None


def dotted_path(path: Place) -> str:
    return ".".join(map(str, path))
