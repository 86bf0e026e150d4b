"""What is told of a call that is answered otherwise than it was recorded, and how bad that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.recording.helpers import SITE, entry, socket
from toolkit.har.model import Entry
from toolkit.recording.drift import SEVERITIES, CallChange, Severity, find_drift
from toolkit.recording.shape import ShapeChange

EVENTS = [("Content-Type", "text/event-stream")]
JSON = [("Content-Type", "application/json")]


def stream(*events: Any, headers: list[tuple[str, str]] = EVENTS, **parts: Any) -> Entry:
    """A call that is answered by events: JSON, or a text as it is; a pair has a name too."""
    lines = ""
    for event in events:
        name, data = event if isinstance(event, tuple) else ("", event)
        lines += f"event: {name}\n" if name else ""
        lines += f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
    return entry("POST", f"{SITE}/api/chat", headers=headers, body=lines.encode(), **parts)


def document(value: Any, url: str = f"{SITE}/api/models", **parts: Any) -> Entry:
    return entry("GET", url, headers=JSON, body=json.dumps(value).encode(), **parts)


def told(was: Entry | list[Entry], now: Entry | list[Entry]) -> list[tuple[str, str]]:
    old, new = ([one] if isinstance(one, Entry) else one for one in (was, now))
    return [(drift.change, drift.place) for drift in find_drift(old, new)]


def test_another_answer_of_the_same_shape_is_none() -> None:
    """Other words, in more events, with other ids in the path, and other heartbeats."""
    was = [document([{"id": "a"}]), stream({"text": "Hi"}, {"text": "!"}, "[DONE]")]
    now = [document([{"id": "b"}, {"id": "c"}]), stream(*[{"text": "Ho"}] * 9, "[DONE]")]
    assert told(was, now) == []
    one, other = (document({"a": 1}, f"{SITE}/call/{number}/x") for number in ("0123456789abcdef", "fedcba9876543210"))
    assert told(one, other) == []


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (document({"a": 1}), document({"a": "1"}), (ShapeChange.TYPE_CHANGED, "a")),
        (document({"a": 1}), document({}), (ShapeChange.FIELD_WENT, "a")),
        (document([1]), document({"data": [1]}), (ShapeChange.TYPE_CHANGED, "the document")),
        (document({}), document({}, status=404), (CallChange.STATUS_FAILS, "")),
        (document({}), document({}, status=201), (CallChange.STATUS_CHANGED, "")),
        (stream({"a": 1}), stream({"a": 1}, headers=JSON), (CallChange.MEDIA_TYPE_CHANGED, "")),
        (
            stream({"a": 1}),
            stream({"a": 1}, headers=[("Content-Type", "text/event-stream; charset=utf-8")]),
            (CallChange.MEDIA_TYPE_PARAMETERS, ""),
        ),
        (
            stream({"a": 1}, headers=[]),
            entry("POST", f"{SITE}/api/chat", body=b'{"a": 1}'),
            (CallChange.FORM_CHANGED, ""),
        ),
        (stream({"a": 1}, "[DONE]"), stream({"a": 1}), (CallChange.END_CHANGED, "")),
        (
            stream(("token", {"t": 1}), ("end", {})),
            stream(("delta", {"t": 1}), ("end", {})),
            (CallChange.EVENT_WENT, "token"),
        ),
        (
            stream({"type": "a"}, {"type": "b"}, {"type": "c"}),
            stream({"type": "b"}, {"type": "a"}, {"type": "c"}),
            (CallChange.ORDER_CHANGED, ""),
        ),
        (stream(("t", {"d": {"c": "x"}})), stream(("t", {"d": {"c": ["x"]}})), (ShapeChange.TYPE_CHANGED, "t: d.c")),
    ],
)
def test_each_change_is_told(was: Entry, now: Entry, expected: tuple[str, str]) -> None:
    """With its place in the answer."""
    assert expected in told(was, now)


def test_what_is_said_over_a_websocket_is_compared() -> None:
    """Its frames are events: by their names in socket.io, whatever was asked and however often it pinged."""
    url = f"wss{SITE[5:]}/socket.io/?EIO=4&transport=websocket"
    was = socket(
        ("<", '0{"sid":"a"}'), (">", "40"), ("<", '42["token",{"token":"Hi"}]'), ("<", '42["end",{}]'), url=url
    )
    same = socket(
        ("<", '0{"sid":"b"}'), ("<", "2"), *[("<", '42["token",{"token":"Ho"}]')] * 3, ("<", '42["end",{}]'), url=url
    )
    other = socket(("<", '0{"sid":"a"}'), ("<", '42["token",{"text":"Hi"}]'), ("<", '42["end",{}]'), url=url)
    assert told(was, same) == []
    assert (ShapeChange.FIELD_WENT, "token: [].token") in told(was, other)


def test_requests_that_came_and_went_are_told() -> None:
    """In their order; a question that is repeated until it is answered counts once, and pages do not count."""
    models, chat = document([{"id": "a"}]), stream({"text": "Hi"})
    assert told([models, chat], [chat]) == [(CallChange.CALL_WENT, "")]
    assert told([chat], [models, chat]) == [(CallChange.CALL_CAME, "")]
    assert told([models, models, chat], [models, chat]) == []
    page = document({})
    page.pageref = "page_1"
    assert told([page, chat], [chat]) == []


def test_the_worst_comes_first() -> None:
    """And no value of an answer is in what is told."""
    drifts = find_drift([document({"a": 1, "b": "secret"})], [document({"a": "hidden", "b": "s", "c": "private"})])
    assert [drift.severity for drift in drifts] == [Severity.BREAKING, Severity.HARMLESS]
    assert not any(word in repr(drifts) for word in ("secret", "hidden", "private"))


def test_every_change_has_a_severity() -> None:
    """One table says how bad each is."""
    assert set(SEVERITIES) == {*CallChange, *ShapeChange}
