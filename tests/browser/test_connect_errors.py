"""Connecting to what is no browser: each failure is told with its way out, and without a secret."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from playwright.async_api import Playwright

from tests.browser.servers import SECRET, running
from tests.sites.serving import serve
from toolkit.browser.profiles import Connect, Profile
from toolkit.browser.running_browser import connect
from toolkit.errors import BrowserError, BrowserMissing, ConfigError

OVER = ("playwright", "cdp")


def to(url: str, over: str, **headers: str) -> Profile:
    address = f"{url}/{SECRET}?token={SECRET}"
    return Profile(connect=Connect(url=address, over=over, headers={"authorization": SECRET, **headers}))  # type: ignore[arg-type]


async def told(driver: Playwright, profile: Profile, kind: type[BrowserError], text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        await connect(driver, profile)
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value) + repr((caught.value, profile, profile.connect))


@pytest.mark.parametrize("over", OVER)
async def test_nobody_there_is_told(driver: Playwright, over: str) -> None:
    """No port, and no such name: what to start is said."""
    start = "playwright run-server" if over == "playwright" else "--remote-debugging-port=1 "
    await told(driver, to("ws://127.0.0.1:1", over), BrowserMissing, f"answers .ECONNREFUSED.*{start}")
    start = start.replace("=1 ", "=9222 ")
    await told(driver, to("ws://no-such-host.invalid", over), BrowserMissing, f"server answers.*{start}")


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (401, BrowserError, r"refuses us \(401\).*token"),
        (404, BrowserMissing, r"no browser at that path \(404\)"),
        (429, BrowserError, r"no more connections \(429\)"),
    ],
)
async def test_a_refusal_is_told(
    driver: Playwright, over: str, status: int, kind: type[BrowserError], text: str
) -> None:
    """By its status; what the server says about it is not shown, for it may repeat what it was sent."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=status, text=f"{request.headers} {request.url}")

    app = web.Application()
    app.router.add_get("/{path:.*}", refuse)
    async with serve(app) as origin:
        for url in (origin, origin.replace("http", "ws")):
            await told(driver, to(url, over), kind, text)


@pytest.mark.parametrize("over", OVER)
async def test_what_is_no_browser_is_told(driver: Playwright, over: str) -> None:
    """A web site at that address."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Hello</h1>")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    async with serve(app) as origin:
        await told(driver, to(origin, over), BrowserMissing, "does not speak")


@pytest.mark.parametrize("over", OVER)
async def test_one_that_never_answers_is_told(driver: Playwright, over: str) -> None:
    """Within the profile's time for a start, in ms."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # all that comes, until the client goes
        writer.close()

    silent = await asyncio.start_server(nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    address = Connect(url=f"ws://127.0.0.1:{port}/?{SECRET}", over=over)  # type: ignore[arg-type]
    async with silent:
        await told(driver, Profile(connect=address, launch_timeout_ms=200), BrowserMissing, "within 200 ms")


async def test_playwright_of_another_version_is_told(driver: Playwright) -> None:
    """Which it is, which this one is, and what to install."""
    async with running("run-server", driver) as server:
        headers = {**server.connect.headers, "User-Agent": "Playwright/1.2.3 (x; y)"}
        profile = Profile(connect=Connect(url=server.connect.url, headers=headers))
        await told(driver, profile, BrowserError, r"server's Playwright is 1\.\d+, and this one is 1\.2\..*pip install")
        wrong = Connect(url=server.connect.url.replace(f"/{SECRET}", "/elsewhere"))
        await told(driver, Profile(connect=wrong), BrowserMissing, "no browser at that path")
        await told(driver, Profile(connect=Connect(url=server.connect.url, over="cdp")), BrowserMissing, "not speak")


async def test_a_profile_that_contradicts_itself_is_refused(driver: Playwright) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError, match="leave out args"):
        await connect(driver, Profile(connect=Connect(url="ws://127.0.0.1:1"), args=("--x",)))
