"""`Transport`: HTTP over aiohttp with a browser session. Every call of every provider goes through it.

A request carries what the provider's own page would send: the session's headers and, chosen anew for each redirect, the
cookies that belong to its URL. aiohttp's cookie jar is not used, since it does not follow a browser's rules. Whatever
goes wrong is raised as an error of `toolkit.errors` (`toolkit.http.aiohttp_errors`, `toolkit.http.status_errors`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from toolkit.errors import (
    GateRefused,
    LoginRequired,
    ProtocolError,
    SessionExpired,
    StatusError,
    ToolkitError,
    redact_url,
)
from toolkit.http.connections import Connections
from toolkit.http.forms import FormFile
from toolkit.http.gate import NO_GATE, Gate
from toolkit.http.gate_answers import gate_refusal, is_html, leaves_hosts, sent_away_error
from toolkit.http.recorder_protocol import Recorder
from toolkit.http.refusal_excerpt import credential_remover
from toolkit.http.request import Request, build_request
from toolkit.http.response import ENCODINGS, Response
from toolkit.http.response_cookies import apply_set_cookies
from toolkit.http.retries import PATIENCE, call_with_retries
from toolkit.http.route import Route, choose_route
from toolkit.http.sender import Credentials, Sender
from toolkit.http.status_errors import StatusErrors, status_error
from toolkit.http.temporary_site_resource import Created, TemporaryResource
from toolkit.http.tls_trust import GateTLS
from toolkit.session.browser_session import BrowserSession
from toolkit.session.concurrent_changes import merge_sessions
from toolkit.session.frame_locals import forget_locals

T = TypeVar("T")

# Called with the session before and after a call that has changed it; returns the session for the next calls.
OnSessionChange = Callable[[BrowserSession, BrowserSession], Awaitable[BrowserSession]]

log = logging.getLogger("toolkit")

MAX_REDIRECTS = 20  # https://fetch.spec.whatwg.org/#http-redirect-fetch
REDIRECTS = (301, 302, 303, 307, 308)
CLEAN_UP_TRIES = 2  # where they fail
CLEAN_UP_ATTEMPTS = 3  # with those that a cancellation interrupts


class Transport:
    """Makes HTTP calls with one session. An async context manager.

    `session` is the session as the site's cookies have changed it so far. `page` is the page on whose behalf the calls
    are made, `hosts` are the provider's other hosts: headers that the session took from the page's requests go to these
    only. `gate` is what stands in front of all these. `credentials` gives the headers with the session's token for a
    URL. `statuses` maps an HTTP status to the error that it means at this provider. `is_login_page` tells whether a
    path is that of the page where people log in.

    `connect` is the deadline for opening a connection, `cleanup` that for each attempt of `clean_up`, in seconds.
    `retries` is how often a request may be repeated where that is safe, `patience` the longest wait before it that a
    site may ask for, in seconds. `recorder` records each exchange. `on_session_change` is called as soon as the site
    has changed the session. `uncached` is whether calls are recorded or replayed: then each one has to be made, even if
    its answer is known.
    """

    def __init__(
        self,
        session: BrowserSession,
        *,
        page: str,
        hosts: tuple[str, ...] = (),
        route: Route | None = None,
        gate: Gate = NO_GATE,
        connect: float | None = None,
        cleanup: float = 10.0,
        retries: int = 0,
        patience: float = PATIENCE,
        statuses: StatusErrors | None = None,
        is_login_page: Callable[[str], bool] | None = None,
        recorder: Recorder | None = None,
        on_session_change: OnSessionChange | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.session = session
        self._page = page
        self._hosts = (urlsplit(page).hostname, *hosts)
        chosen = choose_route(route, session.proxy)
        self._proxy = chosen.proxy
        self._gate = gate
        self._connections = Connections(chosen, connect, GateTLS(chosen, gate, page, self._hosts))
        self._sender = Sender(
            self._connections,
            page=page,
            hosts=self._hosts,
            gate=gate,
            connect=connect,
            recorder=recorder,
            credentials=credentials,
        )
        self.cleanup = cleanup
        self._retries = retries
        self._patience = patience
        self._statuses = statuses
        self._is_login_page = is_login_page
        self.uncached = recorder is not None or (route is not None and route.ca_pem is not None)
        self._on_session_change = on_session_change
        self._cleaning: set[asyncio.Future[None]] = set()
        self._sending: set[asyncio.Future[None]] = set()
        self._refused: WeakKeyDictionary[ToolkitError, BrowserSession] = WeakKeyDictionary()

    async def __aenter__(self) -> Transport:
        await self._connections.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        while self._cleaning:
            await asyncio.wait(self._cleaning)
        await self._connections.__aexit__(*error)

    def get(self, url: str, **options: Any) -> AbstractAsyncContextManager[Response]:
        """`request("GET", ...)`."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> AbstractAsyncContextManager[Response]:
        """`request("POST", ...)`."""
        return self.request("POST", url, **options)

    async def json(self, kind: type[T], method: str, url: str, body: Any = None, **options: Any) -> T:
        """Call `url`, with `body` as JSON unless it is None, and return the JSON answer as a value of type `kind`."""
        async with self.request(method, url, json=body, **options) as response:
            return await response.json(kind)

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        files: Iterable[FormFile] = (),
        multipart: bool = False,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Call `url` as the page would. An async context manager that gives the answer, its body unread, and releases
        the connection at the end.

        `json` is the body; in its place `data` and `files` are the fields and files of a form, which is sent as one
        with files where `multipart`. `params` is added to the query, `headers` replace the page's own (names in any
        case).
        Redirects are followed as a browser does. Raises an error of `toolkit.errors` for a status of 400 and above
        (which is also an `aiohttp.ClientResponseError`) and for whatever else goes wrong.
        """
        request = build_request(
            method, url, json=json, data=data, files=files, multipart=multipart, params=params, headers=headers
        )
        return _Call(self, request)

    async def clean_up(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Make a last call that is not part of the answer, even while the caller is being cancelled.

        A cancellation interrupts the call and starts it again, and so does a failure, once, so it has to be one that
        may be repeated. Each attempt has `cleanup` seconds. Afterwards the cancellation is raised, and nothing else is:
        what could not be cleaned up is logged, with `params`, which name it.
        """
        cancelled: asyncio.CancelledError | None = None
        failures = 0
        done = asyncio.get_running_loop().create_future()
        self._cleaning.add(done)
        try:
            for _ in range(CLEAN_UP_ATTEMPTS):
                try:
                    call = self.request(method, url, params=params, headers=headers)
                    async with asyncio.timeout(self.cleanup), call as response:
                        await response.read()
                    break
                except asyncio.CancelledError as error:
                    cancelled = error
                except (ToolkitError, TimeoutError) as error:
                    failures += 1
                    if failures < CLEAN_UP_TRIES:
                        continue
                    if cancelled is not None and isinstance(error, StatusError):
                        break  # the interrupted call had reached the site, so there is nothing left to clean up
                    what = ", ".join(f"{name} {value}" for name, value in (params or {}).items())
                    where = f"{redact_url(url)}{f' ({what})' if what else ''}"
                    log.warning("could not tidy up at %s: %s", where, error or "time is up")
                    break
        finally:
            done.set_result(None)
            self._cleaning.discard(done)
        if cancelled is not None:
            raise cancelled

    def temporary(
        self, kind: type[Created], url: str, name: str | None = None, *, body: Any = None
    ) -> AbstractAsyncContextManager[str]:
        """An async context manager around a resource that the site has for one call. It gives the resource's id.

        POST `url`, with `body` as JSON unless it is None, creates it; the answer is of the type `kind`, whose `id` it
        is. DELETE removes it, whatever happens in between: at `url/ID`, or at `url` with the id as the query parameter
        `name`.
        """
        return TemporaryResource(self, kind, url, name, body)

    async def redirect(self, url: str) -> tuple[int, str | None]:
        """Ask for `url`, and return the status of the answer and the URL that it redirects to, if any. Raises what a
        call raises where no answer comes."""
        request = build_request("GET", url)
        response = await self._sender.send(request, self.session)
        try:
            location = response.headers.get("Location") if response.status in REDIRECTS else None
            return response.status, None if location is None else request.redirected(location, response.status).url
        finally:
            await response.aclose(None)

    async def send(self, request: Request) -> Response:
        """Send `request`, follow redirects, and return the answer, which the caller closes. See `request`."""
        session, sending = self.session, asyncio.get_running_loop().create_future()
        self._sending.add(sending)
        try:
            return await self._send(request)
        except LoginRequired as error:
            self._refused[error] = session
            raise
        finally:
            self._sending.discard(sending)
            sending.set_result(None)

    def session_refused_by(self, error: ToolkitError) -> BrowserSession:
        """The session that the request was sent with whose answer was `error`; the present one if that is not known,
        because no answer of the site was."""
        return self._refused.get(error, self.session)

    async def wait_for_heads(self, seconds: float) -> None:
        """Wait until all requests that are on their way have been answered, at most `seconds`: their answers may change
        the session."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)

    async def _send(self, request: Request) -> Response:
        before = session = self.session
        asked, elsewhere = request.url, ""
        for _ in range(MAX_REDIRECTS + 1):
            call = partial(self._call, request, session, asked, elsewhere)
            response, following, session = await call_with_retries(
                call, request.method, retries=self._retries, patience=self._patience
            )
            try:
                if following is None:
                    await self._save_session_changes(response, before, session)
                    return response
            except BaseException as error:
                await response.aclose(error)
                raise
            await response.aclose()
            log.debug("%s is redirected to %s", redact_url(request.url), redact_url(following.url))
            request = following
            elsewhere = elsewhere or leaves_hosts(asked, request.url, self._hosts)
        raise ProtocolError(f"The site redirected more than {MAX_REDIRECTS} times.", url=request.url)

    async def _call(
        self, request: Request, session: BrowserSession, asked: str, elsewhere: str
    ) -> tuple[Response, Request | None, BrowserSession]:
        """Send `request`, to which redirects have led from the URL `asked`, perhaps over `elsewhere`, a host that is
        not the provider's, and check the answer. Returns the answer, the request that it redirects to, if any, and
        `session` with the cookies that it sets."""
        response = await self._sender.send(request, session)
        try:
            location = response.headers.get("Location") if response.status in REDIRECTS else None
            following = None if location is None else request.redirected(location, response.status)
            if following is None:
                if elsewhere and (response.status >= 400 or is_html(response.headers)):
                    raise sent_away_error(asked, elsewhere, request.url)
                await self._raise_for_answer(response, request, session)
            elif self._leads_to_login(following):
                raise SessionExpired("The site sent the call to its login page.", url=request.url)
        except BaseException as error:
            await response.aclose(error)
            raise
        return response, following, apply_set_cookies(session, response.url, response.raw.headers, page=self._page)

    async def _save_session_changes(self, response: Response, before: BrowserSession, after: BrowserSession) -> None:
        """Make what a call has set part of `session`, and report it to `on_session_change`.

        A web page is not trusted to change the session: it is a login page or an error, which takes the cookies away or
        sets those of nobody, while another user of the session may just have renewed it.
        """
        if after is before:
            return
        if response.headers.get("Content-Type", "").startswith("text/html"):
            log.debug("the cookies of %s are ignored: the answer is a web page", redact_url(response.url))
            return
        merged = self.session = merge_sessions(self.session, before, after)
        if self._on_session_change is not None:
            saved = await self._on_session_change(before, after)
            self.session = merge_sessions(saved, merged, self.session)  # another call may have changed it meanwhile

    def credential_remover(
        self, sessions: Iterable[BrowserSession] = (), headers: Mapping[str, str] = MappingProxyType({})
    ) -> Callable[[str], str]:
        """A function that takes the credentials of the session, of `sessions`, of the proxy, of the gate and of a
        request's own `headers` out of a text that a site echoed."""
        own = [replace(one, proxy=self._proxy) for one in (self.session, *sessions)]
        return credential_remover(own, headers, self._gate.secrets())

    def _leads_to_login(self, request: Request) -> bool:
        parts = urlsplit(request.url)
        return self._is_login_page is not None and parts.hostname in self._hosts and self._is_login_page(parts.path)

    async def _raise_for_answer(self, response: Response, request: Request, session: BrowserSession) -> None:
        """Raise the error that the status means, or `ProtocolError` for a body in an encoding that was not offered.

        `session` is what `request` was sent with, the cookies of redirects before it included: the site may repeat any
        of it, and what it sets with this answer.
        """
        if response.status >= 400:
            known = apply_set_cookies(session, response.url, response.raw.headers, page=self._page)
            redact = self.credential_remover((session, known), request.headers)
            if response.status not in (self._statuses or {}) and (refusal := self._gate_refusal(response, request)):
                raise refusal
            raise status_error(response.raw, await response.excerpt(), self._statuses, redact)
        if response.status >= 300:
            raise ProtocolError(f"The site answered {response.status}, which leads nowhere.", url=response.url)
        encoding = response.headers.get("Content-Encoding", "").lower()
        if encoding not in ENCODINGS:
            raise ProtocolError("The site's answer is encoded in a way that was not offered.", url=response.url)

    def _gate_refusal(self, response: Response, request: Request) -> GateRefused | None:
        login_given = self._gate.login is not None
        return gate_refusal(response.status, response.headers, request.url, login_given=login_given)


class _Call:
    """The async context manager of one request. It is no generator, since none can start while an event loop ends."""

    def __init__(self, transport: Transport, request: Request) -> None:
        self._transport = transport
        self._request = request
        self._response: Response

    async def __aenter__(self) -> Response:
        try:
            self._response = await self._transport.send(self._request)
        except BaseException as error:
            forget_locals(error)
            raise
        return self._response

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._response.aclose(error)
