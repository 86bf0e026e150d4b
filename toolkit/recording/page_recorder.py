"""Records the traffic of a browser context's pages, and of their service workers, by Playwright's events; that of their
WebSockets by `page_inspection`.

Playwright is not imported here; the context is duck-typed. Bodies are read as soon as a request has finished, because
the browser soon drops them. What a call is answered is recorded chunk by chunk where the browser hands it out so
(`stream_capture`), else as one piece.

A request is pending from Playwright's `request` event on, until it has finished or failed; then a task reads it. What
is still pending when `drain` is called is recorded without a body, and is replaced once it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import RecordingError
from toolkit.har.message_builders import ABANDONED, UNFINISHED, make_request, make_response
from toolkit.har.model import Entry, Timings
from toolkit.har.resource_kind import kind_of_type
from toolkit.recording.exchange import PAGEREF
from toolkit.recording.page_inspection import PageInspection
from toolkit.recording.service_workers import SeenExchange, resolve_exchanges
from toolkit.recording.stream_capture import Chunks

REDIRECTS = (301, 302, 303, 307, 308)
BODILESS = (*REDIRECTS, 204, 205, 304)
DRAIN_SECONDS = 20.0  # the longest time for reading what has finished
LATE_SECONDS = 1.0  # a page may see the end of a response before Playwright reports it
QUIET_SECONDS = 1.0  # a page has loaded once it asks nothing, and is answered nothing, for so long
BUSY_SECONDS = 0.1  # a page that takes longer to say that it has nothing to do was at work
LOADING_SECONDS = 20.0  # the longest wait for that: some pages are never quiet
# Runs in a page: is answered once the page has nothing to do, or after a while where it always has.
NOTHING_TO_DO = "() => new Promise(resolve => { requestIdleCallback(() => resolve(), {timeout: 2000}) })"


class _PendingRequest(msgspec.Struct):
    """A request that has not ended: when it started, and its Playwright `Response`, once there is one."""

    started: datetime
    response: Any = None


class PageTrafficRecorder:
    """Records the exchanges of `context`, a Playwright `BrowserContext` of the async API, from now on, without the
    headers of requests that `left_out` names in lower case. Without `assets`, only documents and calls of the pages are
    recorded, and no script, style or picture is read; with them, draining waits until the pages have loaded."""

    def __init__(self, context: Any, left_out: Collection[str] = (), *, assets: bool = True) -> None:
        self._context = context
        self._assets = assets
        self._left_out = frozenset(left_out)  # headers of requests, in lower case
        self._ended: list[SeenExchange] = []
        self._pending: dict[Any, _PendingRequest] = {}
        self._unfinished: dict[Any, SeenExchange] = {}
        self._idle = asyncio.Event()  # set while nothing is pending
        self._idle.set()
        self._activity = asyncio.Event()  # set by each event
        self._reading_tasks: set[asyncio.Task[None]] = set()
        self._failures: list[str] = []
        self._listeners = {
            "request": self._on_request,
            "response": self._on_response,
            "requestfinished": self._on_request_finished,
            "requestfailed": self._on_request_failed,
        }
        for event, listener in self._listeners.items():
            context.on(event, listener)
        self._inspection = PageInspection(context, self._left_out, self._activity.set)

    @property
    def typed_passwords(self) -> list[str]:
        """What was typed into password fields, also the beginnings of it."""
        return sorted(self._inspection.typed)

    async def ready(self) -> None:
        """Waits until the pages that are open are recorded as a whole: what one asks before may be missed."""
        await self._inspection.ready()

    @property
    def entries(self) -> list[Entry]:
        """The exchanges read so far, in the order of their start.

        One that was pending at the last `drain` has the `error` `UNFINISHED` and no body.
        """
        exchanges = resolve_exchanges([*self._ended, *self._unfinished.values()])
        return sorted([*exchanges, *self._inspection.entries], key=lambda entry: entry.started)

    @property
    def pending(self) -> list[datetime]:
        """When the requests began that have not ended."""
        return [pending.started for pending in self._pending.values()]

    async def drain(self) -> None:
        """Waits until every exchange so far is read; one still pending after `LATE_SECONDS` without its body.

        Reading takes `DRAIN_SECONDS` at most. Raises `RecordingError` if an exchange could not be read.
        """
        if self._assets:
            await self._wait_until_quiet()
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                await self._idle.wait()
        for request, pending in list(self._pending.items()):
            self._start_reading(request, pending, UNFINISHED)
        end = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._reading_tasks and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._reading_tasks, timeout=left)
        failures = [*self._failures, *["TimeoutError"] * len(self._reading_tasks)]
        if failures:
            raise RecordingError(
                f"{len(failures)} exchanges of the pages could not be read ({', '.join(sorted(set(failures)))}).",
                hint="Drain the recorder while the browser context is still open.",
            )

    async def _wait_until_quiet(self) -> None:
        """Waits until the pages have loaded: a session may be there long before the page has asked for all it needs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOADING_SECONDS):
                while await self._is_active():
                    self._activity.clear()

    async def _is_active(self) -> bool:
        """Waits for the next event; returns whether one came in time, or a page was at work still: one that runs its
        scripts asks nothing meanwhile, and may do so afterwards."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                return await self._activity.wait()
        except TimeoutError:
            asked = asyncio.get_running_loop().time()
            await asyncio.gather(*map(_wait_until_idle, self._context.pages))
            return self._activity.is_set() or asyncio.get_running_loop().time() - asked > BUSY_SECONDS

    async def aclose(self) -> None:
        """Stops listening, and drops what has not been read yet."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)
        for task in (reading := list(self._reading_tasks)):
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await self._inspection.aclose()

    # --- Playwright's events

    def _on_request(self, request: Any) -> None:
        self._activity.set()
        if self._is_recorded(request):
            self._pending[request] = _PendingRequest(datetime.now(UTC))
            self._idle.clear()

    def _on_response(self, response: Any) -> None:
        if response.request in self._pending:
            self._pending[response.request].response = response

    def _on_request_finished(self, request: Any) -> None:
        self._read_ended(request, None)

    def _on_request_failed(self, request: Any) -> None:
        failure = request.failure or "net::ERR_FAILED"
        if failure != "net::ERR_ABORTED":
            self._read_ended(request, failure)
        elif (pending := self._pending.get(request)) is not None and pending.response is not None:
            self._read_ended(request, ABANDONED)
        else:  # the page navigated or was closed before there was a response
            self._remove_pending(request)

    def _is_recorded(self, request: Any) -> bool:
        return _can_be_recorded(request) and (self._assets or kind_of_type(request.resource_type) != "asset")

    def _remove_pending(self, request: Any) -> _PendingRequest | None:
        """Removes `request` from the pending ones, and returns what was known of it."""
        pending = self._pending.pop(request, None)
        self._unfinished.pop(request, None)
        if not self._pending:
            self._idle.set()
        return pending

    def _read_ended(self, request: Any, error: str | None) -> None:
        self._activity.set()
        pending = self._remove_pending(request) or _PendingRequest(datetime.now(UTC))
        if self._is_recorded(request):
            self._start_reading(request, pending, error)

    # --- reading

    def _start_reading(self, request: Any, pending: _PendingRequest, error: str | None) -> None:
        task = asyncio.get_running_loop().create_task(self._read(request, pending, error))
        self._reading_tasks.add(task)
        task.add_done_callback(partial(self._on_reading_done, request))

    def _on_reading_done(self, request: Any, task: asyncio.Task[None]) -> None:
        self._reading_tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._page_was_closed(request):
            self._failures.append(type(error).__name__)

    def _page_was_closed(self, request: Any) -> bool:
        """Decides whether the page that sent `request` was closed, so that nobody needs the response any more."""
        browser = self._context.browser
        if browser is None or not browser.is_connected():
            return False
        # The browser stops and starts workers at any time.
        return request.service_worker is not None or bool(request.frame.page.is_closed())

    async def _read(self, request: Any, pending: _PendingRequest, error: str | None) -> None:
        worker = request.service_worker
        seen = SeenExchange(
            entry=await _make_entry(request, pending, error, self._left_out),
            first_url=_original_request(request).url,
            worker=worker.url if worker is not None else None,
        )
        response = await request.response() if error is None else pending.response
        if response is not None:
            seen.via_worker = response.from_service_worker
            chunks = await self._inspection.streams.chunks(request, ended=error != UNFINISHED)
            await _add_response(seen, request, response, chunks, complete=error is None)
        if error != UNFINISHED:
            self._ended.append(seen)
        elif request in self._pending:  # else it has ended in the meantime, and another task reads all of it
            self._unfinished[request] = seen


async def _wait_until_idle(page: Any) -> None:
    """Waits until the Playwright `page` has nothing to do, or is gone."""
    with suppress(Exception):  # Playwright's errors cannot be named here; the page is closed, or goes elsewhere
        await page.evaluate(NOTHING_TO_DO)


async def _make_entry(request: Any, pending: _PendingRequest, error: str | None, left_out: Collection[str]) -> Entry:
    """Returns the entry of `request`, without its response."""
    # The headers that were sent are known once there is a response; before, only those that the page asked for.
    has_response = error is None or pending.response is not None
    if has_response:
        headers = [(one["name"], one["value"]) for one in await request.headers_array()]
    else:
        headers = list(request.headers.items())
    timing = request.timing
    wait, receive = (
        _milliseconds_between(timing, "requestStart", "responseStart"),
        _milliseconds_between(timing, "responseStart", "responseEnd"),
    )
    return Entry(
        # Playwright has the time only once there is a response
        started=datetime.fromtimestamp(timing["startTime"] / 1000, UTC) if timing["startTime"] > 0 else pending.started,
        request=make_request(
            request.method,
            request.url,
            [(name, value) for name, value in headers if name.lower() not in left_out],
            request.post_data_buffer or b"",
        ),
        response=make_response(0, "", [], b""),
        time=wait + receive,
        timings=Timings(wait=wait, receive=receive),
        pageref=PAGEREF,
        resource_type=request.resource_type,
        error=error,
    )


async def _add_response(
    seen: SeenExchange, request: Any, response: Any, chunks: Chunks | None, *, complete: bool
) -> None:
    """Reads the response into `seen`, with its body: the `chunks` that were captured, else what the browser gives of a
    response that is `complete`."""
    body: bytes | Chunks = chunks or b""
    if chunks is None and complete and response.status not in BODILESS and request.method != "HEAD":
        try:
            body = await response.body()
            seen.body_missing = not body and seen.worker is not None and (await request.sizes())["responseBodySize"] > 0
        except Exception:  # noqa: BLE001  Playwright's errors cannot be named here; the browser has dropped the body
            seen.body_missing = True
    headers = [(one["name"], one["value"]) for one in await response.headers_array()]
    seen.entry.response = make_response(response.status, response.status_text, headers, body)


def _can_be_recorded(request: Any) -> bool:
    """Decides whether `request` can be recorded. Preflights and favicons are not: replay answers them by itself."""
    parts = urlsplit(request.url)
    if parts.scheme not in ("http", "https") or parts.path == "/favicon.ico":
        return False
    return not (request.method == "OPTIONS" and "access-control-request-method" in request.headers)


def _original_request(request: Any) -> Any:
    """Returns the first request of the redirects that led to `request`."""
    while request.redirected_from is not None:
        request = request.redirected_from
    return request


def _milliseconds_between(timing: Any, start: str, end: str) -> float:
    """Returns the milliseconds between two of Playwright's times; 0 if one of them is not known (-1)."""
    return round(max(0.0, timing[end] - timing[start]), 1) if timing[start] >= 0 and timing[end] >= 0 else 0.0
