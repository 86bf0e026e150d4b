"""The page on Python: each way to call."""

from __future__ import annotations

from pathlib import Path

from tests.readme.reader import reading
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.session.browser_session import BrowserSession

LED = """
import os
import pytest

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": os.environ["BROWSER_IN_NETWORK"]}
"""
CALL = """
import asyncio
import sys

asyncio.run(both([{"role": "user", "content": "Hi"}], {"__Secure-next-auth.session-token": sys.stdin.read()}))
"""


async def test_programs(tmp_path: Path) -> None:
    """With asyncio and without, each block alone is a program."""
    aura = AuraSite()
    sections = ("python.md#With asyncio", "python.md#Without asyncio")
    async with reading(sections, tmp_path, {"chat.example.org": aura.app()}, forking=("toolkit", "python")) as reader:
        assert await reader.python("async with Client") == "".join(aura.answer)
        assert await reader.python("SyncClient") == "".join(aura.answer) + "\n"
    assert aura.problems == []


async def test_contexts(tmp_path: Path) -> None:
    """A context of one's own is visited as it is configured; one of the sync API, in a test of pytest-playwright."""
    aura = AuraSite()
    sections = ("python.md#With Playwright's sync API", "python.md#A browser context of your own")
    async with reading(sections, tmp_path, {"chat.example.org": aura.app()}, forking=("toolkit", "python")) as reader:
        own = reader.with_own_browser()
        assert await reader.python("context=context", own) == "".join(aura.answer) + "\n"
        assert {seen.headers["Accept-Language"] for seen in aura.requests} == {"en-GB"}

        test = reader.write("python", "harvest_in", "test_harvest.py")
        (tmp_path / "conftest.py").write_text(LED)
        browser = {"BROWSER_IN_NETWORK": str(tmp_path / "bin" / "chrome-headless-shell")}
        assert "1 passed" in await reader.run(f"pytest {test.name}", own | browser)
    assert aura.problems == []


async def test_a_provider_by_itself(tmp_path: Path) -> None:
    """The function is called with messages and cookies."""
    public, assistant = AuraSite(), OpenAssistantSite()
    apps = {**public.hosts(), **assistant.hosts()}
    async with reading("python.md#A provider by itself", tmp_path, apps, forking=("toolkit", "python")) as reader:
        defined = reader.write("python", "create_async_generator", "both.py")
        with defined.open("a") as file:
            file.write(CALL)
        known = BrowserSession(provider="aura", origin="https://openchat.team", headers={"user-agent": "Kept/1"})
        await reader.toolkit.keep(known)
        token = assistant.login.new_token()
        printed = await reader.run(f"echo -n {token} | python {defined.name}")
        assert printed == "".join(public.answer) + "".join(assistant.answer).strip()
    assert public.problems + assistant.problems == []
