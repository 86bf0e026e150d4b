"""A stand-in site over several hosts, whose page does everything that is hard to replay and writes down what it got."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from playwright.async_api import BrowserContext, Page

PAGE = "https://app.example/"
START = "https://old.example/start"
STREAM = f"{PAGE}stream"
ABORTED = f"{PAGE}stream?aborted"
MILLISECONDS = 60_000

HTML = """<!doctype html><meta charset="utf-8"><title>wide</title>
<pre id="worker"></pre><pre id="result"></pre><iframe src="https://widget.example/frame"></iframe>
<script src="/app.js"></script>"""

SCRIPT = """
const framed = new Promise(done => addEventListener('message', event => done(event.origin + ' ' + event.data)));

async function inCharge() {
  await navigator.serviceWorker.register('/worker.js');
  if (!navigator.serviceWorker.controller)
    await new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done));
  return 'in charge';
}

async function got(url, options) {
  const answer = await fetch(url, options);
  return `${answer.status} ${answer.redirected} ${await answer.text()}`;
}

addEventListener('load', async () => {
  document.querySelector('iframe').contentWindow.postMessage('begin', '*');
  const worker = await inCharge().catch(error => error.name);
  const json = {'content-type': 'application/json', 'x-asked': '1'};
  const results = [
    await got('/precached'),
    await got('/through?n=1'),
    await got('/through?n=2'),
    await got('/changed'),
    await got('/made'),
    await got('/failed').catch(error => error.name),
    await got('/posted', {method: 'POST', body: 'Grüße'}),
    await got('/away'),
    await got('https://api.example/ask', {method: 'POST', credentials: 'include', headers: json, body: '{"q": "?"}'}),
    await framed,
  ];
  document.querySelector('#worker').textContent = worker;
  document.querySelector('#result').textContent = results.join('\\n');
  document.title = 'done';
});
"""

# Passes on what it has not read, reads and changes, makes up, fails, answers from its cache.
WORKER = """
importScripts('/lib.js');
oninstall = event => {
  skipWaiting();
  event.waitUntil(caches.open('v1').then(cache => cache.add('/precached')));
};
onactivate = event => event.waitUntil(clients.claim());
onfetch = event => {
  const path = new URL(event.request.url).pathname;
  if (path === '/precached') event.respondWith(caches.match(event.request));
  if (path === '/through' || path === '/posted') event.respondWith(fetch(event.request));
  if (path === '/changed')
    event.respondWith(fetch(event.request).then(answer => answer.text()).then(text => new Response(`<${text}>`)));
  if (path === '/failed') event.respondWith(Response.error());
  if (path === '/made') event.respondWith(new Response(`made by ${maker}`));
};
"""

FRAME = """<script>
addEventListener('message', async event => event.source.postMessage(await (await fetch('/inner')).text(), '*'));
</script>"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def wide_site() -> dict[str, web.Application]:
    """The site's apps by host."""

    async def page(_: web.Request) -> web.Response:
        answer = web.Response(text=HTML, content_type="text/html")
        answer.headers["Set-Cookie"] = "__Host-turn=turn-0123456789abcdef; Path=/; Secure; HttpOnly"
        return answer

    async def login(_: web.Request) -> web.Response:
        answer = web.Response(text="<script>localStorage.theme = 'dark'</script>", content_type="text/html")
        answer.headers["Set-Cookie"] = "__Host-login=login-0123456789abcdef; Path=/; Secure; HttpOnly"
        return answer

    async def script(request: web.Request) -> web.Response:
        headers = {"ETag": '"1"', "Cache-Control": "no-cache"}  # asked for again each time
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers=headers)
        return web.Response(text=SCRIPT, content_type="text/javascript", headers=headers)

    async def through(request: web.Request) -> web.Response:
        answer = web.Response(text=f"through {request.query['n']} " + "x" * 2000)
        answer.enable_compression()
        return answer

    async def posted(request: web.Request) -> web.Response:
        return web.Response(text=f"posted {await request.text()}")

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b"data: 1\n\n")
        gone: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
        return await gone

    async def ask(request: web.Request) -> web.Response:
        return web.Response(text=f"asked {await request.text()}", headers=cors(request))

    async def preflight(request: web.Request) -> web.Response:
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "x-asked, content-type"}
        return web.Response(status=204, headers=cors(request) | allowed)

    return {
        "old.example": app(("GET", "/start", away(PAGE))),
        "app.example": app(
            ("GET", "/", page),
            ("GET", "/login", login),
            ("GET", "/app.js", script),
            ("GET", "/worker.js", text(WORKER, "text/javascript")),
            ("GET", "/lib.js", text("self.maker = 'a library'", "text/javascript")),
            ("GET", "/precached", text("precached")),
            ("GET", "/through", through),
            ("GET", "/changed", text("changed")),
            ("POST", "/posted", posted),
            ("GET", "/away", away("https://other.example/landed")),
            ("GET", "/stream", stream),
        ),
        "api.example": app(("POST", "/ask", ask), ("OPTIONS", "/ask", preflight)),
        "other.example": app(("GET", "/landed", text("landed"))),
        "widget.example": app(("GET", "/frame", text(FRAME, "text/html")), ("GET", "/inner", text("inner"))),
    }


async def open_page(context: BrowserContext) -> Page:
    context.set_default_timeout(MILLISECONDS)
    return await context.new_page()


async def visit(page: Page) -> list[str]:
    """Go there by way of another host; what the page shows of its worker and of each thing that it asked for."""
    await page.goto(START)
    assert page.url == PAGE
    await page.wait_for_function("document.title === 'done'", timeout=MILLISECONDS)
    worker = await page.text_content("#worker") or ""
    return [worker, *(await page.text_content("#result") or "").split("\n")]


def app(*routes: tuple[str, str, Handler]) -> web.Application:
    made = web.Application()
    for method, path, handler in routes:
        made.router.add_route(method, path, handler)
    return made


def text(body: str, content_type: str = "text/plain") -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type, headers=cors(request))

    return answer


def away(to: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        raise web.HTTPFound(to)

    return answer


def cors(request: web.Request) -> dict[str, str]:
    origin = request.headers.get("Origin")
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} if origin else {}
