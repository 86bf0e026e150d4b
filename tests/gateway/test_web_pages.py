"""Web pages that try to use the server, in a browser: by all that browsers let them send, without a key to be known."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, Playwright

from tests.conftest import absent
from tests.gateway.conftest import Gateway, gateway_before
from tests.sites.asking import until
from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.browser.launch import launch
from toolkit.browser.profiles import Profile
from toolkit.errors import BrowserMissing

BODY = '{"model":"codelinkava","messages":[{"role":"user","content":"Hi"}]}'

# What a page tries with the server at `target`. Each returns what it could read.
READ = "(response) => response.text().then((text) => `${response.status} ${text}`)"
POST_PLAIN = f"""({{target, body}}) => fetch(`${{target}}/v1/chat/completions`, {{
    method: "POST", mode: "no-cors", body, headers: {{"Content-Type": "text/plain"}}}}).then({READ}, String)"""
POST_JSON = f"""({{target, body}}) => fetch(`${{target}}/v1/chat/completions`, {{
    method: "POST", body, headers: {{"Content-Type": "application/json"}}}}).then({READ}, String)"""
BEACON = """({target, body}) => String(navigator.sendBeacon(`${target}/v1/chat/completions`, body))"""
FORM = """({target, body}) => new Promise((resolve) => {
  document.body.innerHTML = `<iframe name="answer"></iframe>
    <form method="post" enctype="text/plain" target="answer" action="${target}/v1/chat/completions"><input></form>`;
  const middle = body.indexOf(":");
  document.querySelector("input").name = body.slice(0, middle);
  document.querySelector("input").value = body.slice(middle);
  const frame = document.querySelector("iframe");
  frame.onload = () => {
    try {
      if (frame.contentWindow.location.href !== "about:blank") resolve(frame.contentDocument.body.textContent);
    } catch (error) {
      resolve(String(error));
    }
  };
  document.querySelector("form").submit();
})"""
GET = f"""({{target}}) => fetch(`${{target}}/v1/models`, {{mode: "no-cors"}}).then({READ}, String)"""
GET_CORS = f"""({{target}}) => fetch(`${{target}}/v1/models`).then({READ}, String)"""
IMAGE = """({target}) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve("loaded");
  image.onerror = () => resolve("");
  image.src = `${target}/v1/models`;
})"""
SCRIPT = """({target}) => new Promise((resolve) => {
  const script = document.createElement("script");
  script.onload = () => resolve("run");
  script.onerror = () => resolve("");
  script.src = `${target}/page/main.js`;
  document.body.append(script);
})"""
FRAME = """({target}) => new Promise((resolve) => {
  const frame = document.createElement("iframe");
  frame.onload = () => resolve(frame.contentDocument?.body.textContent ?? "");
  frame.src = target;
  document.body.append(frame);
})"""
SOCKET = """({target}) => new Promise((resolve) => {
  const socket = new WebSocket(target.replace("http", "ws") + "/v1/models");
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("");
})"""
ATTEMPTS = {
    "a text/plain POST": POST_PLAIN,
    "a JSON POST": POST_JSON,
    "a beacon": BEACON,
    "a form": FORM,
    "a GET": GET,
    "a GET with CORS": GET_CORS,
    "an image": IMAGE,
    "a script": SCRIPT,
    "a frame": FRAME,
    "a WebSocket": SOCKET,
}


@pytest.fixture(scope="module")
async def resolving(driver: Playwright) -> AsyncIterator[Browser]:
    """A Chromium for which all names below `.test` are this machine."""
    rules = ("--host-resolver-rules=MAP *.test 127.0.0.1",)
    try:
        browser = await launch(driver, Profile(launch_timeout_ms=120_000, args=rules))
    except BrowserMissing as error:
        absent(str(error))
    yield browser
    await browser.close()


@pytest.fixture
async def keyless() -> AsyncIterator[Gateway]:
    """A server that asks for no key, so that nothing but where a request comes from keeps a page out."""
    site = ScriptedSite()
    site.says("an-answer-to-hide")
    async with gateway_before(site, key="") as gateway:
        yield gateway
    assert site.requests == []


OpenAt = Callable[[str], Awaitable[Page]]


@pytest.fixture(scope="module")
async def tab(resolving: Browser) -> AsyncIterator[Page]:
    """One for all pages, one after the other: each is of another server than those before, and so of another origin."""
    context = await resolving.new_context()
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def open_at(tab: Page) -> AsyncIterator[OpenAt]:
    """Opens an empty page of another server, whose host is given."""

    async def empty(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><body></body>", content_type="text/html")

    other = web.Application()
    other.router.add_get("/", empty)
    async with serve(other) as origin:

        async def open_one(host: str) -> Page:
            await tab.goto(origin.replace("127.0.0.1", host))
            return tab

        yield open_one
        await tab.goto("about:blank")


def statuses(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """The method and the status of each request that the server has answered."""
    found: list[tuple[str, int]] = []
    for record in caplog.records:
        args: Any = record.args
        if record.module == "middlewares" and record.levelno == logging.INFO:
            found.append((args[1], args[3]))
    return found


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "localhost"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_a_page_of_another_server(
    keyless: Gateway, open_at: OpenAt, caplog: pytest.LogCaptureFixture, attempt: str, host: str
) -> None:
    """Also one on this machine. What arrives is refused before anything of it is read, and the page reads nothing."""
    page = await open_at(host)
    with caplog.at_level(logging.INFO):
        read = await page.evaluate(ATTEMPTS[attempt], {"target": keyless.origin, "body": BODY})
        await until(lambda: bool(statuses(caplog)))
    assert {status for _, status in statuses(caplog)} == {403}
    # An opaque answer has status 0 and no text; a refused one is an error without a reason.
    assert read in ("", "true", "0 ") or read.startswith(("TypeError: Failed to fetch", "SecurityError: "))


async def test_a_json_post_is_stopped_by_its_preflight(
    keyless: Gateway, open_at: OpenAt, caplog: pytest.LogCaptureFixture
) -> None:
    """The POST itself is never sent."""
    page = await open_at("evil.test")
    with caplog.at_level(logging.INFO):
        await page.evaluate(POST_JSON, {"target": keyless.origin, "body": BODY})
    assert statuses(caplog) == [("OPTIONS", 403)]


@pytest.mark.parametrize("attempt", ["a text/plain POST", "a GET", "an image"])
async def test_by_the_address_that_means_any(
    keyless: Gateway, open_at: OpenAt, caplog: pytest.LogCaptureFixture, attempt: str
) -> None:
    """A browser takes `0.0.0.0` for this machine, and may send no Origin there; the server knows the Host."""
    page = await open_at("evil.test")
    target = keyless.origin.replace("127.0.0.1", "0.0.0.0")
    with caplog.at_level(logging.INFO):
        read = await page.evaluate(ATTEMPTS[attempt], {"target": target, "body": BODY})
    assert {status for _, status in statuses(caplog)} <= {403}  # a browser may refuse by itself
    assert read in ("", "0 ") or read.startswith("TypeError: ")


@pytest.mark.parametrize("attempt", ["a JSON POST", "a text/plain POST", "a GET with CORS"])
async def test_a_name_that_has_become_this_machine_s(
    keyless: Gateway, tab: Page, caplog: pytest.LogCaptureFixture, attempt: str
) -> None:
    """DNS rebinding: for the browser the page and the server are one origin, so the page reads the answer, which is the
    refusal."""
    target = keyless.origin.replace("127.0.0.1", "evil.test")
    with caplog.at_level(logging.INFO):
        await tab.goto(target)
        read = await tab.evaluate(ATTEMPTS[attempt], {"target": target, "body": BODY})
    await tab.goto("about:blank")
    assert read.startswith("403 ")
    assert "host_refused" in read
    assert {status for _, status in statuses(caplog)} == {403}


async def test_the_server_s_own_page_may(keyless: Gateway, tab: Page) -> None:
    """The same JSON request, from where it is at home: all of these tests would see it."""
    await tab.goto(keyless.origin)
    read = await tab.evaluate(GET_CORS, {"target": keyless.origin})
    await tab.goto("about:blank")
    assert read.startswith("200 ")
