"""An error of a visit shows no secret, also where a program prints its traceback with local variables."""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Playwright

from tests.browser.conftest import program
from tests.browser.places import HOME, TRUSTING, Place, html, network
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile, Proxy
from toolkit.browser.session_manager import SessionManager
from toolkit.errors import BrowserError, HarvestFailed, UsageError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest

SECRET = "s3cretXYZ0123456789"


def shown(error: BaseException) -> str:
    """The traceback with the locals of all functions but those of this file, which have the secret on
    purpose; also of the errors that led to this one."""
    todo = [traceback.TracebackException.from_exception(error, capture_locals=True)]
    texts: list[str] = []
    while todo:
        one = todo.pop()
        one.stack[:] = [frame for frame in one.stack if frame.filename != __file__]
        todo += [other for other in (one.__cause__, one.__context__) if other is not None]
        texts += one.format(chain=False)
    return "".join(texts)


async def test_a_failed_visit_shows_no_secret(chromium: Browser) -> None:
    """Neither what the session to renew has, nor what the page has stored and sent until then."""
    page = html(f"<script>localStorage.token = '{SECRET}-stored'</script>", f"sid={SECRET}-set; Secure")
    previous = BrowserSession(
        provider="place",
        origin=HOME,
        harvested_at=time.time(),
        cookies=(Cookie(name="old", value=f"{SECRET}-old", domain="chat.example", secure=True),),
        headers={"user-agent": "tests"},
        local_storage={HOME: {"key": f"{SECRET}-kept"}},
    )
    place = Place(harvest=Harvest(ready="#never", storage=("token",), cookies=("sid",)))
    async with (
        network(page) as local,
        SessionManager(replace(TRUSTING, ready_timeout_ms=300), browser=chromium, route=local.route) as manager,
    ):
        with pytest.raises(HarvestFailed) as caught:
            await manager.harvest(place, previous=previous)
    assert "harvest" in shown(caught.value)
    assert SECRET not in shown(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
async def test_a_failed_start_shows_no_secret(driver: Playwright, tmp_path: Path) -> None:
    """Neither the variables for the browser, nor the password of its proxy."""
    profile = Profile(
        executable_path=str(program(tmp_path / "no-browser")),
        env={"KEY": SECRET},
        proxy=Proxy(server="http://127.0.0.1:1", username="ada", password=SECRET),
    )
    with pytest.raises(BrowserError) as caught:
        await launch(driver, profile)
    assert "launch" in shown(caught.value)
    assert SECRET not in shown(caught.value)


async def test_a_manager_that_cannot_be_made_shows_no_secret(chromium: Browser) -> None:
    """The address of a browser may have a password in it, or a token."""
    with pytest.raises(UsageError) as caught:
        SessionManager(browser=chromium, cdp=f"http://127.0.0.1:9222/?token={SECRET}")
    assert SECRET not in shown(caught.value)
