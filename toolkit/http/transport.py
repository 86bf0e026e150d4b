"""HTTP over aiohttp with a browser's session: one seam, through which every call of every provider goes.

A request carries what the provider's own page would send: the session's headers and, made anew for every hop of a
redirect, the cookies that belong there. aiohttp's own cookie jar is not used, because it is not one of a browser.
What goes wrong comes out as an error of `toolkit.errors` (see `toolkit.http.error_mapping`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from multidict import CIMultiDict
from yarl import URL

from toolkit.errors import (
    ProtocolError,
    SessionExpired,
    StatusError,
    ToolkitError,
    UsageError,
    redact_url,
)
from toolkit.http.connections import Connections
from toolkit.http.error_mapping import FAULTS, map_error, status_error
from toolkit.http.excerpts import redact_credentials
from toolkit.http.request import Request
from toolkit.http.response import ENCODINGS, Recorder, Response
from toolkit.http.retries import PATIENCE, call_with_retries
from toolkit.http.route import Route, choose_route
from toolkit.http.statuses import Errors
from toolkit.http.temporary import M, TemporaryResource
from toolkit.session.cookie_sending import cookie_header
from toolkit.session.headers import fetch_headers
from toolkit.session.merge import merge_sessions
from toolkit.session.set_cookie import merge_set_cookies
from toolkit.session.value import BrowserSession

T = TypeVar("T")


# Is told what the site has made of the session (before, after), and gives the session to go on with.
OnSessionChange = Callable[[BrowserSession, BrowserSession], Awaitable[BrowserSession]]

log = logging.getLogger("toolkit")

MAX_REDIRECTS = 20  # https://fetch.spec.whatwg.org/#http-redirect-fetch
REDIRECTS = (301, 302, 303, 307, 308)
TICK = 0.001


class Transport:
    """The HTTP side of one session. An async context manager; `session` is what the site's cookies have made of it.

    `page` is the page on whose behalf the calls are made; `hosts` are the provider's own: headers that the session
    took from the page's requests go to these only. `statuses` maps an HTTP status to the error that it means at this
    provider, `at_login` whether a path is that of the page where people log in. `connect` is how long a connection may
    take, `cleanup` how long `tidy` may, in seconds. `retries` is how often a request may be made again where that is
    safe, `patience` the longest wait for it that a site may ask for, in seconds. `recorder` is told of each exchange,
    and `on_session_change` of what the site changes in the session, as soon as it does. `uncached` says that the
    calls are recorded or replayed: each has to be made then, whatever is known from other ones.
    """

    def __init__(
        self,
        session: BrowserSession,
        *,
        page: str,
        hosts: tuple[str, ...] = (),
        route: Route | None = None,
        connect: float | None = None,
        cleanup: float = 10.0,
        retries: int = 0,
        patience: float = PATIENCE,
        statuses: Errors | None = None,
        at_login: Callable[[str], bool] | None = None,
        recorder: Recorder | None = None,
        on_session_change: OnSessionChange | None = None,
    ) -> None:
        self.session = session
        self._page = page
        self._hosts = (urlsplit(page).hostname, *hosts)
        self._connections = Connections(choose_route(route, session.proxy), connect)
        self._connect = connect
        self.cleanup = cleanup
        self._retries = retries
        self._patience = patience
        self._statuses = statuses
        self._at_login = at_login
        self._recorder = recorder
        self.uncached = recorder is not None or (route is not None and route.ca_pem is not None)
        self._on_session_change = on_session_change
        self._tidying: set[asyncio.Future[None]] = set()

    async def __aenter__(self) -> Transport:
        await self._connections.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        while self._tidying:
            await asyncio.wait(self._tidying)
        await self._connections.__aexit__(*error)

    def get(self, url: str, **options: Any) -> AbstractAsyncContextManager[Response]:
        """`request("GET", ...)`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> AbstractAsyncContextManager[Response]:
        """`request("POST", ...)`."""
        return self.request("POST", url, **options)

    async def json(self, kind: type[T], method: str, url: str, body: Any = None, **options: Any) -> T:
        """Call `url`, with `body` as JSON if there is one, and give the answer as JSON of the shape `kind`."""
        async with self.request(method, url, json=body, **options) as response:
            return await response.json(kind)

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Call `url` as the page would and give the answer, its body unread; the connection is released at the end.

        `json` is the body, `params` the query, `headers` come on top of the page's own (names in any case). Redirects
        are followed as a browser does. Raises an error of `toolkit.errors` for a status of 400 and above (also an
        `aiohttp.ClientResponseError`) and for everything that can go wrong on the way.
        """
        try:
            target = URL(url, encoded=True)
            if target.scheme not in ("http", "https") or not target.host:
                raise ValueError(url)
        except ValueError:
            raise UsageError("That is not a URL that can be called.") from None
        if params:
            url = str(target.update_query(params))
        more = CIMultiDict(headers or {})
        if json is not None:
            more.setdefault("content-type", "application/json")
        try:
            body = b"" if json is None else msgspec.json.encode(json)
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"That cannot be sent as JSON ({type(error).__name__}).", url=url) from None
        return _Call(self, Request(method, url, body, more))

    async def tidy(self, method: str, url: str, *, params: Mapping[str, str] | None = None) -> None:
        """A last call that is made also when the caller is being cancelled, within `cleanup` seconds.

        It never raises but for that cancellation: what it tidies up is no part of the answer. A failure is logged.
        """
        cancelled: asyncio.CancelledError | None = None
        done = asyncio.get_running_loop().create_future()
        self._tidying.add(done)
        try:
            for _ in range(3):  # a cancellation in the middle starts it again: it has to be a call that may be repeated
                try:
                    async with asyncio.timeout(self.cleanup), self.request(method, url, params=params) as response:
                        await response.read()
                    break
                except asyncio.CancelledError as error:
                    cancelled = error
                except (ToolkitError, TimeoutError) as error:
                    if cancelled is not None and isinstance(error, StatusError):
                        break  # the call before had reached the site
                    log.warning("could not tidy up at %s: %s", redact_url(url), error or "time is up")
                    break
        finally:
            done.set_result(None)
            self._tidying.discard(done)
        if cancelled is not None:
            raise cancelled

    def temporary(
        self, kind: type[M], url: str, name: str | None = None, *, body: Any = None
    ) -> AbstractAsyncContextManager[str]:
        """`async with` around something that lives at the site for one call, as its id: POST `url`, with `body` as JSON
        if there is one, makes it and tells the id (the `id` of the shape `kind`). DELETE takes it away, whatever
        happens in between: at `url/ID`, or at `url` with the id as the query parameter `name`."""
        return TemporaryResource(self, kind, url, name, body)

    async def send(self, request: Request) -> Response:
        """Send `request`, follow redirects, and give the answer. `request()` is what people use."""
        before = session = self.session
        for _ in range(MAX_REDIRECTS + 1):
            hop = partial(self._hop, request, session)
            response, following, session = await call_with_retries(
                hop, request.method, retries=self._retries, patience=self._patience
            )
            try:
                if following is None:
                    await self._take(response, before, session)
                    return response
            except BaseException as error:
                await response.aclose(error)
                raise
            await response.aclose()
            request = following
        raise ProtocolError(f"The site redirected more than {MAX_REDIRECTS} times.", url=request.url)

    async def _hop(self, request: Request, session: BrowserSession) -> tuple[Response, Request | None, BrowserSession]:
        """One request, its answer, where that leads to, and what it makes of `session`."""
        response = await self._send(request, session)
        try:
            location = response.headers.get("Location") if response.status in REDIRECTS else None
            following = None if location is None else request.redirected(location, response.status)
            if following is None:
                await self._refuse(response)
            elif self._leads_to_login(following):
                raise SessionExpired("The site sent the call to its login page.", url=request.url)
        except BaseException as error:
            await response.aclose(error)
            raise
        return response, following, self._apply_set_cookies(session, response)

    async def _send(self, request: Request, session: BrowserSession) -> Response:
        """One hop: the request, and its answer's status and headers."""
        now, url = time.time(), request.url
        headers = CIMultiDict(fetch_headers(session.headers, request.method, url, page=self._page, hosts=self._hosts))
        headers.update(request.headers)
        if (cookies := cookie_header(session.cookies, url, page=self._page, now=now)) is not None:
            headers["cookie"] = cookies
        exchange = None
        if self._recorder is not None:
            exchange = self._recorder.begin(request.method, url, _pairs(headers), request.body)
        try:
            raw = await self._connections.request(request.method, url, headers=headers, body=request.body)
        except FAULTS as error:
            failed = map_error(error, url, connect=self._connect)
            if exchange is not None:
                exchange.end(type(failed).__name__)
            raise failed from None  # aiohttp's text can hold a proxy's password, or a line of the site's headers
        except BaseException:  # a cancellation too: the recorder is told of every end
            if exchange is not None:
                exchange.end()
            raise
        if exchange is not None:
            exchange.response(raw.status, raw.reason or "", _pairs(raw.headers))
        return Response(raw, url, exchange, signed_in=bool(session.cookies))

    def _apply_set_cookies(self, session: BrowserSession, response: Response) -> BrowserSession:
        """`session` with what `response` sets."""
        set_cookies, now = response.raw.headers.getall("Set-Cookie", []), time.time()
        if not set_cookies:
            return session
        date = response.raw.headers.get("Date")
        jar = merge_set_cookies(session.cookies, response.url, set_cookies, page=self._page, now=now, date=date)
        if jar == session.cookies:
            return session
        changed = max(now, session.changed_at + TICK)  # later than what it was made of, whatever the clocks say
        return msgspec.structs.replace(session, cookies=jar, changed_at=changed)

    async def _take(self, response: Response, before: BrowserSession, after: BrowserSession) -> None:
        """What a call has set belongs to the session. Not so if it was refused, or led to a page for people: that takes
        the cookies away, or gives those of nobody, and somebody else who uses the session may just have renewed it."""
        if after is before or response.headers.get("Content-Type", "").startswith("text/html"):
            return
        mine = self.session = merge_sessions(self.session, before, after)
        if self._on_session_change is not None:
            kept = await self._on_session_change(before, after)
            self.session = merge_sessions(kept, mine, self.session)  # which may have changed meanwhile

    def _leads_to_login(self, request: Request) -> bool:
        parts = urlsplit(request.url)
        return self._at_login is not None and parts.hostname in self._hosts and self._at_login(parts.path)

    async def _refuse(self, response: Response) -> None:
        """Raise what a status of 400 and above means, and for an answer whose body cannot be what was asked for."""
        if response.status >= 400:
            told = (await response.excerpt()).decode("utf-8", "surrogateescape")
            body = redact_credentials(told, self.session).encode("utf-8", "surrogateescape")
            raise status_error(response.raw, body, self._statuses)
        if response.status >= 300:
            raise ProtocolError(f"The site answered {response.status}, which leads nowhere.", url=response.url)
        encoding = response.headers.get("Content-Encoding", "").lower()
        if encoding not in ENCODINGS:
            raise ProtocolError("The site's answer is encoded in a way that was not offered.", url=response.url)


class _Call:
    """`async with` around one request. No generator: those cannot be begun any more while an event loop ends."""

    def __init__(self, transport: Transport, request: Request) -> None:
        self._transport = transport
        self._request = request
        self._response: Response

    async def __aenter__(self) -> Response:
        self._response = await self._transport.send(self._request)
        return self._response

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._response.aclose(error)


def _pairs(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Headers with names that are plain strings, each as often as it is there."""
    return [(str(name), value) for name, value in headers.items()]
