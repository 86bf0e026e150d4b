"""What a new provider is written from: a file, or what a page exchanges while a person uses it in a window."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from toolkit.cli.options import Target
from toolkit.cli.status_line import notify, status
from toolkit.client.client import Client
from toolkit.client.visitor import LOGIN_PROFILE
from toolkit.errors import BrowserError, CannotInfer, ToolkitError
from toolkit.http.route import Route
from toolkit.session.recipe import Harvest
from toolkit.stores.choose import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext

    from toolkit.browser.guided_window import GuidedWindow
    from toolkit.providers.base import Provider
    from toolkit.recording.foreign_har import ForeignHar
    from toolkit.scaffold.guide import Guide
    from toolkit.scaffold.guided_recorder import GuidedRecorder

LOOK_SECONDS = 0.5
NAVIGATION_MS = 30_000
NO_SCREEN = (
    "Use the page on a machine with a screen, save its traffic there as a HAR (developer tools: Network, Export HAR), "
    "and run `toolkit new NAME --from FILE.har --question TEXT` here. Xvfb makes a display for tests."
)
EARLY = "Nothing leaves this machine but what the page itself sends. Close the window to stop early."


class NewSite(NamedTuple):
    """A site that has no provider yet (a `toolkit.session.recipe.Site`)."""

    name: str
    page: str
    hosts: tuple[str, ...]
    harvest: Harvest = Harvest()


class NewRecording(NamedTuple):
    """The exchanges of a page, the first question that was asked there, and the context of the window, if there is one,
    which is open still."""

    har: ForeignHar
    question: str
    context: BrowserContext | None = None

    async def keep_session(self, kind: type[Provider], target: Target) -> bool:
        """Stores the session that the window has as one of `kind`; returns whether it did. A session that is not as the
        recipe says is told, and is no error: `toolkit login` can be tried."""
        if self.context is None or not self.context.pages:
            return False
        async with Client(kind, account=target.account, context=self.context, store=open_store(target.store)) as client:
            try:
                await client.harvest()
            except ToolkitError as error:
                notify(f"note: the session of the window is not kept: {error.what}")
                return False
        return True


@asynccontextmanager
async def recorded_in_file(file: Path, question: str) -> AsyncIterator[NewRecording]:
    """Yields what `file` holds. Raises `RecordingError` for what is no HAR."""
    from toolkit.recording.foreign_files import read_foreign_file
    from toolkit.recording.foreign_har import parse_foreign_har

    yield NewRecording(parse_foreign_har(str(file), *read_foreign_file(file)), question)


@asynccontextmanager
async def recorded_in_window(name: str, url: str, target: Target) -> AsyncIterator[NewRecording]:
    """Opens a window at `url`, guides the person through the questions, and yields what the page exchanged.

    The window is open until the block ends, so that the session can be taken from it. Raises `CannotInfer` where it is
    closed before a question was answered, `BrowserMissing` and its like, and errors of the network.
    """
    from toolkit.browser.guided_window import GuidedWindow
    from toolkit.browser.launch_errors import NO_DISPLAY
    from toolkit.browser.page_errors import playwright_errors
    from toolkit.browser.session_manager import SessionManager
    from toolkit.scaffold.guide import Guide
    from toolkit.scaffold.guided_recorder import GuidedRecorder

    recorder, guide = GuidedRecorder(), Guide()
    site = NewSite(name, url, (urlsplit(url).hostname or "",))
    async with (
        _naming_files(NO_DISPLAY),
        SessionManager(
            target.profile or LOGIN_PROFILE,
            browsers=target.browsers,
            route=Route.through(target.proxy) if target.proxy else Route.of_environment(os.environ, url),
            say=notify,
            recorder=recorder,
            window=True,
        ) as manager,
        manager.open_context(site) as context,
    ):
        try:
            window = GuidedWindow(context)
            with playwright_errors(url, name):
                await window.open_page()
                await recorder.ready()
                await window.go_to(url, timeout_ms=NAVIGATION_MS)
            notify(EARLY)
            notify(guide.order)
            with status("watching the window"):
                await _guide(window, recorder, guide)
                await recorder.drain()
            if not guide.answered:
                raise CannotInfer(
                    "The window was closed before a question was answered. " + _what_was_missing(guide),
                    provider=name,
                    hint="Run the command again, and leave the window open until it says that all answers were seen.",
                )
            yield NewRecording(recorder.har(guide.left_out), guide.asked[0], context)
        finally:
            await recorder.aclose()


@asynccontextmanager
async def _naming_files(without: str) -> AsyncIterator[None]:
    """Has the error `without` a display say what can be done instead of a window."""
    try:
        yield
    except BrowserError as error:
        if error.what == without:
            error.hint = NO_SCREEN
        raise


async def _guide(window: GuidedWindow, recorder: GuidedRecorder, guide: Guide) -> None:
    """Tells the person what to do, and what was seen, until all is or the window is closed."""
    from toolkit.scaffold.guide import Seen

    while window.is_open and not guide.is_done:
        seen = Seen(recorder.entries, recorder.pending, await window.text(), time.monotonic())
        for line in guide.look(seen):
            notify(line)
        await asyncio.sleep(LOOK_SECONDS)


def _what_was_missing(guide: Guide) -> str:
    if guide.asked:
        return f"{guide.asked[0]!r} was asked, and its answer was not complete yet."
    return f"No request of the page carried {guide.question!r}."
