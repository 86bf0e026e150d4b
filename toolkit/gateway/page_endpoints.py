"""The page at `/`, what it shows, and what Prometheus reads.

A browser can send no key where a person types an address. So the page itself, which holds nothing, is there without
one; its script asks for the key and sends it with each of its requests.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec
from aiohttp import web

from toolkit.browser.display import has_display
from toolkit.gateway.call_log import CallLog
from toolkit.gateway.endpoints import json_answer, read_body
from toolkit.gateway.error_answers import GatewayError, Refused, invalid
from toolkit.gateway.logins import Logins
from toolkit.gateway.metrics import CONTENT_TYPE
from toolkit.gateway.middlewares import METRICS
from toolkit.gateway.request_body import decode_body
from toolkit.gateway.served import Served
from toolkit.gateway.served_models import ServedSite
from toolkit.gateway.site_clients import SiteClients
from toolkit.gateway.status_report import report
from toolkit.stores.base import Key

# Only files of this server, run or shown; nothing of it within another page (https://www.w3.org/TR/CSP3/).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
INDEX = "index.html"


class LoginRequest(msgspec.Struct):
    """Which session a person wants to make anew."""

    provider: str
    origin: str
    account: str


class PageEndpoints:
    """The endpoints of the page of one server. `clients` and `calls` are those of its other endpoints."""

    def __init__(self, served: Served, clients: SiteClients, calls: CallLog) -> None:
        self._served, self._calls = served, calls
        self._logins = Logins(clients)
        folder = Path(__file__).with_name("page")
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    @property
    def paths(self) -> dict[str, str]:
        """The files of the page by the paths that they are at."""
        return {"/" if name == INDEX else f"/page/{name}": name for name in self._files}

    async def closing(self, _: web.Application) -> AsyncIterator[None]:
        """Closes a window that is open with the server."""
        yield
        await self._logins.aclose()

    async def show_file(self, request: web.Request) -> web.Response:
        name = self.paths[request.path]
        kind = TYPES[name.rpartition(".")[2]]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=HEADERS)

    async def show_status(self, _: web.Request) -> web.Response:
        sessions = await self._served.sessions()
        document = report(sessions, self._calls, self._logins.states, now=time.time(), can_log_in=has_display())
        answer = json_answer(document)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def log_in(self, request: web.Request) -> web.Response:
        """Open a window for a login, where the server has a display. What becomes of it is in the status."""
        asked, _ = decode_body(await read_body(request), LoginRequest)
        site = self._find(await self._served.sessions(), Key(asked.provider, asked.origin, asked.account))
        if not has_display():
            raise Refused(invalid(None, "The server has no display for a window."))
        self._logins.start(site)
        return web.Response(status=202)

    async def show_metrics(self, request: web.Request) -> web.Response:
        metrics = request.app.get(METRICS)
        if metrics is None:
            what = "Metrics need a library, which the toolkit's extra `serve` installs; then start the server anew."
            raise Refused(GatewayError(404, "not_found_error", "metrics_not_installed", what))
        sessions = {key: session for key, session in (await self._served.sessions()).values() if session is not None}
        return web.Response(body=metrics.write(sessions, time.time()), headers={"Content-Type": CONTENT_TYPE})

    def _find(self, sessions: Mapping[ServedSite, tuple[Key, object]], key: Key) -> ServedSite:
        for site, (found, _) in sessions.items():
            if found == key:
                return site
        raise Refused(GatewayError(404, "not_found_error", "unknown_account", "This server has no such account."))
