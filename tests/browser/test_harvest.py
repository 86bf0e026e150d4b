"""A visit: what it takes, what it waits for, and how it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import BrowserContext, Page

from tests.browser.places import BOX, HOME, HOST, TRUSTING, Handler, Place, away, html, network, never, status
from tests.conftest import OpenContext
from tests.sites.asking import SECONDS, until
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import ChallengeRequired, HarvestFailed, LoginRequired, ToolkitError
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest


async def harvest(context: BrowserContext, place: Place | None = None, **profile: Any) -> BrowserSession:
    """Harvest in a context of the caller's; `profile` are fields that differ from `TRUSTING`."""
    async with SessionManager(replace(TRUSTING, **profile), context=context) as manager:
        return await manager.harvest(place or Place())


def names(session: BrowserSession) -> set[str]:
    return {cookie.name for cookie in session.cookies}


async def test_only_cookies_that_the_provider_s_hosts_are_sent_are_taken(open_context: OpenContext) -> None:
    """Those of its hosts and of domains above them; not of a host below or beside, nor of one above for itself."""
    async with network(html(BOX, "own=1", "wide=1; Domain=chat.example")) as local:
        context = await open_context(local)
        given = {
            "api.chat.example": "below",
            "example": "above-for-itself",
            "other.example": "beside",
            "notchat.example": "same-ending",
            "api.place.test": "api",
            ".place.test": "above-api",
            "place.test": "above-api-for-itself",
        }
        cookies: Any = [{"name": name, "value": "1", "domain": domain, "path": "/"} for domain, name in given.items()]
        await context.add_cookies(cookies)
        session = await harvest(context, Place(hosts=(HOST, "api.place.test")))
    assert names(session) == {"own", "wide", "api", "above-api"}
    assert {cookie.name: cookie.host_only for cookie in session.cookies}["wide"] is False


async def test_an_address_is_a_host_like_any_other(open_context: OpenContext) -> None:
    """The cookies of an IP address, and of a name in another alphabet, are found by what the recipe calls the host."""
    page = html(BOX + "<script>localStorage.a = 1</script>", "own=1")
    async with network(page, **{"bücher_example": page, "127_0_0_1": page}) as local:
        context = await open_context(local)
        for host in ("bücher.example", "127.0.0.1"):
            session = await harvest(context, Place(site=f"https://{host}", hosts=(host,)))
            assert names(session) == {"own"}
            assert list(session.local_storage.values()) == [{"a": "1"}]


async def test_local_storage_is_taken_of_the_provider_s_frames_only(open_context: OpenContext) -> None:
    """The page's and that of a frame of another of its hosts; not that of a frame of any other host."""
    keep = "<script>localStorage.at = location.host</script>"
    frames = "".join(f"<iframe src='https://{host}/'></iframe>" for host in ("api.chat.example", "ads.chat.example"))
    page = keep + frames + "<script>onload = () => document.body.append(document.createElement('textarea'))</script>"
    async with network(html(page), api_chat_example=html(keep), ads_chat_example=html(keep)) as local:
        recipe = Harvest(storage=("at",), ready="textarea")
        session = await harvest(await open_context(local), Place(hosts=(HOST, "api.chat.example"), harvest=recipe))
    assert session.local_storage == {HOME: {"at": HOST}, "https://api.chat.example": {"at": "api.chat.example"}}


async def test_headers_are_those_of_the_page_s_own_requests(open_context: OpenContext) -> None:
    """The standing ones and those that the recipe names, of several the latest fetch's; no others, and none that went
    to somebody else."""
    script = """<script>
        const ask = (url, key) => fetch(url, {headers: {"x-key": key, "x-other": "1"}}).catch(() => 0);
        (async () => {
            await ask("/api", "first"); await ask("/api", "second"); await ask("https://ads.example/", "theirs");
            document.body.innerHTML = "<textarea>";
        })();
    </script>"""
    async with network({"/": html(script), "/api": status(204)}, ads_example=status(204)) as local:
        recipe = Harvest(ready="textarea", headers=("x-key",))
        context = await open_context(local)
        session = await harvest(context, Place(harvest=recipe))
        page = await context.new_page()
        agent = await page.evaluate("navigator.userAgent")
    assert set(session.headers) == {
        *("accept-language", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "user-agent", "x-key")
    }
    assert session.headers["x-key"] == "second"
    assert session.headers["user-agent"] == session.user_agent == agent


async def test_a_request_that_still_waits_for_its_turn_holds_nothing_up(open_context: OpenContext) -> None:
    """More streams than a browser opens to one host, all without an end: the session is there all the same."""
    script = "<script>for (let n = 0; n < 9; n++) fetch(`/never?${n}`).catch(() => 0)</script>"
    async with network({"/": html(BOX + script), "/never": never}) as local:
        async with asyncio.timeout(SECONDS):
            session = await harvest(await open_context(local))
    assert session.user_agent


# --- what is waited for ----------------------------------------------------------------------------------------------


async def test_a_cookie_that_comes_late_is_waited_for(open_context: OpenContext) -> None:
    """One of two is there at once, the other comes when the test lets it: both are taken."""
    release = asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        await release.wait()
        response = web.Response()
        response.set_cookie("second", "2", secure=True)
        return response

    async with network({"/": html("<script>fetch('/late')</script>", "first=1"), "/late": late}) as local:
        context = await open_context(local)
        task = asyncio.create_task(harvest(context, Place(harvest=Harvest(cookies=("first", "sec(ond|)")))))
        await until(lambda: any(one.url.endswith("/late") for one in local.log))
        await until_cookie(context, "first")
        assert not task.done()
        release.set()
        assert names(await task) == {"first", "second"}


async def until_cookie(context: BrowserContext, name: str) -> None:
    async with asyncio.timeout(SECONDS):
        while name not in [cookie.get("name") for cookie in await context.cookies()]:
            pass


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (Harvest(cookies=("first", r"sid\.\d")), r"After 0\.2 s the site has not set the cookie sid\.\\d\."),
        (Harvest(storage=("key",)), "the page has not stored key"),
        (Harvest(ready="#chat"), "the page does not show #chat"),
        (Harvest(ready="#hidden", cookies=("sid",)), "not set the cookie sid, and the page does not show #hidden"),
    ],
)
async def test_what_is_missing_when_the_time_is_up_is_named(
    open_context: OpenContext, recipe: Harvest, told: str
) -> None:
    """The error says how long it waited and what for, at which page; an element that cannot be seen is not there."""
    async with network(html("<p id=hidden style='display: none'>", "first=1")) as local:
        with pytest.raises(HarvestFailed, match=told) as caught:
            await harvest(await open_context(local), Place(harvest=recipe), ready_timeout_ms=200)
    assert caught.value.what.startswith("After 0.2 s the ")
    assert (caught.value.url, caught.value.provider) == (f"{HOME}/", "place")


async def test_no_limit_is_no_limit(open_context: OpenContext) -> None:
    """A time-out of 0 ms waits as long as it takes."""
    script = "<script>setTimeout(() => document.body.innerHTML = '<textarea>', 200)</script>"
    async with network(html(script)) as local:
        await harvest(await open_context(local), ready_timeout_ms=0, navigation_timeout_ms=0)


async def test_a_page_that_goes_elsewhere_is_followed(open_context: OpenContext) -> None:
    """By a redirect, by a script before it has loaded, again and again: what counts is where it comes to rest."""
    async with network(
        {
            "/": away("/script"),
            "/script": html("<script>location.replace('/slow')</script><script src=/never></script>"),
            "/never": never,
            "/slow": html("<script>localStorage.n = 1; setTimeout(() => location.replace('/chat'))</script>"),
            "/chat": html(BOX + "<script>localStorage.chat = 1</script>", "sid=1"),
        }
    ) as local:
        recipe = Harvest(ready="textarea", storage=("n",))
        session = await harvest(await open_context(local), Place(harvest=recipe))
    assert names(session) == {"sid"}
    assert session.local_storage == {HOME: {"n": "1", "chat": "1"}}


async def test_a_picture_that_never_comes_is_not_waited_for(
    open_context: OpenContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe without an element to look for waits for the page to load, yet not for ever."""
    monkeypatch.setattr("toolkit.browser.page_readiness.SETTLE_MS", 100)
    async with network({"/": html("<img src=/never>", "sid=1"), "/never": never}) as local:
        session = await harvest(await open_context(local), Place(harvest=Harvest(cookies=("sid",))))
    assert names(session) == {"sid"}


# --- how it ends otherwise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (html("<h1>oops</h1>", status=500), HarvestFailed, "answered 500"),
        (status(500), HarvestFailed, "answered 500"),
        (status(404), HarvestFailed, "answered 404"),
        (html("who are you?", status=401), LoginRequired, "wants a login"),
        (status(403), LoginRequired, "wants a login"),
        (html("...", status=403, **{"cf-mitigated": "challenge"}), ChallengeRequired, "a person.*toolkit login"),
        (status(503, **{"cf-mitigated": "challenge"}), ChallengeRequired, "proof of a person"),
    ],
)
async def test_an_error_status_of_the_page_is_told_at_once(
    open_context: OpenContext, answer: Handler, kind: type[ToolkitError], told: str
) -> None:
    """Whether it has a body or not (Chromium then shows a page of its own); a challenge is never solved."""
    async with network(answer) as local:
        with pytest.raises(kind, match=told) as caught:
            await harvest(await open_context(local), Place(harvest=Harvest(cookies=("sid",))))
    assert (caught.value.url, caught.value.provider) == (f"{HOME}/", "place")


@pytest.mark.parametrize(
    "to", ["/auth/signin?next=secret", "https://id.example/authorize?state=secret", "/script?state=secret"]
)
async def test_a_login_that_nobody_can_give_is_told_at_once(open_context: OpenContext, to: str) -> None:
    """At the site's own sign-in page and at somebody else's, however the browser came there; without the query."""
    page = html("<input type=text>", "sid=old")
    script = html("<script>location.replace('/auth/signin')</script>")
    routes = {"/": away(to), "/auth/signin": page, "/script": script}
    recipe = Harvest(cookies=("sid",), signed_out="^/auth/")
    async with network(routes, id_example={"/authorize": page}) as local:
        with pytest.raises(LoginRequired, match="wants a login") as caught:
            await harvest(await open_context(local), Place(harvest=recipe))
    assert "secret" not in str(caught.value)


async def test_a_login_that_is_no_longer_taken_is_none(open_context: OpenContext) -> None:
    """The cookie is still in the browser, but the site sends it to the sign-in page: that is no session."""
    oa, provider = OpenAssistantSite(), find("openassistant")()
    async with LocalNetwork(apps=oa.hosts()) as local:
        context = await open_context(local)
        page = await context.new_page()
        await page.goto("https://open-assistant.io/chat")
        await page.fill("[name=username]", USER)
        await page.fill("[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#signed-in-as")
        async with SessionManager(TRUSTING, context=context) as manager:
            assert "__Secure-next-auth.session-token" in names(await manager.harvest(provider))
            oa.login.expire()
            with pytest.raises(LoginRequired):
                await manager.harvest(provider)
    assert oa.problems == []


async def test_a_page_that_never_answers_is_given_up(open_context: OpenContext) -> None:
    """After `navigation_timeout_ms`."""
    async with network(never) as local:
        with pytest.raises(HarvestFailed, match="did not load in time"):
            await harvest(await open_context(local), navigation_timeout_ms=300)


async def test_a_download_in_the_place_of_a_page_is_told(open_context: OpenContext) -> None:
    """The browser would keep it, and show nothing."""
    attachment: Any = {"Content-Disposition": "attachment; filename=x"}
    async with network(html("x", **attachment)) as local:
        with pytest.raises(HarvestFailed, match="sent a download in the place of its page"):
            await harvest(await open_context(local))


@pytest.mark.parametrize("recipe", [Harvest(ready="textarea"), Harvest(storage=("key",)), Harvest(cookies=("sid",))])
async def test_a_page_that_answers_no_more_is_given_up(
    open_context: OpenContext, recipe: Harvest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script without an end stops the page, but not the clock."""
    monkeypatch.setattr("toolkit.browser.page_queries.MIN_ANSWER_MS", 200)
    monkeypatch.setattr("toolkit.browser.harvest.CLOSE_WAITS_MS", (50, 50))
    async with network(html("<script>while (true);</script>", "sid=1")) as local:
        limits = {"ready_timeout_ms": 300, "navigation_timeout_ms": 300}
        with pytest.raises(HarvestFailed, match="in time"):
            await harvest(await open_context(local), Place(harvest=recipe), **limits)


async def loaded(context: BrowserContext) -> Page:
    """The visit's page, once it is there."""
    await until(lambda: bool(context.pages) and context.pages[0].url == f"{HOME}/")
    await context.pages[0].wait_for_load_state()
    return context.pages[0]


async def test_a_window_that_is_closed_ends_the_visit(open_context: OpenContext) -> None:
    """By whoever does it and for whatever reason, while something is waited for."""
    async with network(html("")) as local:
        context = await open_context(local)
        task = asyncio.create_task(harvest(context))
        await (await loaded(context)).close(reason="enough")
        with pytest.raises(HarvestFailed, match="window was closed"):
            await task


async def test_a_page_that_crashes_ends_the_visit(open_context: OpenContext) -> None:
    """And it says so."""
    async with network(html("")) as local:
        context = await open_context(local)
        task = asyncio.create_task(harvest(context))
        page = await loaded(context)
        crashing = asyncio.ensure_future((await context.new_cdp_session(page)).send("Page.crash"))
        with pytest.raises(HarvestFailed, match="crashed"):
            await task
        assert context.pages == []
        await asyncio.wait({crashing})
        assert crashing.exception() is not None  # it never gets an answer
