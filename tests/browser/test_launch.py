"""Launching a real browser by a profile: what it does there, and how each failure is told."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.browser.conftest import program
from tests.sites.asking import SECONDS, until
from toolkit.browser.context_options import context_options
from toolkit.browser.installed_browsers import InstalledBrowser
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile, Size
from toolkit.errors import BrowserError, BrowserMissing
from toolkit.http.route import Route
from toolkit.replay.certificate_authority import CertificateAuthority

SYSTEM = InstalledBrowser(name="Chromium", source="system", path="/usr/bin/chromium")


async def test_a_missing_program_is_told(driver: Playwright, tmp_path: Path) -> None:
    """A program that is not there is `BrowserMissing`, with the way out."""
    with pytest.raises(BrowserMissing, match=r"no program at .*absent.*Run `toolkit install`"):
        await launch(driver, Profile(executable_path=str(tmp_path / "absent")))


async def test_a_window_without_a_display_is_told(driver: Playwright, monkeypatch: pytest.MonkeyPatch) -> None:
    """A headed profile on Linux without a display says so, and names Xvfb."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only there can a display be missing")
    environ = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY"), "")
    with pytest.raises(BrowserError, match=r"no display for the browser's window\..*Xvfb"):
        await launch(driver, Profile(headless=False, env=environ))


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
async def test_a_program_that_ends_at_once_is_told(driver: Playwright, tmp_path: Path) -> None:
    """So is a program that is no browser."""
    with pytest.raises(BrowserError, match="ended as soon as it was started"):
        await launch(driver, Profile(executable_path=str(program(tmp_path / "no-browser"))))


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
async def test_a_launch_that_takes_too_long_is_told_and_leaves_nothing(
    tmp_path: Path, browser_processes: Callable[[], list[list[str]]]
) -> None:
    """The limit is the profile's, in ms; the program that did not answer is gone when Playwright is."""
    slow = program(tmp_path / "slow", '#!/bin/sh\nread never < "$0.pipe"\n')
    os.mkfifo(f"{slow}.pipe")
    before = len(browser_processes())
    async with async_playwright() as playwright:
        with pytest.raises(BrowserError, match="did not start within 200 ms"):
            await launch(playwright, Profile(executable_path=str(slow), launch_timeout_ms=200))
    await until(lambda: len(browser_processes()) == before)


async def test_a_cancelled_launch_leaves_nothing(
    driver: Playwright, browser_processes: Callable[[], list[list[str]]]
) -> None:
    """Cancelled before, while and after the process starts: none is left when the cancellation arrives."""
    before = len(browser_processes())
    for steps in (0, 1, 3):
        task = asyncio.ensure_future(launch(driver, Profile()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(browser_processes()) == before
    task = asyncio.ensure_future(launch(driver, Profile()))
    async with asyncio.timeout(SECONDS):
        while len(browser_processes()) == before:  # noqa: ASYNC110 - processes tell nobody that they start
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(browser_processes()) == before


async def test_everything_goes_by_the_route_and_its_root_is_trusted(driver: Playwright, tmp_path: Path) -> None:
    """A real host name and a loopback address both reach the route's proxy, and its own root counts, without a warning.

    The browser asks for nothing that no page asked for.
    """
    authority = CertificateAuthority(tmp_path)
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().partition(" HTTP")[0]
        asked.append(line)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.start_tls(authority.server_context(line.removeprefix("CONNECT ").partition(":")[0]))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    route = Route(proxy=f"http://127.0.0.1:{port}", ca_pem=authority.root_pem, spki=authority.spki)
    async with server:
        browser = await launch(driver, Profile(), route)
        try:
            page = await (await browser.new_context(**context_options(Profile(), route))).new_page()
            for url in ("https://shop.example/", "https://127.0.0.1:444/"):
                answer = await page.goto(url)
                assert answer is not None
                assert await answer.text() == "hi"
        finally:
            await browser.close()
    pages = {"CONNECT shop.example:443", "CONNECT 127.0.0.1:444"}
    assert set(asked) == pages


async def test_a_profile_s_context_is_what_the_page_sees(driver: Playwright) -> None:
    """Agent, languages, time zone, sizes and colours of the profile are those of the page."""
    profile = Profile(
        user_agent="Agent/1",
        locale="de-DE",
        timezone_id="Asia/Tokyo",
        viewport=Size(width=640, height=480),
        color_scheme="dark",
        device_scale_factor=2,
    )
    browser = await launch(driver, profile)
    try:
        page = await (await browser.new_context(**context_options(profile, Route()))).new_page()
        seen = await page.evaluate(
            """() => [navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone,
            innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches, devicePixelRatio]"""
        )
    finally:
        await browser.close()
    assert seen == ["Agent/1", "de-DE", "Asia/Tokyo", 640, 480, True, 2]


async def test_a_visit_leaves_no_crash_report(driver: Playwright, tmp_path: Path) -> None:
    """None of our switches makes a part of the browser fail in silence: its reports would hold memory of a session."""
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    browser = await launch(driver, Profile(env=home))
    page = await browser.new_page()
    await page.goto("data:text/html,<title>here</title>")
    assert await page.title() == "here"
    await browser.close()
    assert crash_reports(tmp_path) == []


def crash_reports(folder: Path) -> list[Path]:
    return list(folder.rglob("*.dmp"))
