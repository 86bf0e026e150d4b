"""`toolkit login openwebui`: a person at a real window, whose login is noticed by what the page keeps of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Playwright

from tests.browser.person import by_hand, type_into, virtual_display
from tests.cli.conftest import Toolkit
from tests.cli.test_login import logging_in
from tests.sites.openwebui import EMAIL, PASSWORD, OpenWebUISite
from tests.sites.serving import serve
from toolkit.stores.base import Key


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.mark.parametrize(("prefix", "sets_cookie"), [("", True), ("/tools/chat", False)])
async def test_a_login_by_hand(
    toolkit: Toolkit, driver: Playwright, display: str, prefix: str, sets_cookie: bool
) -> None:
    """Email and password are typed into a real window; what is kept works without a browser. So it does where the
    deployment is under a path, and where the cookie cannot be kept."""
    site = OpenWebUISite()
    site.prefix, site.sets_cookie = prefix, sets_cookie
    async with serve(site.app()) as origin:
        base_url = origin + prefix
        async with logging_in(toolkit, driver, display, base_url, provider="openwebui", at="/auth") as login:
            await login.page.wait_for_selector("#email")
            await type_into(display, login.page, "#email", EMAIL)
            await type_into(display, login.page, "#password", PASSWORD)
            await by_hand(display, "key", "Return")
            code, out, err = await login.end()
        assert code == 0, err
        assert EMAIL in out
        kept = await toolkit.store.load(Key("openwebui", base_url))
        assert kept is not None
        assert bool(kept.cookies) is sets_cookie
        result = await toolkit.run("chat", "openwebui", "Hi", env=toolkit.without_browser())
        assert (result.code, result.out.strip()) == (0, "".join(site.answer).strip()), result.err
    assert site.problems == []
