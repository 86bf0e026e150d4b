"""The browser that a `SessionManager` starts by itself, when it is first needed, and replaces when it is lost."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from playwright.async_api import Browser

from toolkit.browser.cancellation_shield import shielded
from toolkit.browser.closing import close_browser, remember_when_closed
from toolkit.browser.driver import driver
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.browser.running_browser import connect
from toolkit.errors import UsageError
from toolkit.http.route import Route


class OwnBrowser:
    """At most one browser at a time, launched by `profile`, or connected to where that has a `connect`. `route` is how
    the traffic of a launched one leaves this machine."""

    def __init__(self, profile: Profile, route: Route) -> None:
        self._profile = profile
        self._route = route
        self._starting: asyncio.Task[Browser] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._pins: frozenset[str] = frozenset()  # of the browser that was started last, and the roots of its driver
        self._roots: bytes | None = None
        self._opened = AsyncExitStack()  # the driver and the browser that were started last

    async def get(
        self,
        lost: Browser | None = None,
        *,
        whole: bool = False,
        pins: frozenset[str] = frozenset(),
        roots: bytes | None = None,
    ) -> Browser:
        """The browser, started if there is none, or if it is closed or is `lost`, one that is known to be gone.

        `whole` prefers a whole browser to a headless shell; `pins` are as in `launch_options`, `roots` as in `driver`.
        Raises what `launch` or `connect` raises, and `UsageError` after `aclose`, or where the browser was started for
        another site and does not trust these keys.
        """
        if self._closing is not None:
            raise UsageError("This SessionManager is closed.")
        if self._starting is None or (self._starting.done() and not _is_alive(self._starting, lost)):
            self._pins, self._roots = pins, roots
            self._starting = asyncio.create_task(self._start(self._opened, whole))
        elif not pins <= self._pins:
            raise UsageError(
                "The browser runs already, and does not trust the `ca_file` of this site.",
                hint="Make a SessionManager for each such site.",
            )
        # `asyncio.wait`, because the cancellation of one caller must not cancel the start, which others wait for too.
        starting = self._starting
        await asyncio.wait({starting})
        if starting.cancelled():
            raise UsageError("This SessionManager was closed before its browser had started.")
        return starting.result()

    async def aclose(self) -> None:
        """Close the browser, also when cancelled meanwhile. May be called more than once."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await shielded(self._closing)

    async def _start(self, previous: AsyncExitStack, whole: bool) -> Browser:
        await previous.aclose()
        async with AsyncExitStack() as opening:
            playwright = await opening.enter_async_context(driver(self._roots))
            if self._profile.connect is not None:
                browser = await connect(playwright, self._profile)
            else:
                browser = await launch(playwright, self._profile, self._route, whole=whole, pins=self._pins)
            remember_when_closed(browser)
            opening.push_async_callback(close_browser, browser)
            self._opened = opening.pop_all()
        return browser

    async def _close(self) -> None:
        if self._starting is not None:
            self._starting.cancel()  # it ends what it has opened; nothing happens where it is done
            await asyncio.wait({self._starting})
            if not self._starting.cancelled():
                self._starting.exception()  # marks it as retrieved; whoever waited for the browser got it
        await self._opened.aclose()


def _is_alive(starting: asyncio.Task[Browser], lost: Browser | None) -> bool:
    """Whether the browser that was started is connected, and is not `lost`."""
    if starting.cancelled() or starting.exception() is not None:
        return False
    return starting.result() is not lost and starting.result().is_connected()
