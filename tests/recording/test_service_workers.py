"""Which exchanges of pages and service workers are recorded, and what a sibling begins with, without a browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.recording.helpers import SITE, STARTED, entry
from toolkit.har.model import Entry
from toolkit.recording.service_workers import BODY_MISSING, SeenExchange, resolve_exchanges
from toolkit.replay.sibling_storage_state import sibling_state

SCRIPT = f"{SITE}/worker.js"
COUNT = iter(range(1000))


def seen(path: str, body: bytes = b"", *, asked: str | None = None, referer: str = "", **told: Any) -> SeenExchange:
    one = entry(url=f"{SITE}{path}", body=body)
    one.started = STARTED + timedelta(seconds=next(COUNT))
    if referer:
        one.request.headers[:] = [type(one.response.headers[0])("Referer", referer)]
    return SeenExchange(entry=one, first_url=f"{SITE}{asked or path}", **told)


def bodies(entries: list[Entry]) -> list[tuple[str, bytes, bool]]:
    return [
        (one.request.url.removeprefix(SITE), one.response.content.body(), one.response.via_worker is True)
        for one in entries
    ]


def test_a_recorded_worker_asks_for_itself() -> None:
    """Its exchanges are the network's, with the bodies that only the page was given, also after a redirect; what it
    told the page is marked."""
    made = resolve_exchanges(
        [
            seen("/worker.js", b"script", worker=SCRIPT),
            seen("/a", b"aa", via_worker=True),
            seen("/a", worker=SCRIPT, body_missing=True),
            seen("/from", b"moved", via_worker=True),
            seen("/to", asked="/from", worker=SCRIPT, body_missing=True),
            seen("/read", b"network's", worker=SCRIPT),
            seen("/read", b"worker's", via_worker=True),
        ]
    )
    assert bodies(made) == [
        ("/worker.js", b"script", False),
        ("/a", b"aa", True),
        ("/a", b"aa", False),
        ("/from", b"moved", True),
        ("/to", b"moved", False),
        ("/read", b"network's", False),
        ("/read", b"worker's", True),
    ]


def test_a_worker_is_known_by_the_page_it_serves() -> None:
    """What a page of another site was told was told by another worker, which is not recorded."""
    made = resolve_exchanges(
        [
            seen("/worker.js", worker=SCRIPT),
            seen("/b", b"b", via_worker=True, referer="https://other.example/"),
            seen("/c", b"c", via_worker=True, referer=f"{SITE}/page"),
            seen("/d", b"d", referer=f"{SITE}/page"),
        ]
    )
    assert bodies(made)[1:] == [("/b", b"b", False), ("/c", b"c", True), ("/d", b"d", False)]


def test_an_older_worker_is_left_out() -> None:
    """What it told the page is the network's answer; what it asked itself is nobody's."""
    made = resolve_exchanges([seen("/a", b"<aa>", via_worker=True), seen("/a", b"aa", worker=SCRIPT)])
    assert bodies(made) == [("/a", b"<aa>", False)]


def test_a_body_that_nobody_gave_is_told() -> None:
    """An exchange without the body that it had says so."""
    made = resolve_exchanges([seen("/worker.js", worker=SCRIPT), seen("/a", worker=SCRIPT, body_missing=True)])
    assert [one.response.content.comment for one in made][1] == BODY_MISSING
    assert resolve_exchanges([seen("/a", body_missing=True)])[0].response.content.comment == BODY_MISSING


def test_a_sibling_begins_as_the_recording_did() -> None:
    """The recorded session's cookies and items replace the open context's of the same place; a cookie that recorded
    answers set stays only with a value of theirs; all others stay."""

    def cookie(name: str, value: str, path: str = "/") -> dict[str, str]:
        return {"name": name, "value": value, "domain": "chat.example", "path": path}

    def items(**values: str) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in values.items()]

    state = {
        "cookies": [cookie("sid", "real"), cookie("sid", "real", "/deep"), cookie("turn", "real"), cookie("x", "1")],
        "origins": [{"origin": SITE, "localStorage": items(token="real", theme="dark"), "indexedDB": []}],
    }
    began = {
        "cookies": [cookie("sid", "placeholder")],
        "origins": [
            {"origin": SITE, "localStorage": items(token="placeholder")},
            {"origin": "https://other.example", "localStorage": items(a="b")},
        ],
    }
    assert sibling_state(state, began, frozenset({("turn", "placeholder")})) == {
        "cookies": [cookie("sid", "real", "/deep"), cookie("x", "1"), cookie("sid", "placeholder")],
        "origins": [
            {"origin": SITE, "localStorage": items(token="placeholder", theme="dark"), "indexedDB": []},
            {"origin": "https://other.example", "localStorage": items(a="b")},
        ],
    }
    assert sibling_state(state, {}, frozenset({("turn", "real")})) == state
