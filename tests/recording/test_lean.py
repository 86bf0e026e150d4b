"""What a recording keeps of a page that no browser is replayed to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.recording.helpers import SITE, entry
from toolkit.har.model import Entry
from toolkit.recording.lean import LEFT_OUT, leave_out_page
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest, Probe
from toolkit.session.recipe_tokens import Renew, Token

TOKEN, COOKIE = "token-0123456789", "cookie-0123456789"


class Place(msgspec.Struct, frozen=True):
    """A site under a path, as a recording sees its provider."""

    name: str = "place"
    page: str = f"{SITE}/app/chat"
    hosts: tuple[str, ...] = ("chat.example", "api.chat.example")
    harvest: Harvest = Harvest(
        page="/chat",
        cookies=("sid",),
        token=Token(place="localstorage", key="token"),
        probe=Probe(path="/me", identity=("email",)),
        renew=Renew("POST", "https://login.example/token"),
    )


SESSION = BrowserSession(
    provider="place",
    origin=SITE,
    cookies=(
        Cookie(name="sid", value=COOKIE, domain="chat.example"),
        Cookie(name="lang", value="en-GB-oxendict", domain="chat.example"),
    ),
    local_storage={SITE: {"token": TOKEN, "draft": "a long draft of a question"}},
)


def of_page(kind: str, url: str, **how: Any) -> Entry:
    one = entry(how.pop("method", "GET"), url, **how)
    one.pageref, one.resource_type = "page_1", kind
    return one


def lean(*entries: Entry) -> list[Entry]:
    return leave_out_page(entries, Place(), SESSION)


@pytest.mark.parametrize(
    "one",
    [
        entry("POST", "https://elsewhere.example/upload", sent=b"{}", body=b"not a page's"),
        of_page("document", f"{SITE}/app/chat", body=b"<p>"),
        of_page("document", f"{SITE}/login", status=302, headers=[("Location", "/app/chat")]),
        of_page("fetch", f"{SITE}/app/me?fresh=1", body=b'{"email": "ada@example.org"}'),
        of_page("xhr", f"{SITE}/anonymous", method="POST", sent=b"{}", body=f'{{"key": "{TOKEN}"}}'.encode()),
        of_page("fetch", "https://API.chat.example/session", body=COOKIE.encode()),
    ],
)
def test_what_made_the_session_is_kept(one: Entry) -> None:
    """Our own calls, documents, the recipe's probe, and answers with what the site knows its person by."""
    assert lean(one) == [one]


@pytest.mark.parametrize(
    "one",
    [
        of_page("script", f"{SITE}/app.js", body=TOKEN.encode()),
        of_page("stylesheet", f"{SITE}/app.css", headers=[("Set-Cookie", "a=1")]),
        of_page("image", f"{SITE}/me.png"),
        of_page("manifest", f"{SITE}/manifest.json"),
        of_page("document", "https://ads.example/frame"),
        of_page("fetch", "https://stats.example/", headers=[("Set-Cookie", "a=1")], body=TOKEN.encode()),
        of_page("fetch", f"{SITE}/app/chats?page=1", body=b'[{"title": "My illness"}]'),
        of_page("fetch", f"{SITE}/app/settings", body=b'{"lang": "en-GB-oxendict"}'),
        of_page("fetch", f"{SITE}/app/me", status=0, error="net::ERR_FAILED"),
    ],
)
def test_everything_else_is_left_out(one: Entry) -> None:
    """Assets, other hosts, and what the page asked for itself; a choice in a cookie makes no session."""
    assert lean(one) == []


def test_of_calls_that_set_a_cookie_the_bodies_are_left_out() -> None:
    """The cookie is seen to come from there, and nothing else that was sent or answered."""
    sets = [("Set-Cookie", "seen=1; Path=/"), ("Content-Type", "application/json")]
    one = of_page("fetch", f"{SITE}/app/chats", method="POST", sent=b'{"q": "illness"}', headers=sets, body=b"[1]")
    (kept,) = lean(one)
    assert kept.response.headers == one.response.headers
    assert kept.response.content.body() == b""
    assert kept.response.content.comment == LEFT_OUT
    assert b"illness" not in msgspec.json.encode(kept)
    assert one.response.content.body() == b"[1]"


def test_answers_of_a_service_worker_are_left_out() -> None:
    """They are for a browser."""
    one = of_page("document", f"{SITE}/app/chat")
    one.response.via_worker = True
    assert lean(one) == []
