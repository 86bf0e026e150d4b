"""The README's first call from Python with the login before it, and its first test in CI."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.async_api import Playwright

from tests.browser.person import by_hand, type_into
from tests.cli.test_login import headed, window_of
from tests.readme.reader import Reader, reading
from tests.sites.openwebui import EMAIL, PASSWORD, OpenWebUISite

UNCHANGED = "tests/webui.har: nothing has changed"


async def log_in(reader: Reader, driver: Playwright, display: str) -> str:
    """Run the block with the login, and be its person; gives what it printed."""
    block = reader.take("sh", "toolkit login")
    browsers = {"TOOLKIT_BROWSERS": headed(reader.toolkit, display)}
    process = await reader.start(block.text, browsers)
    async with window_of(process, reader.toolkit, driver, "/auth") as page:
        await page.wait_for_selector("#email")
        await type_into(display, page, "#email", EMAIL)
        await type_into(display, page, "#password", PASSWORD)
        await by_hand(display, "key", "Return")
        return await reader.end(process)


async def test_log_in_and_call(tmp_path: Path, driver: Playwright, display: str) -> None:
    """After a login in a window, the shell checks the session and Python asks, without a window."""
    webui = OpenWebUISite()
    sections = ("README.md#toolkit", "README.md#Log in")
    async with reading(sections, tmp_path, {"webui.example.org": webui.app()}) as reader:
        printed = await log_in(reader, driver, display)
        assert f"logged in as {EMAIL} at https://webui.example.org" in printed
        assert await reader.python("toolkit.chat", reader.toolkit.without_browser()) == "".join(webui.answer)
    assert webui.problems == []


async def test_in_ci(tmp_path: Path) -> None:
    """What is recorded once answers a test, where there is no site and no browser."""
    webui = OpenWebUISite()
    webui.answer = ["Air scatters ", "blue", " light most."]
    async with reading(
        "README.md#Test in CI", tmp_path, {"webui.example.org": webui.app()}, forking=["toolkit"]
    ) as reader:
        await reader.sign_in(webui)
        assert "".join(webui.answer) in await reader.shell("toolkit record")
        reader.write("python", "toolkit_client")
        assert "1 passed" in await reader.run("pytest", reader.without_network())
        shutil.copy(tmp_path / "tests" / "webui.har", tmp_path / "devtools.har")
        told = await reader.shell("recording adopt")
        assert told == f"answer={json.dumps(''.join(webui.answer), ensure_ascii=False)}\n{UNCHANGED}\n"
    assert webui.problems == []
