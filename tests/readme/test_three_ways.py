"""The README's "Three ways to use it"."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Playwright

from tests.browser.person import by_hand, type_into
from tests.cli.test_login import headed, window_of
from tests.readme.reader import Reader, reading
from tests.sites.aura import AuraSite
from tests.sites.openwebui import EMAIL, PASSWORD, OpenWebUISite

ANSWER = ["Air scatters ", "blue", " light most."]


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


async def test_three_ways(tmp_path: Path, driver: Playwright, display: str) -> None:
    """A login in a window, after which shell and Python ask without one; a test from a recording, where there is no
    network; a context of the reader's own."""
    webui, aura = OpenWebUISite(), AuraSite()
    webui.answer, aura.answer = list(ANSWER), list(ANSWER)
    apps = {"webui.example.org": webui.app(), "chat.example.org": aura.app()}
    async with reading("Three ways to use it", tmp_path, apps) as reader:
        printed = await log_in(reader, driver, display)
        assert f"logged in as {EMAIL} at https://webui.example.org" in printed
        assert "".join(ANSWER) in printed
        assert await reader.python("toolkit.chat") == "".join(ANSWER)

        assert "".join(ANSWER) in await reader.shell("toolkit record")
        reader.write("python", "toolkit_client")
        assert "1 passed" in await reader.run("pytest", reader.without_network())

        assert await reader.python("context=context", reader.with_own_browser()) == "".join(ANSWER) + "\n"
        assert {seen.headers["Accept-Language"] for seen in aura.requests} == {"en-GB"}
    assert webui.problems + aura.problems == []
