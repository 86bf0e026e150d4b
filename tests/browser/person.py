"""A person with mouse and keyboard at a window of a real browser, which has a display of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.async_api import Page

from tests.conftest import absent
from tests.sites.asking import SECONDS

PLACE = """selector => {
    const box = document.querySelector(selector).getBoundingClientRect();
    const [frameX, frameY] = [(outerWidth - innerWidth) / 2, outerHeight - innerHeight];
    return [screenX + frameX + box.x + box.width / 2, screenY + frameY + box.y + box.height / 2];
}"""
FOCUSED = "selector => document.hasFocus() && document.activeElement.matches(selector)"


@contextmanager
def virtual_display() -> Iterator[str]:
    """A display that nobody looks at. Without the programs for it tests are skipped, but in CI they fail."""
    if not sys.platform.startswith("linux"):
        pytest.skip("Xvfb and xdotool are for X11")
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            absent(f"There is no {program}.")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


async def by_hand(display: str, *actions: str) -> None:
    """What a person does with mouse and keyboard, in the words of xdotool."""
    process = await asyncio.create_subprocess_exec("xdotool", *actions, env={**os.environ, "DISPLAY": display})
    assert await process.wait() == 0


async def click(display: str, page: Page, selector: str) -> None:
    """Click on an element that takes the focus, until it has: a window that is new may not listen yet."""
    async with asyncio.timeout(SECONDS):
        while not await page.evaluate(FOCUSED, selector):
            place = [str(round(number)) for number in await page.evaluate(PLACE, selector)]
            await by_hand(display, "mousemove", *place, "click", "1")


async def type_into(display: str, page: Page, selector: str, text: str) -> None:
    """Click there and type, and wait until it stands there."""
    await click(display, page, selector)
    await by_hand(display, "type", text)
    await page.wait_for_function("([selector, text]) => document.querySelector(selector).value === text",
                                 arg=[selector, text])  # fmt: skip
