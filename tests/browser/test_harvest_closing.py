"""What a visit closes at its end, and what it leaves to the caller."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from playwright.async_api import BrowserContext, Page

from tests.browser.places import BOX, TRUSTING, Handler, Place, away, html, network, never, status
from tests.conftest import OpenContext
from tests.sites.asking import until
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import HarvestFailed, ToolkitError
from toolkit.session.browser_session import BrowserSession


async def harvest(context: BrowserContext, place: Place | None = None, **profile: Any) -> BrowserSession:
    """Harvest in a context of the caller's; `profile` are fields that differ from `TRUSTING`."""
    async with SessionManager(replace(TRUSTING, **profile), context=context) as manager:
        return await manager.harvest(place or Place())


# --- who closes what -------------------------------------------------------------------------------------------------


async def caller_s(context: BrowserContext) -> Page:
    """A page of the caller's, with something in it."""
    page = await context.new_page()
    await page.set_content("<p>mine</p>")
    return page


async def assert_untouched(context: BrowserContext, page: Page) -> None:
    """The caller's page is the only one, and alive; so is the context."""
    assert context.pages == [page]
    assert await page.inner_text("p") == "mine"
    await (await context.new_page()).close()


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (html(BOX), None),
        (html(""), HarvestFailed),
        (status(500), HarvestFailed),
        (away("/nowhere"), HarvestFailed),
        (away("https://refused.example/"), ToolkitError),
        (never, HarvestFailed),
    ],
)
async def test_what_was_opened_is_closed_and_nothing_else(
    open_context: OpenContext, answer: Handler, ends: type[ToolkitError] | None
) -> None:
    """However the visit ends, the caller has its own page, and no other."""
    async with network(answer) as local:
        context = await open_context(local)
        mine = await caller_s(context)
        limits: dict[str, Any] = {"ready_timeout_ms": 200, "navigation_timeout_ms": 500} if ends else {}
        with nullcontext() if ends is None else pytest.raises(ends):
            await harvest(context, **limits)
        await assert_untouched(context, mine)


async def test_windows_that_the_page_opened_are_closed(open_context: OpenContext) -> None:
    """A window that the visited page opens, and one that this one opens, are the visit's too."""
    script = "<script>open('/second'); fetch('/opened').then(() => document.body.innerHTML = '<textarea>')</script>"
    second = "<script>open('/third')</script>"
    seen: list[Page] = []

    async def opened(_: web.Request) -> web.Response:
        await until(lambda: len(seen) == 3)
        return web.Response()

    routes = {"/": html(script), "/second": html(second), "/third": html(""), "/opened": opened}
    async with network(routes) as local:
        context = await open_context(local)
        mine = await caller_s(context)
        context.on("page", lambda page: seen.append(page))
        await harvest(context)
        assert len(seen) == 3
        await assert_untouched(context, mine)


async def test_a_cancelled_visit_leaves_the_caller_s_page_alone(open_context: OpenContext) -> None:
    """Cancelled after any number of turns of the event loop, once or twice, it is over when the cancellation arrives,
    and its page is gone."""
    turns = 0
    async with network(html(BOX, "sid=1")) as local:
        context = await open_context(local)
        mine = await caller_s(context)
        task = asyncio.create_task(harvest(context))
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        ended = 0
        for number in range(18):
            task = asyncio.create_task(harvest(context))
            for _ in range(int(turns ** (number / 17))):
                await asyncio.sleep(0)
            task.cancel()
            if number % 2:
                await asyncio.sleep(0)
                task.cancel()
            ended += isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
            assert context.pages == [mine], f"cancelled after {number}"
        assert ended > 9
        await assert_untouched(context, mine)


async def test_a_time_limit_of_the_caller_s_is_kept(open_context: OpenContext) -> None:
    """`asyncio.timeout` around a harvest raises its own TimeoutError, and the page is gone."""
    async with network(never) as local:
        context = await open_context(local)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await harvest(context)
        assert context.pages == []
