"""Compares a recorded call with the same call made today: shapes, and not values. Pure.

How bad each change is stands in `SEVERITIES`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from enum import IntEnum, StrEnum
from itertools import groupby
from typing import NamedTuple

from msgspec import UnsetType
from yarl import URL

from toolkit.har.model import Entry, Response
from toolkit.recording.body_events import BodyContent, BodyForm, Event, read_answer
from toolkit.recording.shape import ShapeChange, is_id, shape_differences, shape_of


class Severity(IntEnum):
    """How bad a change is: code that reads the recorded answers works on, should be looked at, or breaks."""

    HARMLESS = 0
    NOTABLE = 1
    BREAKING = 2


class CallChange(StrEnum):
    """How a call differs from the recorded one, besides the shapes of its documents."""

    ANSWER_FAILS = "the answer cannot be read"
    STATUS_FAILS = "the status is an error now"
    STATUS_CHANGED = "the status is another"
    MEDIA_TYPE_CHANGED = "the media type is another"
    MEDIA_TYPE_PARAMETERS = "the parameters of the media type are others"
    FORM_CHANGED = "the body has another form"
    END_CHANGED = "the last event is another"
    EVENT_WENT = "a kind of event went"
    EVENT_CAME = "a kind of event came"
    ORDER_CHANGED = "the events come in another order"
    CALL_WENT = "a request is not made any more"
    CALL_CAME = "a request is made that was not"


SEVERITIES: dict[CallChange | ShapeChange, Severity] = {
    CallChange.ANSWER_FAILS: Severity.BREAKING,
    CallChange.STATUS_FAILS: Severity.BREAKING,
    CallChange.MEDIA_TYPE_CHANGED: Severity.BREAKING,
    CallChange.FORM_CHANGED: Severity.BREAKING,
    CallChange.END_CHANGED: Severity.BREAKING,
    ShapeChange.FIELD_WENT: Severity.BREAKING,
    ShapeChange.TYPE_CHANGED: Severity.BREAKING,
    CallChange.STATUS_CHANGED: Severity.NOTABLE,
    CallChange.EVENT_WENT: Severity.NOTABLE,
    CallChange.EVENT_CAME: Severity.NOTABLE,
    CallChange.ORDER_CHANGED: Severity.NOTABLE,
    CallChange.CALL_WENT: Severity.NOTABLE,
    CallChange.CALL_CAME: Severity.NOTABLE,
    ShapeChange.BECAME_OPTIONAL: Severity.NOTABLE,
    ShapeChange.OPTIONAL_FIELD_WENT: Severity.NOTABLE,
    ShapeChange.NULL_CAME: Severity.NOTABLE,
    CallChange.MEDIA_TYPE_PARAMETERS: Severity.HARMLESS,
    ShapeChange.FIELD_CAME: Severity.HARMLESS,
    ShapeChange.TYPE_CAME: Severity.HARMLESS,
}


class Drift(NamedTuple):
    """One change: of which request (`POST /api/chat`), where in its answer ("" for all of it), and from what to what.
    It holds no value of an answer."""

    change: CallChange | ShapeChange
    call: str
    place: str = ""
    was: str = ""
    now: str = ""

    @property
    def severity(self) -> Severity:
        return SEVERITIES[self.change]


def find_drift(recorded: Iterable[Entry], live: Iterable[Entry]) -> list[Drift]:
    """Returns how the calls `live` differ from those `recorded`, the worst first. What pages fetched does not count."""
    old, new = _calls(recorded), _calls(live)
    drifts: list[Drift] = []
    matcher = SequenceMatcher(None, [name for name, _ in old], [name for name, _ in new], autojunk=False)
    for how, start, end, other_start, other_end in matcher.get_opcodes():
        if how == "equal":
            for (name, one), (_, other) in zip(old[start:end], new[other_start:other_end], strict=True):
                drifts += _compare(name, one, other)
        else:
            drifts += [Drift(CallChange.CALL_WENT, name) for name, _ in old[start:end]]
            drifts += [Drift(CallChange.CALL_CAME, name) for name, _ in new[other_start:other_end]]
    return sorted(dict.fromkeys(drifts), key=lambda drift: -drift.severity)


def _calls(entries: Iterable[Entry]) -> list[tuple[str, Entry]]:
    """Returns the exchanges of a client with their names; of one that is repeated at once, as in polling, the last."""
    named = [(_name(entry), entry) for entry in entries if isinstance(entry.pageref, UnsetType)]
    return [list(group)[-1] for _, group in groupby(named, key=lambda one: one[0])]


def _name(entry: Entry) -> str:
    """Returns the method and path of a request, with `*` for what is an id in the path."""
    path = "/".join("*" if is_id(part) else part for part in URL(entry.request.url).path.split("/"))
    return f"{entry.request.method} {path}"


def _compare(call: str, recorded: Entry, live: Entry) -> Iterator[Drift]:
    was, now = recorded.response, live.response
    if was.status != now.status:
        fails = now.status >= 400 > was.status or now.status <= 0
        change = CallChange.STATUS_FAILS if fails else CallChange.STATUS_CHANGED
        yield Drift(change, call, "", str(was.status), str(now.status))
        if fails:
            return  # an error has another answer anyway
    yield from _compare_media_types(call, was, now)
    old, new = read_answer(recorded), read_answer(live)
    if old.form != new.form:
        yield Drift(CallChange.FORM_CHANGED, call, "", old.form, new.form)
    elif old.form in (BodyForm.EVENTS, BodyForm.LINES):
        yield from _compare_events(call, old, new)
    elif old.form == BodyForm.JSON:
        yield from _compare_documents(call, "", old.events, new.events)


def _compare_media_types(call: str, was: Response, now: Response) -> Iterator[Drift]:
    old, new = (next(iter(one.values("content-type")), "").lower() for one in (was, now))
    if old.partition(";")[0].strip() != new.partition(";")[0].strip():
        yield Drift(CallChange.MEDIA_TYPE_CHANGED, call, "", old or "none", new or "none")
    elif old.replace(" ", "") != new.replace(" ", ""):
        yield Drift(CallChange.MEDIA_TYPE_PARAMETERS, call, "", old, new)


def _compare_events(call: str, was: BodyContent, now: BodyContent) -> Iterator[Drift]:
    old, new = ([event.kind for event in one.events] for one in (was, now))
    if old and new and old[-1] != new[-1]:
        yield Drift(CallChange.END_CHANGED, call, "", old[-1], new[-1])
    went = [kind for kind in dict.fromkeys(old) if kind not in new]
    came = [kind for kind in dict.fromkeys(new) if kind not in old]
    yield from (Drift(CallChange.EVENT_WENT, call, kind) for kind in went)
    yield from (Drift(CallChange.EVENT_CAME, call, kind) for kind in came)
    if not went and not came and (order := list(dict.fromkeys(old))) != (today := list(dict.fromkeys(new))):
        yield Drift(CallChange.ORDER_CHANGED, call, "", ", ".join(order), ", ".join(today))
    for kind in dict.fromkeys(old):
        old_events, new_events = ([event for event in one.events if event.kind == kind] for one in (was, now))
        yield from _compare_documents(call, "" if kind == "data" else kind, old_events, new_events)


def _compare_documents(call: str, kind: str, was: Sequence[Event], now: Sequence[Event]) -> Iterator[Drift]:
    shapes = (shape_of(event.data for event in was), shape_of(event.data for event in now))
    for difference in shape_differences(*shapes):
        place = ": ".join(text for text in (kind, difference.place or "the document") if text)
        yield Drift(difference.change, call, place, difference.was, difference.now)
