"""A context of Playwright's sync API, as pytest-playwright gives one to a test.

In a suite of its own, since the sync API keeps an event loop running in its thread.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import msgspec
from playwright.async_api import Browser

from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from toolkit.browser.installed_browsers import find_browser
from toolkit.browser.launch_options import chromium_args
from toolkit.browser.profiles import Profile
from toolkit.browser.session_manager import SessionManager
from toolkit.providers.registry import find
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

SUITE = '''
import asyncio, json, os, signal, sys, traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from toolkit import Aura
from toolkit.browser import sync_harvest
from toolkit.browser.session_manager import SessionManager
from toolkit.browser.sync_harvest import harvest_sync
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserError, ContextTypeError, HarvestFailed
from toolkit.http.route import Route

TOLD = json.loads(os.environ["TOLD"])
ROUTE = Route(proxy=TOLD["context"]["proxy"]["server"], ca_pem=TOLD["root"].encode())
MESSAGES = [{"role": "user", "content": "Hello!"}]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | TOLD["launch"]


@pytest.fixture
def browser_context_args(browser_context_args):
    return browser_context_args | TOLD["context"]


@pytest.fixture
def mine(context):
    """A page of the caller's own, which is the only one in the end."""
    page = context.new_page()
    page.set_content("<p>mine</p>")
    yield page
    assert context.pages == [page]
    assert page.inner_text("p") == "mine"


def test_harvest(context, mine):
    session = harvest_sync(context, Aura(), account="ada")
    Path("session.json").write_bytes(msgspec.json.encode(session))


def test_call(context, mine):
    stream = Aura.create_async_generator("", MESSAGES, webdriver=context, route=ROUTE)
    assert context.pages == [mine]  # it has harvested already: elsewhere this context cannot be used

    async def read():
        return "".join([piece async for piece in stream])

    with ThreadPoolExecutor() as pool:
        assert pool.submit(asyncio.run, read()).result() == TOLD["text"]


def test_error(context, mine):
    secret = {"X-Key": "s3cret"}
    context.route("**/*", lambda route: route.fulfill(status=500, body="oops", headers=secret))
    with pytest.raises(HarvestFailed, match="answered 500") as caught:
        harvest_sync(context, Aura())
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    told.stack[:] = told.stack[1:]  # not the locals of this test
    assert "harvest_sync" in "".join(told.format())
    assert "s3cret" not in "".join(told.format())


def test_time_out(context, mine):
    context.route("**/*", lambda route: route.fulfill(body="<p>no box</p>", content_type="text/html"))
    with pytest.raises(HarvestFailed, match="the page does not show textarea"):
        harvest_sync(context, Aura(), profile=Profile(ready_timeout_ms=200))


def test_wrong_ones(context, mine, browser):
    for wrong in (mine, browser):
        with pytest.raises(ContextTypeError, match=r"not playwright\\.sync_api"):
            Aura.create_async_generator("", MESSAGES, webdriver=wrong)
    with pytest.raises(ContextTypeError, match="harvest_in"):
        SessionManager(context=context)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_driver_that_is_stopped(context, monkeypatch):
    monkeypatch.setattr(sync_harvest, "STEP_SECONDS", 0.2)
    monkeypatch.setattr(sync_harvest, "GRACE_SECONDS", 0.1)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    (driver,) = [int(pid) for pid in children if b"run-driver" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(driver, signal.SIGSTOP)
    try:
        with pytest.raises(BrowserError, match=r"no answer within 0\\.2 s.*whether it is stopped"):
            harvest_sync(context, Aura(), profile=Profile(navigation_timeout_ms=50, ready_timeout_ms=50))
    finally:
        os.kill(driver, signal.SIGCONT)
'''


async def test_a_context_of_pytest_playwright_s_gives_the_same_session(chromium: Browser, tmp_path: Path) -> None:
    """By `harvest_in`, and at the call itself; its own pages are left alone, on errors too; and a call that
    nobody answers has an end."""
    site, found = AuraSite(), find_browser(Profile(), chromium.browser_type.executable_path)
    assert found is not None
    async with LocalNetwork(apps=site.hosts()) as local:
        told = {
            "root": (local.route.ca_pem or b"").decode(),
            "context": local.context_options(),
            "launch": {"args": [*chromium_args(found), *local.launch_args()], "executable_path": found.path},
            "text": "".join(PIECES),
        }
        (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:asyncio"),
            cwd=tmp_path,
            env={**os.environ, "TOLD": json.dumps(told)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await run.communicate())[0].decode()
        assert run.returncode == 0, output
        assert ("6 passed" if sys.platform.startswith("linux") else "5 passed") in output
        async with SessionManager(Profile(), route=local.route) as manager:
            ours = await manager.harvest(find("aura")(), account="ada")
    theirs = msgspec.json.decode((tmp_path / "session.json").read_bytes(), type=BrowserSession)
    assert msgspec.structs.replace(theirs, harvested_at=0, profile="") == msgspec.structs.replace(ours, harvested_at=0)
    assert site.problems == []
    assert local.refused == []
