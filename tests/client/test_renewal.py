"""Sessions are renewed without a browser where the site or the person has a way for it, and each way tells its end."""

from __future__ import annotations

import asyncio
import json
import logging
import shlex
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.sites.serving import serve
from tests.sites.token_pages import PAGES, TokenSite, stored
from toolkit.chats.messages import ChatRequest
from toolkit.client.client import Client
from toolkit.client.renew_command import configured_command, renew_by_command
from toolkit.client.visitor import Visitor
from toolkit.errors import LoginRequired, SessionError, SessionExpired
from toolkit.http.transport import Transport
from toolkit.providers.base import Harvest, Pieces, Probe, Provider, Renew, StoredValue, Token
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.tokens import token_headers
from toolkit.stores.memory import MemoryStore

SECRET = "Zq47kVt9WmX4LrP7sBnY2dHc"


class Site(Provider):
    """A site that says who asks; the tests give it its recipe."""

    name = "place"
    needs_auth = True
    probe: ClassVar = Probe(path="/api/me", identity=("email",))

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        async with http.get(f"{self.api}/api/me") as response:
            yield (await response.json(dict))["email"]


def provider(recipe: Harvest) -> type[Provider]:
    return type("Site", (Site,), {"harvest": recipe})


def bare(origin: str, *cookies: Cookie, **fields: Any) -> BrowserSession:
    return BrowserSession(provider="place", origin=origin, cookies=cookies, **fields)


@pytest.fixture(autouse=True)
def visits(monkeypatch: pytest.MonkeyPatch) -> list[BrowserSession | None]:
    """No browser: what would be a visit is noted, and finds that a person has to log in."""
    made: list[BrowserSession | None] = []

    async def visit(_: Visitor, previous: BrowserSession | None, login: object = None) -> BrowserSession:
        made.append(previous)
        raise LoginRequired("The site wants a login.")

    monkeypatch.setattr(Visitor, "visit", visit)
    return made


@asynccontextmanager
async def token_client(kind: str, life_left: float, **options: Any) -> AsyncIterator[tuple[TokenSite, Client]]:
    """A client with a stored session of that kind of page, whose token ends in `life_left` seconds of an hour."""
    site = TokenSite(PAGES[kind], time.time)
    given = site.grant()
    access, refresh = str(given["access"]), str(given["refresh"])
    site.tokens[access] = ends = time.time() + life_left
    refreshing = Renew(
        "POST",
        "/token",
        form={"grant_type": "refresh_token", "refresh_token": "{refresh_token}"},
        refresh_token=PAGES[kind].refresh,
    )
    async with serve(site.app()) as origin:
        recipe = Harvest(token=PAGES[kind].token, renew=refreshing, probe=Site.probe)
        store = MemoryStore()
        async with Client(provider(recipe), base_url=origin, store=store, **options) as client:
            fields = {field: {origin: items} for field, items in stored(kind, access, refresh, ends).items()}
            session = bare(origin, harvested_at=ends - 3600, expires_at=float(int(ends)), **fields)
            await store.save(client.key, session)
            yield site, client


@pytest.mark.parametrize("kind", PAGES)
async def test_a_token_is_renewed_at_the_site_in_time(kind: str, visits: list[object]) -> None:
    """By the refresh token that the page keeps, which is good for once, before the token ends; what comes is stored in
    its place. Of two clients of one store that call at once, one renews, and the other has its session."""
    async with token_client(kind, life_left=300) as (site, client):
        assert await client.chat("Hi").text() == "ada@example.org"
        session = await client.session()
        sent = token_headers(session, client.provider.harvest, 0)["authorization"].removeprefix("Bearer ")
        assert session.expires_at == pytest.approx(site.tokens[sent], abs=1.5)
        assert [given for path, given in site.seen if path == "/token"] == [""]  # the old token is not sent with it
        assert set(site.refresh_tokens) == {_refresh_token(session, PAGES[kind].refresh)}

        site.tokens[sent] = 0.0  # the site takes it no more, and a new one is got by the new refresh token
        other = Client(client.provider, store=client._store)
        assert set(await asyncio.gather(_text(client), _text(other))) == {"ada@example.org"}
        assert [path for path, _ in site.seen].count("/token") == 2
    assert visits == []


def _refresh_token(session: BrowserSession, where: StoredValue) -> str:
    return token_headers(
        session, Harvest(token=Token(place=where.place, key=where.key, path=where.path, template="{token}")), 0
    )["authorization"]


async def test_cookies_are_renewed_at_the_site(visits: list[object]) -> None:
    """Three lives of an access cookie with no browser: the site's call sets a new one by another cookie, whether the
    old one is about to end, has ended, or is refused."""
    access, renewals = ["a0"], list[str]()

    async def me(request: web.Request) -> web.Response:
        known = request.cookies.get("access") == access[-1]
        return web.json_response({"email": "ada@example.org"} if known else {}, status=200 if known else 401)

    async def refresh(request: web.Request) -> web.Response:
        renewals.append(request.cookies["refresh"])
        access.append(f"a{len(access)}")
        response = web.json_response({"access_token": access[-1]})
        response.set_cookie("access", access[-1], max_age=3600, httponly=True)
        return response

    app = web.Application()
    app.router.add_get("/api/me", me)
    app.router.add_post("/api/refresh", refresh)
    recipe = Harvest(cookies=("access", "refresh"), renew=("POST", "/api/refresh"), probe=Site.probe)
    async with serve(app) as origin:
        store, now = MemoryStore(), time.time()
        async with Client(provider(recipe), base_url=origin, store=store) as client:
            kept = Cookie(name="refresh", value="r", domain="127.0.0.1", http_only=True)
            for number, left in enumerate((300.0, -5.0, 2000.0)):
                cookie = Cookie(name="access", value=access[-1], domain="127.0.0.1", expires=now + left)
                if left == 2000.0:
                    access.append("revoked")
                session = bare(origin, cookie, kept, harvested_at=now - 3300 + number, expires_at=now + left)
                await store.save(client.key, session)
                assert await client.chat("Hi").text() == "ada@example.org"
            renewed = await client.refresh()
    assert (renewals, visits) == (["r"] * 4, [])
    assert renewed.expires_at == pytest.approx(time.time() + 3600, abs=60)


def command(tmp_path: Path, text: str) -> str:
    """The words that run `text`, which is Python."""
    script = tmp_path / "command.py"
    script.write_text(f"import json, os, sys, time\n{text}\n")
    return shlex.join([sys.executable, str(script)])


async def test_the_end_of_each_rung_is_told(
    tmp_path: Path, visits: list[object], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the order in which they were tried, in the log and in the error that says that a person is needed. Neither the
    command nor what it prints is in either; what it says to the person is shown."""
    failing = command(tmp_path, f"print({SECRET!r}); print('locked', file=sys.stderr); sys.exit(3)")
    with caplog.at_level(logging.DEBUG, "toolkit"):
        async with token_client("supabase", life_left=-5, renew_command=f"{failing} {SECRET}") as (site, client):
            site.refresh_tokens.clear()
            with pytest.raises(SessionExpired) as caught:
                await client.chat("Hi").text()
    tried = (
        "Tried: the store (nothing newer), what the site has changed in other calls (nothing newer), "
        "POST /token (The site answered 400: Bad Request: invalid_grant), "
        "the renewal command (it ended with the status 3), a visit with a browser (The site wants a login)."
    )
    assert tried in str(caught.value)
    assert len(visits) == 1
    assert [line for line in caplog.messages if "renewal by" in line] == [
        "place: renewal by the store: nothing newer",
        "place: renewal by what the site has changed in other calls: nothing newer",
        "place: renewal by POST /token: The site answered 400: Bad Request: invalid_grant",
        "place: renewal by the renewal command: it ended with the status 3",
        "place: renewal by a visit with a browser: The site wants a login",
    ]
    assert SECRET not in caplog.text + str(caught.value)
    assert "locked" in capfd.readouterr().err


async def test_a_session_of_the_person_s_command_is_used(tmp_path: Path, visits: list[object]) -> None:
    """It is told what is wanted, and prints a session in a format that is imported; what that does not have is kept."""
    told = tmp_path / "told"
    async with token_client("supabase", life_left=-5) as (site, client):
        site.refresh_tokens.clear()
        new = site.grant()
        item = json.dumps({"access_token": new["access"], "refresh_token": "r", "expires_at": new["ends"]})
        state = {"cookies": [], "origins": [{"origin": client.key.origin, "localStorage": [
            {"name": "sb-project-auth-token", "value": item}]}]}  # fmt: skip
        text = f"open({str(told)!r}, 'w').write(sys.stdin.read()); print(json.dumps({state!r}))"
        previous = await client._keeper.reload()
        assert previous is not None
        await client._keeper.replace(replace(previous, headers={"user-agent": "Agent/1"}, identity="ada@example.org"))
        other = Client(client.provider, store=client._store, renew_command=command(tmp_path, text))
        assert await other.chat("Hi").text() == "ada@example.org"
        session = await other.session()
    assert (session.expires_at, session.user_agent, visits) == (float(str(new["ends"])), "Agent/1", [])
    expires = f"{previous.expires_at:.0f}"
    assert told.read_text() == (
        f"provider=place\norigin={session.origin}\naccount=default\nidentity=ada@example.org\nexpires={expires}\n\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time.sleep(600)", "it took longer than 0.5 s"),
        ("os.close(0); print('no session')", "looks like none of the formats"),
        ("sys.stdout.buffer.write(b'\\xff')", "not UTF-8"),
        ("print('{\"cookies\": []}')", "what it printed has no login"),
        ("sys.stdout.write('x' * (9 << 20))", "more than 8 MiB"),
    ],
)
async def test_a_command_that_fails_says_how(text: str, words: str, tmp_path: Path) -> None:
    """Within its time, and without what it printed."""
    site = provider(Harvest(cookies=("sid",)))("https://chat.example")
    seconds = 0.5 if "sleep" in text else 60
    with pytest.raises(SessionError, match=words):
        await renew_by_command(command(tmp_path, text), BrowserSession(provider="place", origin=""), site, seconds)


@pytest.mark.parametrize("words", ["/no/such/command", "'"])
async def test_what_is_no_command_is_told(words: str) -> None:
    """A file that is not there, and a quote without an end."""
    site = provider(Harvest())("https://chat.example")
    with pytest.raises(SessionError, match="it cannot be run"):
        await renew_by_command(words, BrowserSession(provider="place", origin=""), site)


def test_a_provider_may_have_a_command_of_its_own() -> None:
    """Which comes first, and may be none."""
    environ = {"TOOLKIT_RENEW_COMMAND": "all", "TOOLKIT_RENEW_COMMAND_MY_SITE": "mine", "TOOLKIT_RENEW_COMMAND_NO": ""}
    assert [configured_command(name, environ) for name in ("my-site", "no", "other")] == ["mine", "", "all"]
    assert configured_command("other", {}) == ""


async def test_two_calls_at_once_at_a_site_that_changes_its_token_with_each(visits: list[object]) -> None:
    """The second is refused while the answer to the first, which brings the new token, is still on its way: that is
    waited for, and nobody has to log in."""
    tokens, first, refused = ["t0"], asyncio.Event(), asyncio.Event()

    async def me(request: web.Request) -> web.Response:
        if request.cookies.get("token") != tokens[-1]:
            refused.set()
            return web.json_response({}, status=401)
        tokens.append(f"t{len(tokens)}")
        response = web.json_response({"email": tokens[-1]})
        response.set_cookie("token", tokens[-1])
        if not first.is_set():
            first.set()
            await refused.wait()
        return response

    app = web.Application()
    app.router.add_get("/api/me", me)
    async with serve(app) as origin:
        store = MemoryStore()
        async with Client(provider(Harvest(cookies=("token",))), base_url=origin, store=store) as client:
            cookie = Cookie(name="token", value="t0", domain="127.0.0.1")
            session = bare(origin, cookie, harvested_at=1.0)
            await store.save(client.key, session)
            before = asyncio.create_task(_text(client))
            await first.wait()
            assert list(await asyncio.gather(before, _text(client))) == ["t1", "t2"]
    assert visits == []


async def _text(client: Client) -> str:
    return await client.chat("Hi").text()


async def test_after_a_visit_that_needs_a_person_the_store_is_looked_at_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process has been given the new token meanwhile, so no person is asked for."""
    tokens = ["t0", "t1"]

    async def me(request: web.Request) -> web.Response:
        known = request.cookies.get("token") == tokens[-1]
        return web.json_response({"email": "ada"} if known else {}, status=200 if known else 401)

    app = web.Application()
    app.router.add_get("/api/me", me)
    store = MemoryStore()
    async with (
        serve(app) as origin,
        Client(provider(Harvest(cookies=("token",))), base_url=origin, store=store) as client,
    ):
        cookie = Cookie(name="token", value="t0", domain="127.0.0.1")
        session = bare(origin, cookie, harvested_at=1.0)
        await store.save(client.key, session)

        async def visit(_: Visitor, previous: BrowserSession, login: object = None) -> BrowserSession:
            await store.save(client.key, replace(previous, cookies=(replace(cookie, value="t1"),), changed_at=5.0))
            raise LoginRequired("The site wants a login.")

        monkeypatch.setattr(Visitor, "visit", visit)
        assert await _text(client) == "ada"


async def test_a_session_that_cannot_be_renewed_in_time_is_used_to_its_end(visits: list[object]) -> None:
    """It is still good: the call is made with it, and the next calls do not try again at once."""
    async with token_client("msal", life_left=300) as (site, client):
        site.refresh_tokens.clear()
        for _ in range(3):
            assert await client.chat("Hi").text() == "ada@example.org"
        assert [path for path, _ in site.seen].count("/token") == 1
    assert len(visits) == 1


async def test_a_call_that_ends_during_a_renewal_in_time_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visit that takes longer than the call may: the next calls are made with the session, which is still good."""
    visiting = asyncio.Event()

    async def visit(_: Visitor, previous: BrowserSession, login: object = None) -> BrowserSession:
        visiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Visitor, "visit", visit)
    async with token_client("msal", life_left=300) as (site, client):
        site.refresh_tokens.clear()
        call = asyncio.create_task(_text(client))
        await visiting.wait()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        assert await _text(client) == "ada@example.org"
