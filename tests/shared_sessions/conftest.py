"""Commands that share one store, on one machine; every browser that they start is counted."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Playwright

from tests.browser.conftest import program
from tests.cli.conftest import Toolkit, toolkit
from tests.conftest import absent
from tests.sites.aura import AuraSite
from tests.sites.serving import serve
from tests.stores.conftest import redis_url, shared_redis
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.profiles import Profile

__all__ = ["redis_url", "shared_redis", "toolkit"]  # fixtures, which pytest finds here

PATIENT = dict.fromkeys(("launch_timeout_ms", "navigation_timeout_ms", "ready_timeout_ms"), 120_000)


class Launches:
    """Browsers that commands start: `environ` has them use one that writes each start down."""

    def __init__(self, command: Toolkit, browser: str) -> None:
        self._log = command.folder / "launches"
        self._log.touch()
        counting = program(
            command.folder / "counting-browser",
            f'#!/bin/sh\ncase "$*" in *--version*) ;; *) echo $$ >> {shlex.quote(str(self._log))} ;; esac\n'
            f'exec {shlex.quote(browser)} "$@"\n',
        )
        profile = {"executable_path": str(counting), **PATIENT}
        self.environ = {
            "TOOLKIT_BROWSERS": command.file("counting.json", {"default": "it", "profiles": {"it": profile}})
        }

    @property
    def count(self) -> int:
        return len(self._log.read_text().splitlines())


@pytest.fixture
def launches(toolkit: Toolkit, driver: Playwright) -> Launches:
    found = find_browser(Profile(), driver.chromium.executable_path)
    if found is None or found.path is None:
        absent("There is no Chromium.")
    return Launches(toolkit, found.path)


class SlowAura(AuraSite):
    """The Aura stand-in, which needs no login. Its page answers while `open` is set; `visits` is how often it was
    asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.visits = 0

    async def _page(self, request: web.Request) -> web.Response:
        self.visits += 1
        await self.open.wait()
        return await super()._page(request)


@pytest.fixture
async def aura() -> AsyncIterator[tuple[SlowAura, str]]:
    """The Aura stand-in and its origin."""
    site = SlowAura()
    async with serve(site.app()) as origin:
        yield site, origin
        site.open.set()
    assert not site.problems


@pytest.fixture(params=["file", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment with a store that commands share."""
    if request.param == "file":
        return {"TOOLKIT_STORE": f"file:{tmp_path / 'sessions'}"}
    return {"TOOLKIT_STORE": request.getfixturevalue("redis_url")}
