"""What is odd about the HARs of other programs, one thing after the other; the whole files are in `tests/adoption`."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.adoption.programs import SITE, answered, asked, chrome, entry, har
from toolkit.errors import RecordingError
from toolkit.har.model import Entry
from toolkit.recording.foreign_har import ForeignHar, as_utf8, parse_foreign_har

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "base64",
    [],
    {},
    [None],
    [1],
    {"a": 1},
    [{"name": 1, "value": None}],
)


def parse(*entries: dict[str, Any]) -> ForeignHar:
    return parse_foreign_har("it.har", json.dumps(har("x", *entries)).encode(), lambda _: None)


def only(one: dict[str, Any]) -> Entry:
    [(_, read)] = parse(one).entries
    return read


def test_pseudo_headers_are_no_headers() -> None:
    """Those of HTTP/2 say again what the request line and the status line say."""
    pseudo = [{"name": ":authority", "value": "webui.example"}, {"name": "accept", "value": "*/*"}]
    read = only(entry(asked(headers=pseudo), answered(headers=[{"name": ":status", "value": "200"}])))
    assert [pair.name for pair in read.request.headers] == ["accept"]
    assert read.response.headers == []


def test_cookies_become_header_lines_where_these_are_missing() -> None:
    """With all their attributes; the lines that are there stay."""
    set_cookie = {
        "name": "b",
        "value": "2",
        "path": "/",
        "domain": ".example.org",
        "expires": "2027-01-01T01:00:00.000+0100",
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
    }
    cookies = [{"name": "a", "value": "1"}, {"name": "c"}]
    read = only(entry(asked(headers=[], cookies=cookies), answered(cookies=[set_cookie, {"name": "d", "value": "4"}])))
    assert [(pair.name, pair.value) for pair in read.request.headers] == [("cookie", "a=1; c=")]
    assert read.response.values("set-cookie") == [
        "b=2; Path=/; Domain=.example.org; Expires=Fri, 01 Jan 2027 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
        "d=4",
    ]
    line = {"name": "Cookie", "value": "other=1"}
    read = only(entry(asked(headers=[line], cookies=cookies), answered()))
    assert [pair.value for pair in read.request.headers] == ["other=1"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-30T10:00:01.250Z", datetime(2026, 11, 30, 10, 0, 1, 250_000, UTC)),
        ("2026-11-30T11:00:01.250+01:00", datetime(2026, 11, 30, 10, 0, 1, 250_000, UTC)),
        ("2026-11-30T11:00:01.250+0100", datetime(2026, 11, 30, 10, 0, 1, 250_000, UTC)),
        ("2026-11-30T10:00:01", datetime(2026, 11, 30, 10, 0, 1, 0, UTC)),
        ("yesterday", datetime(1970, 1, 1, tzinfo=UTC)),
        (None, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_have_a_zone(text: str | None, at: datetime) -> None:
    """That of the program, else UTC; one that cannot be read does no harm."""
    one = entry(asked(), answered())
    one["startedDateTime"] = text
    assert only(one).started == at


def test_negative_times_and_sizes_are_unknown_ones() -> None:
    """A replay waits for neither."""
    one = entry(asked(), answered(content={"size": -1, "mimeType": "text/plain", "text": "é"}), time=-1)
    one["timings"] = {"send": -0.1, "wait": -1, "receive": None}
    read = only(one)
    assert (read.time, read.timings.wait, read.timings.receive, read.response.content.size) == (0, 0, 0, 2)


def test_entries_are_in_the_order_of_their_start() -> None:
    """Some programs write them as they end; the numbers stay those of the file."""
    late, early = (entry(asked(), answered(), f"2026-11-30T10:00:0{second}Z") for second in (2, 1))
    assert [one.number for one in parse(late, early).entries] == [1, 0]


@pytest.mark.parametrize("url", ["blob:https://x/1", "data:,x", "chrome-extension://x/", "about:blank", ""])
def test_other_schemes_are_left_out(url: str) -> None:
    """Without a word: they are no exchanges of HTTP, and no WebSockets."""
    assert parse(entry(asked(url=url), answered())) == ForeignHar("x", [], [])


def test_what_cannot_be_read_is_left_out_and_told() -> None:
    """With its place in the file, and without taking the rest along."""
    bad = entry(asked(url="http://[::1"), answered())
    read = parse(bad, entry(asked(), answered()))
    assert [one.number for one in read.entries] == [1]
    assert read.notes == ["log.entries[0] is left out: log.entries[0].request.url is not a URL."]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("cut \ud83d", "cut \ufffd"),
        ("\ude00 cut", "\ufffd cut"),
        ("\ud83d\ud83d\ude00 \ud83d", "\ufffd\U0001f600 \ufffd"),
        ("\\ud83d \ud83d", "\\ud83d \ufffd"),
        ("\\\ud83d", "\\\ufffd"),
    ],
)
def test_half_a_character_is_no_obstacle(text: str, read: str) -> None:
    """Programs cut texts between the two halves of one; whole characters and backslashes beside it stay."""
    content = {"size": 2, "mimeType": "application/json", "text": text}
    assert only(entry(asked(), answered(content=content))).response.content.text == read


def test_a_form_may_have_its_params_only() -> None:
    """The bytes that were sent are made of them."""
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "q", "value": "é b"}]}
    read = only(entry(asked(postData=posted), answered()))
    assert read.request.post_data
    assert read.request.post_data.body() == b"q=%C3%A9+b"


@pytest.mark.parametrize(
    ("text", "mime_type", "mended"),
    [
        ("thorax â€“ never", "text/event-stream", "thorax – never"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "text/plain", "Привет"),
        ("ð\x9f\x98\x80", "text/plain", "😀"),  # read as Latin-1
        ("thorax – never", "text/event-stream", None),
        ("Grüße", "text/plain", None),
        ("plain", "text/plain", None),
        ("thorax â€“ never", "text/plain; charset=utf-8", None),
        ("thorax â€“ never", "application/json", None),
    ],
)
def test_text_that_was_misread_is_read_anew(text: str, mime_type: str, mended: str | None) -> None:
    """Where no charset was told, and the whole text is UTF-8 that was taken for Windows-1252."""
    assert as_utf8(text, mime_type) == mended


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, dict | list):
            yield from places(value)


def test_odd_values_do_no_harm() -> None:
    """Whatever stands at any place of a file, it is read, or told to be none."""
    choose = random.Random(15)
    for number in range(len(list(places(json.loads(chrome()))))):
        document = json.loads(chrome())
        holder, key = list(places(document))[number]
        holder[key] = copy.deepcopy(choose.choice(ODD))
        try:
            parse_foreign_har("it.har", json.dumps(document).encode(), lambda _: None)
        except RecordingError as error:
            assert "is not a HAR file" in str(error)  # noqa: PT017
    assert parse(entry(asked(), answered())).entries[0].entry.request.url.startswith(SITE)
