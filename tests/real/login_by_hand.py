"""A login at the own page of a real app, by hand."""

from __future__ import annotations

from playwright.async_api import Playwright

from tests.browser.person import by_hand, type_into
from tests.cli.conftest import Toolkit
from tests.cli.test_login import logging_in
from tests.real.server import PASSWORD, USER
from toolkit.stores.base import Key


async def log_in_by_hand(
    toolkit: Toolkit, driver: Playwright, display: str, provider: str, origin: str, name_field: str
) -> set[str]:
    """Type user and password into the app's page in the window of `toolkit login`, the former into `name_field`.
    Returns the names of the cookies that are kept."""
    async with logging_in(toolkit, driver, display, origin, provider=provider, at=origin) as login:
        await login.page.wait_for_selector("[type=password]")
        await type_into(display, login.page, name_field, USER)
        await type_into(display, login.page, "[type=password]", PASSWORD)
        await by_hand(display, "key", "Return")
        code, out, err = await login.end()
    assert code == 0, err
    assert f"logged in as {USER} at {origin}" in out
    kept = await toolkit.store.load(Key(provider, origin))
    assert kept is not None
    return {cookie.name for cookie in kept.cookies}
