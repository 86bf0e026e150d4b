"""Strict replay: who asks, and what is left over."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.conftest import OpenContext
from tests.recording.helpers import SITE, client, entry, replaying
from toolkit.errors import ReplayMismatch
from toolkit.har.model import Entry, Pair, RecordedSession, Recording
from toolkit.recording.files import load, save
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

OURS, THEIRS = "PLACEHOLDER_session_1PPP", "sesame-of-somebody-else!"
HTML = [("Content-Type", "text/html")]


def call(url: str = f"{SITE}/api", method: str = "POST", **options: Any) -> Entry:
    """A recorded call of a client."""
    return entry(method, url, **options)


def page(url: str = f"{SITE}/", kind: str = "document", **options: Any) -> Entry:
    """A recorded exchange of a page."""
    one = entry(url=url, **options)
    one.pageref, one.resource_type = "page_1", kind
    return one


def sent_with(one: Entry, **headers: str) -> Entry:
    """`one`, recorded with these request headers."""
    one.request.headers += [Pair(name, value) for name, value in headers.items()]
    return one


async def ask(
    session: aiohttp.ClientSession, path: str = "/api", method: str = "POST", **headers: str
) -> tuple[int, str]:
    async with session.request(method, SITE + path, headers=headers) as answer:
        return answer.status, await answer.text()


# --- who asks


@pytest.mark.parametrize(
    ("recorded", "sent", "told"),
    [
        ("a=1", "a=1", None),
        ("a=1; b=2", "b=2; c=3; a=1", None),
        ("", "a=1", None),
        (f"a=1; s={OURS}", f"a=1; s={THEIRS}", "cookie s: recorded one, got another"),
        (f"a=1; s={OURS}", "a=1", "cookie s: recorded one, got none"),
        (f"s={OURS}", "", "cookie s: recorded one, got none"),
    ],
)
async def test_recorded_cookies_are_among_those_sent(recorded: str, sent: str, told: str | None) -> None:
    """A call has to send the recorded cookies, by name and value, in any order; the difference shows no value."""
    one = sent_with(call(), Cookie=recorded) if recorded else call()
    async with replaying(one) as network, client(network) as session:
        status, text = await ask(session, **({"Cookie": sent} if sent else {}))
    if told is None:
        assert (status, network.misses) == (200, [])
    else:
        assert status == 599
        assert told in text
        assert OURS not in text
        assert THEIRS not in text


@pytest.mark.parametrize(
    ("recorded", "sent", "told"),
    [
        ("Bearer PLACEHOLDER", "Bearer PLACEHOLDER", None),
        ("Bearer PLACEHOLDER", "Bearer sk-real", "authorization: recorded one, got another"),
        ("Bearer PLACEHOLDER", "", "authorization: recorded one, got none"),
        ("", "Bearer sk-real", "authorization: not recorded, got one"),
    ],
)
async def test_authorization_is_the_recorded_one(recorded: str, sent: str, told: str | None) -> None:
    """The Authorization header is compared as it was recorded, and never shown."""
    one = sent_with(call(), Authorization=recorded) if recorded else call()
    async with replaying(one) as network, client(network) as session:
        status, text = await ask(session, **({"Authorization": sent} if sent else {}))
    assert status == (599 if told else 200)
    assert told is None or told in text
    assert "sk-real" not in text


@pytest.mark.parametrize(("sent", "status"), [(f"s={OURS}", 200), (f"s={OURS}; a=1", 200), ("a=1", 599), ("", 599)])
async def test_a_login_that_a_page_sent_twice_may_be_sent_once(sent: str, status: int) -> None:
    """As a cookie and as a bearer: the cookie is enough, but another one is not."""
    one = sent_with(page(f"{SITE}/who", "fetch"), Cookie=f"s={OURS}", Authorization=f"Bearer {OURS}")
    async with replaying(one) as network, client(network) as session:
        assert (await ask(session, "/who", "GET", **({"Cookie": sent} if sent else {})))[0] == status


async def test_who_asks_can_be_left_out() -> None:
    """Without "cookies" and "authorization" among the parts to match on, anybody is answered."""
    one = sent_with(call(), Cookie="a=1", Authorization="Bearer x")
    async with replaying(one, match=("method", "url", "body")) as network, client(network) as session:
        assert (await ask(session))[0] == 200


async def test_a_client_begins_with_the_session_of_the_recording() -> None:
    """`network.session` has the recorded cookies, though they would have expired by now, and is answered."""
    kept = BrowserSession.from_storage_state(
        "site", SITE, {"cookies": [{"name": "s", "value": OURS, "domain": "chat.example", "expires": 1_700_000_000}]}
    )
    recording = Recording(entries=[sent_with(call(), Cookie=f"s={OURS}")], session=RecordedSession.from_session(kept))
    async with LocalNetwork(recording=recording, strict=True) as network, client(network) as session:
        assert network.session is not None
        assert OURS not in repr(recording.session)
        (cookie,) = network.session.cookies
        assert not cookie.expired(2_000_000_000)
        assert (await ask(session, Cookie=f"{cookie.name}={cookie.value}"))[0] == 200


def visit() -> list[Entry]:
    """A page that was visited when somebody was logged in already, and a call with the session that it renewed."""
    renewed = [("Set-Cookie", f"s={OURS}; Path=/; Secure; HttpOnly")]
    return [
        sent_with(page(headers=HTML, body=b"<script>fetch('/renew')</script>"), Cookie="s=old; csrf=x"),
        sent_with(page(f"{SITE}/renew", "fetch", headers=renewed), Cookie="s=old; csrf=x"),
        sent_with(page(f"{SITE}/late", "fetch"), Cookie=f"s={OURS}; csrf=x; by-script=1"),
        sent_with(call(), Cookie=f"s={OURS}; csrf=x; by-script=1"),
    ]


async def test_a_fresh_visitor_lacks_what_came_from_before() -> None:
    """After a visit the call needs the cookies that recorded answers set, and not those from before or of scripts."""
    async with replaying(*visit(), strict=True) as network, client(network) as session:
        assert (await ask(session, "/", "GET"))[0] == 200
        assert "got none" in (await ask(session))[1]
        assert "got another" in (await ask(session, Cookie="s=old"))[1]
        assert (await ask(session, Cookie=f"s={OURS}"))[0] == 200
        network.misses.clear()


async def test_without_a_visit_every_recorded_cookie_is_due() -> None:
    """Where no page is visited, the client has the recording's session, and all of it is compared."""
    async with replaying(*visit()) as network, client(network) as session:
        assert "cookie by-script: recorded one, got none" in (await ask(session, Cookie=f"s={OURS}"))[1]
        assert (await ask(session, Cookie=f"s={OURS}; csrf=x; by-script=1"))[0] == 200


async def test_a_page_may_lack_cookies_but_not_be_somebody_else() -> None:
    """A page is answered with no cookies, old ones or ones of its scripts; another HttpOnly session is told."""
    async with replaying(*visit()) as network, client(network) as session:
        for cookies in ("", "s=old", f"s={OURS}; by-script=2"):
            assert (await ask(session, "/late", "GET", Cookie=cookies))[0] == 200
        assert "cookie s: recorded one, got another" in (await ask(session, "/late", "GET", Cookie=f"s={THEIRS}"))[1]


async def test_a_browser_that_was_logged_in_is_replayed_to_a_fresh_one(open_context: OpenContext) -> None:
    """A fresh Chromium visits what was recorded with a logged-in one; the client goes on with its cookies."""
    async with replaying(*visit(), strict=True) as network:
        context = await open_context(network)
        tab = await context.new_page()
        async with tab.expect_response(f"{SITE}/renew"):
            await tab.goto(SITE)
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in await context.cookies())
        assert cookies == f"s={OURS}"
        await tab.close()
        async with client(network) as session:
            assert (await ask(session, Cookie=cookies))[0] == 200


# --- what is left over


async def test_what_a_browser_asks_by_itself_is_no_difference() -> None:
    """It is refused like any other host, and no test fails for it."""
    async with replaying(call(), strict=True) as network, client(network) as session:
        await ask(session)
        for url in ("https://content-autofill.googleapis.com/v1/pages/x", "https://clients2.google.com:444/x"):
            with pytest.raises(aiohttp.ClientHttpProxyError):
                await session.get(url)
    assert network.refused == []


async def test_differences_fail_at_the_end() -> None:
    """A strict network raises at its end all of it: what no exchange answers, refused hosts, what was not played."""
    with pytest.raises(ReplayMismatch) as raised:  # noqa: PT012
        recorded = [call(sent=b'{"m": "Hi"}'), call(f"{SITE}/b?key=sesame")]
        async with replaying(*recorded, strict=True) as network, client(network) as session:
            await session.post(f"{SITE}/api?token=sesame", json={"m": "Hello"})
            await session.post(f"{SITE}/api", json={"m": "Hello"})
            with pytest.raises(aiohttp.ClientHttpProxyError):
                await session.get("https://other.example/?token=sesame")
    found = raised.value.differences
    assert len(found) == 5
    assert "body.m: recorded 'Hi', got 'Hello'" in found[1]
    assert found[2] == "other.example:443 was refused: nothing of it is recorded."
    assert found[3:] == (f"never played: POST {SITE}/api", f"never played: POST {SITE}/b")
    assert all(one in str(raised.value) for one in found)
    assert "sesame" not in str(raised.value)


async def test_an_error_of_the_body_comes_first() -> None:
    """What the body raises by itself is raised, and not the replay's verdict on it."""
    with pytest.raises(LookupError):
        async with replaying(call(), strict=True):
            raise LookupError


async def test_verify_tells_on_demand() -> None:
    """`verify()` raises while there is a difference, in a network that is not strict too."""
    async with replaying(call()) as network, client(network) as session:
        with pytest.raises(ReplayMismatch, match=r"never played: POST https://chat\.example/api"):
            network.verify()
        await ask(session)
        network.verify()


async def test_pages_that_nobody_visits_are_no_difference() -> None:
    """Without a browser the page half stays unplayed; every call has to be played."""
    recorded = [page(headers=HTML), page(f"{SITE}/a.js", "script"), page(f"{SITE}/x", "fetch"), call()]
    async with replaying(*recorded, strict=True) as network, client(network) as session:
        await ask(session)
        assert len(network.replay.playback.unplayed()) == 3


async def test_a_visited_page_need_not_fetch_everything() -> None:
    """Beside calls of a client, what a visited page fetches is up to the browser."""
    recorded = [page(headers=HTML), page(f"{SITE}/a.js", "script"), page(f"{SITE}/x", "fetch"), call()]
    async with replaying(*recorded, strict=True) as network, client(network) as session:
        await ask(session, "/", "GET")
        await ask(session)


async def test_of_pages_alone_documents_and_calls_are_due() -> None:
    """In a recording of pages alone, once one is visited, its calls have to be made; assets may come from a cache."""
    recorded = [
        page(headers=HTML),
        page(f"{SITE}/a.js", "script"),
        page(f"{SITE}/i.png", "image"),
        page(f"{SITE}/x", "fetch"),
    ]
    network = replaying(*recorded)
    async with network, client(network) as session:
        await ask(session, "/", "GET")
    assert [one.request.url for one in network.replay.playback.still_required()] == [f"{SITE}/x"]


async def test_a_replay_of_nothing_is_a_difference() -> None:
    """A program that never came here has not replayed anything, whatever was recorded."""
    with pytest.raises(ReplayMismatch, match="never played"):
        async with replaying(page(headers=HTML), strict=True):
            pass


async def test_a_call_is_answered_by_a_call() -> None:
    """What both a page and a client asked is answered to a client that visits no page as it was to the client."""
    both = [page(f"{SITE}/id", "fetch", body=b"page's"), call(f"{SITE}/id", "GET", body=b"client's")]
    async with replaying(*both, strict=True) as network, client(network) as session:
        assert await ask(session, "/id", "GET") == (200, "client's")


async def test_what_page_and_client_both_ask_counts_for_both() -> None:
    """After a visit, a client's call may get the page's answer where the page did not ask; nothing is missing then."""
    both = [page(headers=HTML), page(f"{SITE}/id", "fetch"), call(f"{SITE}/id", "GET"), call()]
    async with replaying(*both, strict=True) as network, client(network) as session:
        for path, method in (("/", "GET"), ("/id", "GET"), ("/api", "POST")):
            assert (await ask(session, path, method))[0] == 200


async def test_random_fields_are_matched_by_rule() -> None:
    """A field that the provider makes up anew may have any value, but has to be there."""
    one = call(f"{SITE}/api?canvas=1&a=2", sent=json.dumps({"id": "abc", "text": "Hi"}).encode())
    one.request.random = ["query.canvas", "body.id"]
    async with replaying(one, strict=True) as network, client(network) as session:
        for url, body, status in (
            (f"{SITE}/api?canvas=9&a=3", {"id": "x", "text": "Hi"}, 599),
            (f"{SITE}/api?a=2", {"id": "x", "text": "Hi"}, 599),
            (f"{SITE}/api?canvas=9&a=2", {"text": "Hi"}, 599),
            (f"{SITE}/api?canvas=9&a=2", {"id": "x", "text": "Hi"}, 200),
        ):
            assert (await session.post(url, json=body)).status == status
        network.misses.clear()


async def test_random_fields_of_each_item_are_matched_by_rule() -> None:
    """So it is with a field of each item of a list: other fields, and the number of items, have to be the recorded
    ones."""
    one = call(f"{SITE}/api", sent=json.dumps({"said": [{"id": "a", "text": "Hi"}]}).encode())
    one.request.random = ["body.said.[].id"]
    async with replaying(one, strict=True) as network, client(network) as session:
        for said, status in (
            ([{"id": "x", "text": "Ho"}], 599),
            ([{"text": "Hi"}], 599),
            ([{"id": "x", "text": "Hi"}, {"id": "y", "text": "Hi"}], 599),
            ([{"id": "x", "text": "Hi"}], 200),
        ):
            assert (await session.post(f"{SITE}/api", json={"said": said})).status == status
        network.misses.clear()


async def test_a_body_where_none_was_recorded_is_a_difference() -> None:
    """A call without a body stays one."""
    async with replaying(call()) as network, client(network) as session:
        assert "body: recorded none, got {'a': 1}" in await (await session.post(f"{SITE}/api", json={"a": 1})).text()


async def test_long_texts_are_shown_where_they_differ() -> None:
    """Of long texts, the difference shows what is around the first character that is another."""
    recorded, got = "a" * 500 + "Hi" + "b" * 500, "a" * 500 + "Ho" + "b" * 500
    async with replaying(call(sent=json.dumps([recorded]).encode())) as network, client(network) as session:
        text = await (await session.post(f"{SITE}/api", json=[got])).text()
    assert "aHib" in text
    assert "aHob" in text
    assert len(text) < 400


async def test_secrets_of_bodies_are_not_shown() -> None:
    """Fields that are named like secrets differ without their values."""
    one = call(sent=b'{"password": "PLACEHOLDER", "apiKey": "PLACEHOLDER", "odd": "PH_password_1PP"}')
    async with replaying(one) as network, client(network) as session:
        text = await (
            await session.post(f"{SITE}/api", json={"password": "hunter2", "token": "sesame", "odd": "open"})
        ).text()
    assert "body.password: recorded one, got another" in text
    assert "body.odd: recorded one, got another" in text
    assert "hunter2" not in text
    assert "sesame" not in text


def test_a_session_is_kept_as_playwright_has_it(tmp_path: Any) -> None:
    """The session of a recording survives saving, as a storage state."""
    kept = BrowserSession.from_cookie_values("site", SITE, {"s": OURS})
    save(Recording(entries=[call()], session=RecordedSession.from_session(kept)), tmp_path / "file.har")
    log = json.loads((tmp_path / "file.har").read_bytes())["log"]
    assert log["_session"]["storageState"]["cookies"][0]["name"] == "s"
    again = load(tmp_path / "file.har").session
    assert again is not None
    assert again.to_session().cookies == kept.cookies


async def test_a_page_is_answered_as_before_its_login_until_it_has_logged_in() -> None:
    """The same question of a page, asked more often than recorded, gets the answer for the cookies that it sends: what
    was asked after the login is not played before it."""
    user, cookie = f"{SITE}/user", [("Set-Cookie", "sid=recorded; HttpOnly; Secure")]
    page = [entry(), entry(url=user, status=401), entry("POST", f"{SITE}/login", headers=cookie), entry(url=user)]
    for one in page:
        one.pageref = "page_1"
    page[3].request.headers.append(Pair("Cookie", "sid=recorded"))
    async with replaying(*page) as network, client(network) as session:
        assert (await session.get(SITE)).status == 200
        assert [(await session.get(user)).status for _ in range(3)] == [401] * 3
        assert (await session.post(f"{SITE}/login")).status == 200
        assert (await session.get(user, headers={"Cookie": "sid=recorded"})).status == 200
        assert network.misses == []
