"""A login that is started on the server's page: the window is on the server's display."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Playwright, expect

from tests.browser.person import by_hand, type_into, virtual_display
from tests.conftest import OpenContext
from tests.gateway.conftest import KEY, Gateway, gateway_before
from tests.sites.asking import until
from tests.sites.nextauth import PASSWORD, USER
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key

expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """The origin of an Open Assistant stand-in."""
    stand_in = OpenAssistantSite()
    async with serve(stand_in.app()) as origin:
        yield origin
    assert not stand_in.problems


@pytest.fixture
async def gateway(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """A server that has lost its login at `site`. Its browsers keep their files in `tmp_path`."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    headed = {"headless": False, "viewport": None, "args": ["--remote-debugging-port=0"]}
    browsers = tmp_path / "browsers.json"
    browsers.write_text(json.dumps({"default": "headless", "profiles": {"headless": {}, "headed": headed}}))
    async with gateway_before(ScriptedSite(), browsers=browsers) as found:
        session = BrowserSession(provider="openassistant", origin=site, harvested_at=1.0, expires_at=2.0)
        await found.store.save(Key("openassistant", site), session)
        yield found


async def open_page(gateway: Gateway, open_context: OpenContext) -> Page:
    page = await (await open_context(None)).new_page()
    await page.goto(gateway.origin)
    await page.get_by_label("The key of this server").fill(KEY)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="openassistant")).to_be_visible()
    return page


async def test_a_login(
    gateway: Gateway,
    site: str,
    driver: Playwright,
    display: str,
    open_context: OpenContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The button opens the window, and one only; once the person has signed in there, the session is the new one."""
    monkeypatch.setenv("DISPLAY", display)
    page = await open_page(gateway, open_context)
    button = page.get_by_role("button", name="Log in to openassistant in a window")
    await button.click()
    await expect(page.get_by_role("status").filter(has_text="A window is open for it")).to_be_visible()
    await expect(button).to_be_disabled()
    body = {"provider": "openassistant", "origin": site, "account": "default"}
    assert (await gateway.ask("POST", "/api/login", body)).status == 409
    ports: list[str] = []

    def listens() -> bool:
        ports[:] = [path.read_text() for path in tmp_path.rglob("DevToolsActivePort")]
        return any("\n" in port for port in ports)

    await until(listens)
    window = await driver.chromium.connect_over_cdp(f"http://127.0.0.1:{ports[0].splitlines()[0]}")
    shown: list[Page] = []

    def is_shown() -> bool:
        shown[:] = [page for context in window.contexts for page in context.pages if site in page.url]
        return bool(shown)

    await until(is_shown)
    await shown[0].wait_for_load_state()
    await type_into(display, shown[0], "[name=username]", USER)
    await type_into(display, shown[0], "[name=password]", PASSWORD)
    await by_hand(display, "key", "Return")
    await expect(page.get_by_role("status").filter(has_text="Logged in.")).to_be_visible()
    await expect(page.get_by_role("listitem").nth(1)).to_contain_text(f"signed in as {USER}")
    await expect(button).to_be_enabled()
    await window.close()
    assert (await gateway.chat(model="openassistant")).status == 200


async def test_a_login_that_fails(
    gateway: Gateway, open_context: OpenContext, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says why, and another can be tried."""
    monkeypatch.setenv("DISPLAY", ":64999")  # where nothing is
    page = await open_page(gateway, open_context)
    button = page.get_by_role("button", name="Log in to openassistant in a window")
    for _ in range(2):
        await button.click()
        await expect(page.get_by_role("status").filter(has_text="display")).to_be_visible()
        await expect(button).to_be_enabled()


async def test_no_display(
    gateway: Gateway, site: str, open_context: OpenContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has the command alone, and whoever asks all the same is told."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    page = await open_page(gateway, open_context)
    await expect(page.get_by_text(f"toolkit login openassistant --base-url {site}", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Log in to openassistant in a window")).to_be_hidden()
    answer = await gateway.ask(
        "POST", "/api/login", {"provider": "openassistant", "origin": site, "account": "default"}
    )
    assert (answer.status, "no display" in answer.json["error"]["message"]) == (400, True)


async def test_only_accounts_that_there_are(gateway: Gateway, display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address of the client's own choice is opened."""
    monkeypatch.setenv("DISPLAY", display)
    for origin, account in (("http://evil.test", "default"), (gateway.site_origin, "other")):
        body = {"provider": "openassistant", "origin": origin, "account": account}
        assert (await gateway.ask("POST", "/api/login", body)).status == 404
    assert (await gateway.ask("POST", "/api/login", body, key="")).status == 401
    assert (await gateway.ask("POST", "/api/login", {"provider": 1})).status == 400
