"""Small sites to visit: what a test's page answers, and the recipe for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

from toolkit.browser.profiles import Profile
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.recipe import Harvest

HOST = "chat.example"
HOME = f"https://{HOST}"
BOX = "<textarea></textarea>"

# The shared browser knows none of the networks' authorities; whom a browser trusts is tested elsewhere.
TRUSTING = Profile(ignore_https_errors=True, navigation_timeout_ms=60_000, ready_timeout_ms=60_000)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, as far as the browser's room knows one."""

    name: str = "place"
    site: str = HOME
    hosts: tuple[str, ...] = (HOST,)
    harvest: Harvest = Harvest(ready="textarea")

    @property
    def page(self) -> str:
        return self.site + self.harvest.page


def html(text: str, *cookies: str, status: int = 200, **headers: str) -> Handler:
    """A page that sets `cookies`."""

    async def answer(_: web.Request) -> web.Response:
        response = web.Response(status=status, text=text, content_type="text/html", headers=headers)
        for cookie in cookies:
            response.headers.add("Set-Cookie", cookie)
        return response

    return answer


def status(code: int, **headers: str) -> Handler:
    """An answer without a body."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=code, headers=headers)

    return answer


def away(to: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": to})

    return answer


async def never(_: web.Request) -> web.StreamResponse:
    """No answer, until the client has gone."""
    await asyncio.Event().wait()
    raise AssertionError


def site(routes: Mapping[str, Handler] | Handler) -> web.Application:
    """A site with those paths, or with that one page."""
    app = web.Application()
    for path, handler in ({"/": routes} if callable(routes) else routes).items():
        app.router.add_get(path, handler)
    app.router.add_get("/favicon.ico", status(204))
    return app


def network(routes: Mapping[str, Handler] | Handler, **others: Mapping[str, Handler] | Handler) -> LocalNetwork:
    """A network with a site at `HOST`, and more at other hosts, whose dots are written as underscores."""
    more = {host.replace("_", "."): site(made) for host, made in others.items()}
    return LocalNetwork(apps={HOST: site(routes), **more})
