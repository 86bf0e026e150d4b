"""Answers what browsers ask for on their own and no recording holds: CORS preflights, icons, old service workers."""

from __future__ import annotations

import re
from collections.abc import Collection

from aiohttp import web

# For a service worker that was installed before the recording began. It takes control of the page and leaves every
# request to the network, where the answers that the real worker gave the page are recorded.
STAND_IN_WORKER = """\
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
"""

# The icons of a site: a browser with a window fetches other ones than a headless one, or none.
ICON = re.compile(r"/(?:favicon[\w-]*\.(?:ico|png|svg)|apple-touch-icon[\w-]*\.png)$")


def answer_unrecorded(request: web.Request, recorded_methods: Collection[str]) -> web.Response | None:
    """The answer to a request that a browser makes on its own, None for any other request.

    `recorded_methods` are the methods that the recording has at the URL of `request`.
    """
    if _is_preflight(request) and recorded_methods and "OPTIONS" not in recorded_methods:
        return _allow_preflight(request)
    if recorded_methods:
        return None
    if ICON.search(request.path):
        return web.Response(status=204)
    if request.headers.get("Service-Worker") == "script":
        allowed = {"Service-Worker-Allowed": "/"}
        return web.Response(text=STAND_IN_WORKER, content_type="text/javascript", headers=allowed)
    return None


def _is_preflight(request: web.Request) -> bool:
    """https://fetch.spec.whatwg.org/#cors-preflight-request"""
    return request.method == "OPTIONS" and all(
        name in request.headers for name in ("Origin", "Access-Control-Request-Method")
    )


def _allow_preflight(request: web.Request) -> web.Response:
    """Allow what the preflight asks for: the recorded request that follows it had been allowed too.

    Browsers leave preflights out of the HARs that they export.
    """
    headers = {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": request.headers["Access-Control-Request-Method"],
        "Vary": "Origin",
    }
    if wanted := request.headers.get("Access-Control-Request-Headers"):
        headers["Access-Control-Allow-Headers"] = wanted
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)
