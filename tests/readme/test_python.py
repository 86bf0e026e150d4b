"""The README's "From Python"."""

from __future__ import annotations

from pathlib import Path

from tests.readme.reader import reading
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.session.value import BrowserSession

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


async def test_from_python(tmp_path: Path) -> None:
    """Each block alone is a program, or a test; the last one is called."""
    aura, public, assistant = AuraSite(), AuraSite(), OpenAssistantSite()
    apps = {"chat.example.org": aura.app(), **public.hosts(), **assistant.hosts()}
    async with reading("From Python", tmp_path, apps) as reader:
        assert await reader.python("async with Client") == "".join(aura.answer)
        assert await reader.python("SyncClient") == "".join(aura.answer) + "\n"

        test = reader.write("python", "harvest_in", "test_harvest.py")
        own = reader.with_own_browser()
        (tmp_path / "conftest.py").write_text(LED)
        browser = {"BROWSER_IN_NETWORK": str(tmp_path / "bin" / "chrome-headless-shell")}
        assert "1 passed" in await reader.run(f"pytest {test.name}", own | browser)

        defined = reader.write("python", "create_async_generator", "both.py")
        with defined.open("a") as file:
            file.write(CALL)
        known = BrowserSession(provider="aura", origin="https://openchat.team", headers={"user-agent": "Kept/1"})
        await reader.toolkit.keep(known)
        token = assistant.login.new_token()
        printed = await reader.run(f"echo -n {token} | python {defined.name}")
        assert printed == "".join(public.answer) + "".join(assistant.answer).strip()
    assert aura.problems + public.problems + assistant.problems == []
