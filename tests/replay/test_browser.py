"""The local network as a real Chromium sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, Page

from tests.conftest import OpenContext
from tests.recording.helpers import client, entry, replaying
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import Cookie

PAGE = "https://www.chat.example/"
API = "https://api.chat.example/ask"
TOKEN = "sesame-open-sesame-0123456789"
COOKIES = (
    f"__Host-session={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax",
    "__Secure-site=yes; Domain=chat.example; Path=/; Secure; Max-Age=3600",
)
HTML = f"""<!doctype html><meta charset="utf-8"><title>chat</title>
<script>document.cookie = "token={TOKEN}; Path=/; Secure"</script>
<script src="/app.js"></script>"""
SCRIPT = "window.loaded = true"
FETCH = """async ([url, method, body]) => {
  const answer = await fetch(url, {method, body, credentials: "include", headers: body ? {"x-asked": "1"} : {}});
  return [answer.status, await answer.text()];
}"""


def site() -> web.Application:
    """A page that sets cookies, and an API on another origin that wants a preflight."""

    async def page(_: web.Request) -> web.Response:
        answer = web.Response(text=HTML, content_type="text/html")
        for cookie in COOKIES:
            answer.headers.add("Set-Cookie", cookie)
        return answer

    async def script(_: web.Request) -> web.Response:
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound(PAGE)

    async def preflight(request: web.Request) -> web.Response:
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "x-asked"}
        return web.Response(status=204, headers=cors(request) | allowed)

    async def ask(request: web.Request) -> web.Response:
        told = sorted(f"{name}={value}" for name, value in request.cookies.items())
        return web.json_response([await request.text(), told], headers=cors(request))

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/away", away)
    app.router.add_get("/app.js", script)
    app.router.add_options("/ask", preflight)
    app.router.add_post("/ask", ask)
    return app


def cors(request: web.Request) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": request.headers.get("Origin", ""),
        "Access-Control-Allow-Credentials": "true",
    }


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


async def visit(context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.goto(f"{PAGE}away")
    assert page.url == PAGE
    assert await page.evaluate("window.loaded")
    return page


async def cookies_of(context: BrowserContext) -> dict[str, Cookie]:
    return {cookie["name"]: Cookie.from_playwright(dict(cookie)) for cookie in await context.cookies()}


async def test_a_page_is_visited_under_its_real_name(open_context: OpenContext) -> None:
    """TLS, redirects, Secure and `__Host-` cookies and a preflighted call are real, from a stand-in site."""
    app = site()
    async with LocalNetwork(apps={"www.chat.example": app, "api.chat.example": app}) as network:
        context = await open_context(network)
        page = await visit(context)
        assert await page.evaluate("isSecureContext")
        status, text = await page.evaluate(FETCH, [API, "POST", "hello"])
        assert (status, json.loads(text)) == (200, ["hello", ["__Secure-site=yes"]])
        jar = await cookies_of(context)
        assert jar["__Host-session"].value == TOKEN
        assert jar["__Host-session"].host_only
        assert jar["__Secure-site"].domain == "chat.example"
        assert ("OPTIONS", API, 204) in [(one.method, one.url, one.status) for one in network.log]


async def test_what_was_recorded_is_replayed_to_page_and_client(open_context: OpenContext, tmp_path: Path) -> None:
    """Record, save, load, replay: the page loads and sets the cookies' placeholders, its call and ours are answered,
    and no secret was written."""
    app = site()
    recorder = Recorder(page=True)
    async with LocalNetwork(apps={"www.chat.example": app, "api.chat.example": app}) as network:
        context = await open_context(network)
        recorder.watch(context)
        page = await visit(context)
        # the page may know of the end before Playwright tells of it
        async with context.expect_event("requestfinished", lambda request: request.method == "POST"):
            asked = await page.evaluate(FETCH, [API, "POST", "hello"])
        await recorder.drain()
        await recorder.aclose()
    save(recorder.recording("a stand-in site"), tmp_path / "site.har")
    recording = load(tmp_path / "site.har")
    assert TOKEN not in text_of(tmp_path / "site.har")
    urls = [(one.request.method, one.request.url, one.response.status) for one in recording.entries]
    assert urls == [
        ("GET", f"{PAGE}away", 302),
        ("GET", PAGE, 200),
        ("GET", f"{PAGE}app.js", 200),
        ("POST", API, 200),
    ]
    async with LocalNetwork(recording=recording) as network, client(network) as session:
        ours = await session.post(API, data=b"hello")
        assert [ours.status, await ours.text()] == asked
    async with LocalNetwork(recording=recording) as network:
        context = await open_context(network)
        page = await visit(context)
        assert await page.evaluate(FETCH, [API, "POST", "hello"]) == asked
        jar = await cookies_of(context)
        assert jar["__Host-session"].value.startswith("PLACEHOLDER")
        assert len(jar["__Host-session"].value) == len(TOKEN)
        assert jar["token"].value == jar["__Host-session"].value
        assert jar["__Secure-site"].expires is not None
        assert network.misses == []
        assert network.refused == []


@pytest.mark.parametrize("host", ["127.0.0.1:3100", "localhost:3100", "127.0.0.1", "localhost"])
async def test_loopback_goes_through_the_proxy(open_context: OpenContext, host: str) -> None:
    """Pages and calls of http://127.0.0.1 and http://localhost, with a port or without, come here as well."""
    url = f"http://{host}/"
    recorded = [
        entry(url=url, headers=[("Content-Type", "text/html")], body=b"<p id=p>recorded</p>"),
        entry("POST", f"{url}api", body=[(0.0, "ж".encode())]),
    ]
    async with replaying(*recorded) as network:
        page = await (await open_context(network)).new_page()
        await page.goto(url)
        assert await page.inner_text("#p") == "recorded"
        assert await page.evaluate(FETCH, [f"{url}api", "POST", None]) == [200, "ж"]
        assert [one.url for one in network.log if "favicon" not in one.url] == [url, f"{url}api"]


async def test_a_page_may_call_loopback_from_outside(open_context: OpenContext) -> None:
    """A page under a public name calls a site on loopback, preflight included, without a prompt."""
    recorded = [
        entry(url=PAGE, headers=[("Content-Type", "text/html")], body=b"<p>page</p>"),
        entry(
            "PUT",
            "http://127.0.0.1:3100/api",
            sent=b"hi",
            headers=[("Access-Control-Allow-Origin", PAGE.rstrip("/")), ("Access-Control-Allow-Credentials", "true")],
            body=b"answer",
        ),
    ]
    async with replaying(*recorded) as network:
        page = await (await open_context(network)).new_page()
        await page.goto(PAGE)
        assert await page.evaluate(FETCH, ["http://127.0.0.1:3100/api", "PUT", "hi"]) == [200, "answer"]


async def test_an_unknown_host_is_refused_to_pages(open_context: OpenContext) -> None:
    """What a page asks of a host that is not known fails in the page, and the host's name is kept."""
    async with replaying(entry(url=PAGE, headers=[("Content-Type", "text/html")], body=b"page")) as network:
        page = await (await open_context(network)).new_page()
        await page.goto(PAGE)
        caught = "url => fetch(url).then(() => 'answered', error => error.name)"
        assert await page.evaluate(caught, "https://example.com/") == "TypeError"
        assert "example.com:443" in network.refused


async def test_a_proxy_password_is_given_by_the_context(open_context: OpenContext) -> None:
    """`context_options()` carries the user and password that the proxy asks for."""
    app = site()
    async with LocalNetwork(apps={"www.chat.example": app}, proxy_auth=("ada", "p@ss")) as network:
        await visit(await open_context(network))
