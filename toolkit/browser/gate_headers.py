"""Has a browser context send the headers of a gate, and only to the hosts behind it.

Playwright's option `extra_http_headers` sends to every host. So the requests to the provider's own are routed, which
switches the context's HTTP cache off (https://playwright.dev/python/docs/network#handle-requests). The handshakes of
WebSockets are not routed; gates let those in by the cookie that they have set before.
"""

from __future__ import annotations

from contextlib import suppress

from playwright.async_api import BrowserContext, Route
from playwright.async_api import Error as PlaywrightError

from toolkit.browser.visit_plan import VisitPlan


async def send_gate_headers(context: BrowserContext, plan: VisitPlan) -> None:
    """Have `context` send the headers of the plan's gate with each request to the provider's hosts.

    What a request has of itself stays: a page's own Authorization comes before the gate's. A redirect takes the headers
    along, as Playwright documents for `Route.continue_`.
    """
    headers = dict(plan.gate.headers)

    async def add_headers(route: Route) -> None:
        with suppress(PlaywrightError):  # the page is gone
            await route.continue_(headers={**headers, **route.request.headers})

    await context.route(lambda url: plan.owns_url(url), add_headers)
