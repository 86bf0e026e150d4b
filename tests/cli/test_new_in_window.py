"""`toolkit new` with a window: a person logs in and asks, and has a provider that works."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Playwright

from tests.browser.person import by_hand, type_into, virtual_display
from tests.cli.conftest import Toolkit
from tests.cli.test_login import headed, window_of
from tests.sites.asking import SECONDS
from tests.sites.mysite import ANSWER, PASSWORD, USER, application
from tests.sites.serving import serve

QUESTIONS = ("Why is the sky blue?", "How many legs has a spider?", "And an ant?")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


async def ask(display: str, page: Page, question: str) -> None:
    await type_into(display, page, "[name=prompt]", question)
    await by_hand(display, "key", "Return")


async def read_until(stream: asyncio.StreamReader | None, text: str) -> None:
    """Read what the command says until it says `text`."""
    assert stream is not None
    async with asyncio.timeout(SECONDS):
        async for line in stream:
            if text in line.decode():
                return
    pytest.fail(f"the command ended without {text!r}")


async def test_one_chat_in_a_window_makes_a_provider(
    toolkit: Toolkit, driver: Playwright, display: str, tmp_path: Path
) -> None:
    """A person logs in and asks what they are told to. The provider that results is proved, and answers at once with
    the session of that window; its folder has no secret."""
    folder = tmp_path / "skyblue"
    async with serve(application()) as origin:
        process = await toolkit.start(
            *("new", "skyblue", "--base-url", origin, "-o", str(folder), "--live"),
            env={"TOOLKIT_BROWSERS": headed(toolkit, display)},
        )
        async with window_of(process, toolkit, driver, "/login") as page:
            await type_into(display, page, "[name=email]", USER)
            await type_into(display, page, "[name=password]", PASSWORD)
            await by_hand(display, "key", "Return")
            await page.wait_for_url(f"{origin}/")
            for question, order in zip(QUESTIONS, ("another new chat", "same chat", "all answers"), strict=True):
                await ask(display, page, question)
                await read_until(process.stderr, order)
                if order == "another new chat":
                    await page.reload()
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert f"the answer now: {''.join(ANSWER)}" in out.decode()
        result = await toolkit.run("chat", "skyblue", "--plain", "Hello", env=toolkit.without_browser())
    assert (result.code, result.out.strip()) == (0, "".join(ANSWER)), result.err
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {"skyblue.py", "test_skyblue.py", "skyblue.har", "pyproject.toml", "README.md"}
    assert PASSWORD not in "".join(path.read_text() for path in folder.iterdir() if path.is_file())
