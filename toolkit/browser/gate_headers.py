"""Has a browser send the headers of a gate, and only to the hosts behind it.

Playwright's option `extra_http_headers` sends to every host, and headers that a route adds go along with redirects,
whatever host they lead to. So a Chromium is asked over its DevTools protocol, where each hop of a redirect is a request
of its own (https://chromedevtools.github.io/devtools-protocol/tot/Fetch/#method-continueRequest), those of workers too.
Other browsers have only the route.

No browser can be told headers for the handshakes of WebSockets to one host alone: the protocol's Fetch domain does not
see them. Those have the site's cookies, which gates set at the page, and HTTP authentication, by the browser itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from playwright.async_api import Browser, BrowserContext, Route
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.visit_plan import VisitPlan
from toolkit.http.gate import is_behind_gate


class Detachable(Protocol):
    """What sends headers until it is detached."""

    async def detach(self) -> None: ...


async def send_gate_headers(browser: Browser, context: BrowserContext, plan: VisitPlan) -> Detachable | None:
    """Have `context` of `browser` send the headers of the plan's gate with each request to the provider's hosts.

    What a request has of itself stays: a page's own Authorization comes before the gate's. Returns what to detach when
    the context is closed; until then other contexts of a Chromium send the headers to these hosts as well. Firefox and
    WebKit send them along with redirects to other hosts, and from shared workers not at all.
    """
    headers = {name.lower(): value for name, value in plan.gate.headers.items()}
    if browser.browser_type.name != "chromium":
        await context.route(lambda url: is_behind_gate(url, plan.url, plan.hosts), _adding(headers))
        return None
    protocol = await browser.new_browser_cdp_session()

    async def go_on(event: Mapping[str, Any]) -> None:
        request = event["request"]
        answer: dict[str, Any] = {"requestId": event["requestId"]}
        if is_behind_gate(request["url"], plan.url, plan.hosts):
            own = {name.lower(): value for name, value in request["headers"].items()}
            answer["headers"] = [{"name": name, "value": value} for name, value in {**headers, **own}.items()]
        with suppress(PlaywrightError):  # the request is over, or the browser
            await protocol.send("Fetch.continueRequest", answer)

    protocol.on("Fetch.requestPaused", go_on)
    await protocol.send("Fetch.enable", {"patterns": [{"urlPattern": pattern} for pattern in _patterns(plan)]})
    return protocol


def _patterns(plan: VisitPlan) -> list[str]:
    """The URLs of the provider's hosts, on any port, as the DevTools protocol writes them."""
    hosts = [f"[{host}]" if ":" in host else host for host in plan.hosts]
    return [f"http*://{host}{port}/*" for host in hosts for port in ("", ":*")]


def _adding(headers: Mapping[str, str]) -> Any:
    async def add_headers(route: Route) -> None:
        with suppress(PlaywrightError):  # the page is gone
            await route.continue_(headers={**headers, **route.request.headers})

    return add_headers
