"""The page of the server, in a browser."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.conftest import OpenContext
from tests.gateway.conftest import KEY, Gateway, gateway_before
from tests.sites.asking import until
from tests.sites.base import Refusal
from tests.sites.scripted import ScriptedSite
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key

MARKUP = "<img src=x onerror=document.title='run'>"
CHOICE = "#model option:not([value=''])"
expect.set_options(timeout=60_000)

# How strong the contrast between an element's text and what is behind it is (WCAG 2.2, 1.4.3).
CONTRAST = """(element) => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = (color) => {
    const [red, green, blue] = parts(color).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  let behind = element;
  while ((parts(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const two = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
  return (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
}"""
FOCUSED = """() => {
  const element = document.activeElement;
  const seen = getComputedStyle(element).outlineStyle !== "none";
  return [element.id || element.getAttribute("aria-label") || element.textContent.trim(), seen];
}"""


class Seen:
    """What a page has asked for, and what has gone wrong in it."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text))


Opened = tuple[Page, Seen]
OpenPage = Callable[[Gateway], Awaitable[Opened]]


@pytest.fixture
async def open_page(open_context: OpenContext) -> AsyncIterator[OpenPage]:
    """Opens a server's page. At the end nothing has gone wrong in it, and all that it has loaded is the server's."""
    opened: list[tuple[Gateway, Seen]] = []

    async def open_one(gateway: Gateway) -> Opened:
        page = await (await open_context(None)).new_page()
        seen = Seen(page)
        opened.append((gateway, seen))
        await page.goto(gateway.origin)
        return page, seen

    yield open_one
    for gateway, seen in opened:
        # A request that fails is told on the console, whatever the script makes of it.
        assert [text for text in seen.problems if not text.startswith("Failed to load resource")] == []
        assert [url for url in seen.urls if not url.startswith((f"{gateway.origin}/", "data:image/svg"))] == []


async def enter(page: Page, key: str = KEY) -> None:
    """Hand the key in, and wait for what it opens."""
    await page.get_by_label("The key of this server").fill(key)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    await expect(page.locator(CHOICE).first).to_be_attached()


async def ask(page: Page, text: str = "Hi") -> None:
    await page.get_by_label("Question").fill(text)
    await page.keyboard.press("Enter")


async def test_the_key(gateway: Gateway, open_page: OpenPage) -> None:
    """Nothing is shown without it, a wrong one is told, and it is forgotten on demand, with all that it has shown."""
    await gateway.chat()
    page, seen = await open_page(gateway)
    await expect(page.get_by_label("The key of this server")).to_be_focused()
    for wrong in ("a-key-that-is-wrong", "ключ"):
        await page.get_by_label("The key of this server").fill(wrong)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").filter(has_text="That is not this server's key.")).to_be_visible()
        await expect(page.get_by_role("heading", name="Accounts")).to_be_hidden()
    await enter(page)
    await page.reload()
    await expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    await expect(page.locator(CHOICE).first).to_be_attached()
    await ask(page, "What is it?")
    await expect(page.locator("#outcome")).to_contain_text("tokens")
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_role("button", name="Forget the key").click()
    await expect(page.get_by_label("The key of this server")).to_be_focused()
    for shown in (gateway.site_origin, "blue sky", "What is it?", "tokens"):
        assert shown not in await page.locator("#content").inner_html()
    await expect(page.get_by_label("Question")).to_have_value("")
    await enter(page)
    await expect(page.get_by_role("row")).to_have_count(3)
    await expect(page.locator("#chart rect")).not_to_have_count(0)
    await page.get_by_role("button", name="Forget the key").click()
    await page.reload()
    await expect(page.get_by_label("The key of this server")).to_be_visible()
    assert not any(KEY in url for url in seen.urls)


async def test_a_server_without_a_key(open_page: OpenPage) -> None:
    """It is not asked for."""
    site = ScriptedSite()
    site.says("blue")
    async with gateway_before(site, key="") as gateway:
        page, _ = await open_page(gateway)
        await expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
        await expect(page.get_by_role("button", name="Forget the key")).to_be_hidden()
        await expect(page.get_by_label("The key of this server")).to_be_hidden()


async def test_accounts(gateway: Gateway, open_page: OpenPage) -> None:
    """Their states as `toolkit session list` tells them, until when they are good, the command, and the models."""
    now = time.time()
    for account, good_for, needed in (("work", 86400 * 3.5, 0.0), ("old", -7300.0, 0.0), ("lost", 7300.0, now)):
        session = BrowserSession(
            provider="codelinkava",
            origin=gateway.site_origin,
            identity=f"{account}@example.org",
            harvested_at=now - 86400,
            expires_at=now + good_for,
            login_needed_at=needed,
        )
        await gateway.store.save(Key("codelinkava", gateway.site_origin, account), session)
    page, _ = await open_page(gateway)
    await enter(page)
    cards = page.get_by_role("listitem")
    texts = [("work", "ok", "3 d left"), ("old", "expired", "2 h ago"), ("lost", "login needed", "2 h left")]
    for account, state, left in texts:
        card = cards.filter(has=page.get_by_role("heading", name=f"codelinkava@{account}", exact=True))
        for text in (state, left, f"signed in as {account}@example.org", f"--account {account}", "1 model"):
            await expect(card).to_contain_text(text)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the command for codelinkava@work").click()
    await expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_attached()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"toolkit harvest codelinkava --base-url {gateway.site_origin} --account work --profile headed"


async def test_a_streamed_answer(gateway: Gateway, open_page: OpenPage) -> None:
    """It appears piece by piece, and is one of the last calls then."""
    gateway.site.says("blue", " sky", reasoning="hm")
    gateway.site.hold_after = 2
    page, _ = await open_page(gateway)
    await enter(page)
    await ask(page, "Why is the sky blue?")
    answer = page.get_by_role("region", name="Answer")
    await expect(answer).to_have_text("blue")
    await expect(answer).to_have_attribute("aria-busy", "true")
    gateway.site.hold_after = None
    await expect(answer).to_have_text("blue sky")
    await expect(page.locator("#outcome")).to_have_text(
        re.compile(r"first piece after .* · whole after .* · ≈ \d+ tok")
    )
    await expect(answer).to_have_attribute("aria-busy", "false")
    await expect(page.locator("#reasoning")).to_contain_text("hm")
    cells = page.get_by_role("row").nth(1).get_by_role("cell")
    await expect(cells.nth(1)).to_have_text("codelinkava")
    await expect(cells.nth(3)).to_have_text("ok")
    await expect(cells.nth(6)).to_have_text(re.compile(r"≈ \d+ \+ \d+"))
    await expect(page.get_by_role("img", name=re.compile("The last 1 calls: 1 ok, 0 failed"))).to_be_visible()
    assert gateway.site.asked == [["Why is the sky blue?"]]
    for text in ("Why is the sky blue?", "blue sky"):
        assert text not in (await gateway.ask("GET", "/api/status")).body.decode()


async def test_answers_that_fail(gateway: Gateway, open_page: OpenPage) -> None:
    """Before their first piece and within, they are told in the server's words, and counted as what they were."""
    page, _ = await open_page(gateway)
    await enter(page)
    gateway.site.refusals["/api/chat"] = Refusal(429, "slow down")
    await ask(page)
    await expect(page.locator("#outcome")).to_contain_text("codelinkava")
    await expect(page.get_by_role("row").nth(1)).to_contain_text("rate limited")
    gateway.site.refusals.clear()
    gateway.site.ending, gateway.site.frames = "cut", gateway.site.frames[:1]
    await ask(page)
    await expect(page.get_by_role("row").nth(1)).to_contain_text("connection failed")
    await expect(page.get_by_role("region", name="Answer")).to_have_text("blue")
    await expect(page.get_by_role("button", name="Ask")).to_be_enabled()


async def test_texts_stay_texts(gateway: Gateway, open_page: OpenPage) -> None:
    """Whatever markup a site, an account or a client has in its names and answers."""
    gateway.site.says(MARKUP, reasoning=MARKUP)
    session = BrowserSession(provider="codelinkava", origin=gateway.site_origin, identity=MARKUP)
    await gateway.store.save(Key("codelinkava", gateway.site_origin, "work"), session)
    await gateway.chat(model=f"codelinkava/{MARKUP}")
    page, _ = await open_page(gateway)
    await enter(page)
    await ask(page, MARKUP)
    await expect(page.get_by_role("region", name="Answer")).to_have_text(MARKUP)
    await expect(page.get_by_role("row").nth(2)).to_contain_text(MARKUP)
    await expect(page.get_by_role("listitem").nth(1)).to_contain_text(MARKUP)
    assert await page.locator("main img").count() == 0
    assert await page.title() == "toolkit serve"


async def test_by_keyboard(gateway: Gateway, open_page: OpenPage) -> None:
    """Everything is reached in the order in which it is read, can be seen to have the focus, and Escape stops."""
    page, _ = await open_page(gateway)
    await expect(page.get_by_label("The key of this server")).to_be_focused()
    await page.keyboard.type(KEY)
    await page.keyboard.press("Enter")
    await expect(page.locator(CHOICE)).to_be_attached()
    await expect(page.locator("#main")).to_be_focused()
    found: list[Any] = []
    while not found or found[-1][0] != "question":
        await page.keyboard.press("Tab")
        found.append(await page.evaluate(FOCUSED))
    assert found == [["Copy the command for codelinkava", True], ["1 model", True], ["model", True], ["question", True]]
    gateway.site.ending = "hang"
    await page.keyboard.type("Hi")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Answer")).to_have_text("blue sky")
    await page.keyboard.press("Escape")
    await expect(page.locator("#outcome")).to_have_text("Stopped.")
    await until(lambda: gateway.site.left == 1)
    await expect(page.get_by_role("row").nth(1)).to_contain_text("cancelled")
    await page.keyboard.press("Shift+Enter")
    await expect(page.get_by_label("Question")).to_have_value("Hi\n")


async def test_by_screen_reader(gateway: Gateway, open_page: OpenPage) -> None:
    """Landmarks, headings, names of all controls, and a table that says what it is."""
    await gateway.chat()
    page, _ = await open_page(gateway)
    await enter(page)
    for role in ("banner", "main"):
        await expect(page.get_by_role(role)).to_be_visible()
    for name in ("Accounts", "Try a model", "Last calls"):
        await expect(page.get_by_role("region", name=name)).to_be_visible()
    await expect(page.get_by_role("table", name=re.compile("The newest first"))).to_be_visible()
    assert await page.get_by_role("columnheader").all_text_contents() == [
        *("Time", "Model", "Client", "Outcome", "First piece", "Whole", "Tokens")
    ]
    for control in await page.locator("button:visible, input:visible, select:visible, textarea:visible").all():
        assert re.search(r' "[^"]+"', await control.aria_snapshot()), await control.evaluate("one => one.outerHTML")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_light_and_dark(gateway: Gateway, open_page: OpenPage, scheme: Any) -> None:
    """As the person's system is; texts can be read in either."""
    gateway.site.refusals["/api/chat"] = Refusal(503, "down")
    await gateway.chat()
    page, _ = await open_page(gateway)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await enter(page)
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", ground)[0]) > 127) == (scheme == "light")
    texts = "h1, h2, h3, p:visible, label, code, .state, button.primary, caption, th, td, figcaption, summary:visible"
    for element in await page.locator(texts).all():
        assert await element.evaluate(CONTRAST) >= 4.5, await element.evaluate("one => one.outerHTML")


async def test_on_a_phone(gateway: Gateway, open_page: OpenPage) -> None:
    """Nothing is wider than 360 pixels, with long names too, and each value has its name beside it."""
    await gateway.chat(model=f"codelinkava/{'long-name-' * 8}")
    session = BrowserSession(provider="codelinkava", origin=gateway.site_origin, identity="x" * 90)
    await gateway.store.save(Key("codelinkava", gateway.site_origin, "y" * 60), session)
    page, _ = await open_page(gateway)
    await page.set_viewport_size({"width": 360, "height": 640})
    await enter(page)
    await ask(page, "z" * 300)
    await expect(page.get_by_role("row").nth(2)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    label = await page.get_by_role("cell").first.evaluate("one => getComputedStyle(one, '::before').content")
    assert label == '"Time"'
    await expect(page.get_by_role("table")).to_be_visible()
    words = page.locator(".command span").filter(has_text="--")
    assert {await word.evaluate("one => one.getClientRects().length") for word in await words.all()} == {1}


async def test_while_sites_are_asked(open_page: OpenPage) -> None:
    """The box says what it waits for, and asks nothing yet."""
    site = ScriptedSite()
    async with gateway_before(site) as gateway:
        page, _ = await open_page(gateway)
        await page.route("**/v1/models", lambda route: route.abort())
        await page.get_by_label("The key of this server").fill(KEY)
        await page.keyboard.press("Enter")
        await expect(page.locator("#model")).to_contain_text("Asking the sites…")
        await ask(page)
        await expect(page.locator("#outcome")).to_be_empty()
        await page.unroute("**/v1/models")
        await expect(page.locator("#model")).to_have_value("codelinkava")
    assert not site.asked


async def test_without_a_session(open_page: OpenPage) -> None:
    """It says what makes one, and that no model is served; one that comes meanwhile is shown."""
    async with gateway_before(ScriptedSite()) as gateway:
        key = Key("codelinkava", gateway.site_origin)
        session = (await gateway.store.sessions())[key]
        await gateway.store.delete(key)
        page, _ = await open_page(gateway)
        await page.get_by_label("The key of this server").fill(KEY)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("There are no sessions yet: toolkit login PROVIDER makes one.")).to_be_visible()
        await expect(page.locator("#model")).to_have_text("None is served yet")
        await gateway.store.save(key, session)
        await expect(page.locator("#model")).to_have_value("codelinkava")


async def test_a_server_that_ends(gateway: Gateway, open_page: OpenPage) -> None:
    """The page says so, and what it has shown stays."""
    page, _ = await open_page(gateway)
    await enter(page)
    await page.route("**/api/status", lambda route: route.abort())
    await ask(page)
    await expect(page.get_by_role("alert").filter(has_text="The server does not answer.")).to_be_visible()
    await page.unroute("**/api/status")
    await expect(page.get_by_role("alert").filter(has_text="The server does not answer.")).to_be_hidden()


async def test_the_headers_of_the_page(gateway: Gateway) -> None:
    """Its files need no key and hold nothing; whatever might come into them could neither run nor be framed."""
    for path, kind in (("/", "text/html"), ("/page/main.js", "text/javascript"), ("/page/page.css", "text/css")):
        answer = await gateway.ask("GET", path, key="")
        assert (answer.status, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        policy = dict(one.strip().split(" ", 1) for one in answer.headers["Content-Security-Policy"].split(";"))
        nothing = ("default-src", "form-action", "frame-ancestors", "base-uri")
        assert {policy[name] for name in nothing} == {"'none'"}
        assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert gateway.site_origin.encode() not in answer.body
        assert (await gateway.ask("GET", path, key="", Origin="http://evil.test")).status == 403
        assert (await gateway.ask("GET", path, key="", Sec_Fetch_Site="cross-site")).status == 403
    for path in ("/page/", "/page/../page_endpoints.py", "/page/none.js", "/api/status"):
        assert (await gateway.ask("GET", path, key="")).status == 401
