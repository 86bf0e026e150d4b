"""Records the traffic of a browser context's pages, and of their service workers, by Playwright's events.

The context is only duck-typed: this room does not import Playwright. Bodies are read as soon as a request has
finished, because the browser soon forgets them. Streams come as one piece: the exact ones are those of our own calls.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from toolkit.errors import RecordingError
from toolkit.har.build import ABANDONED, UNFINISHED, make_request, make_response
from toolkit.har.model import Entry, Timings
from toolkit.recording.service_workers import SeenExchange, resolve_exchanges

REDIRECTS = (301, 302, 303, 307, 308)
PAGEREF = "page_1"  # one for all: what matters is that a page made the exchange, and not a client of ours
BODILESS = (*REDIRECTS, 204, 205, 304)
DRAIN_SECONDS = 20.0
LATE_SECONDS = 1.0  # a page may know of an answer's end before Playwright tells of it


class _Open(msgspec.Struct):
    """A request that is under way: when it began, and its Playwright `Response`, once there is one."""

    started: datetime
    response: Any = None


class PageWatcher:
    """Listens to `context`, a Playwright `BrowserContext` of the async API."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._seen: list[SeenExchange] = []
        self._open: dict[Any, _Open] = {}
        self._unfinished: dict[Any, SeenExchange] = {}
        self._quiet = asyncio.Event()  # nothing is under way
        self._quiet.set()
        self._reading: set[asyncio.Task[None]] = set()
        self._failures: list[str] = []
        self._listeners = {
            "request": self._began,
            "response": self._answered,
            "requestfinished": self._finished,
            "requestfailed": self._failed,
        }
        for event, listener in self._listeners.items():
            context.on(event, listener)

    @property
    def entries(self) -> list[Entry]:
        """What was read so far, in order of its start; what was under way at the last `drain` says so in its
        `error`, and has no body."""
        return resolve_exchanges([*self._seen, *self._unfinished.values()])

    async def drain(self) -> None:
        """Read every exchange that has finished so far, and note which are under way. Waits `LATE_SECONDS` for an
        answer's end, and `DRAIN_SECONDS` at most. Raises `RecordingError` where one could not be read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                await self._quiet.wait()
        for request, begun in list(self._open.items()):
            self._start(request, begun, UNFINISHED)
        end = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self._reading and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._reading, timeout=left)
        failures = [*self._failures, *["TimeoutError"] * len(self._reading)]
        if failures:
            raise RecordingError(
                f"{len(failures)} exchanges of the pages could not be read ({', '.join(sorted(set(failures)))}).",
                hint="Drain the recorder while the browser context is still open.",
            )

    async def aclose(self) -> None:
        """Stop listening, and drop what is not read yet."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)
        for task in (reading := list(self._reading)):
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    # --- Playwright's events

    def _began(self, request: Any) -> None:
        if _wanted(request):
            self._open[request] = _Open(datetime.now(UTC))
            self._quiet.clear()

    def _answered(self, response: Any) -> None:
        if response.request in self._open:
            self._open[response.request].response = response

    def _finished(self, request: Any) -> None:
        self._end(request, None)

    def _failed(self, request: Any) -> None:
        failure = request.failure or "net::ERR_FAILED"
        if failure != "net::ERR_ABORTED":
            self._end(request, failure)
        elif (begun := self._open.get(request)) is not None and begun.response is not None:
            self._end(request, ABANDONED)
        else:  # the page's own doing, before anything came of it: it went elsewhere, or was closed
            self._forget(request)

    def _forget(self, request: Any) -> _Open | None:
        """It is under way no longer; returns what was known of it."""
        begun = self._open.pop(request, None)
        self._unfinished.pop(request, None)
        if not self._open:
            self._quiet.set()
        return begun

    def _end(self, request: Any, error: str | None) -> None:
        begun = self._forget(request) or _Open(datetime.now(UTC))
        if _wanted(request):
            self._start(request, begun, error)

    # --- reading

    def _start(self, request: Any, begun: _Open, error: str | None) -> None:
        task = asyncio.get_running_loop().create_task(self._read(request, begun, error))
        self._reading.add(task)
        task.add_done_callback(partial(self._done, request))

    def _done(self, request: Any, task: asyncio.Task[None]) -> None:
        self._reading.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._asker_left(request):
            self._failures.append(type(error).__name__)

    def _asker_left(self, request: Any) -> bool:
        """Whether the page that made `request` was closed, in an open browser: then nobody missed the answer."""
        browser = self._context.browser
        if browser is None or not browser.is_connected():
            return False
        # Workers are ended and started as the browser likes.
        return request.service_worker is not None or bool(request.frame.page.is_closed())

    async def _read(self, request: Any, begun: _Open, error: str | None) -> None:
        worker = request.service_worker
        seen = SeenExchange(
            entry=await _entry(request, begun, error),
            first_url=_first(request).url,
            worker=worker.url if worker is not None else None,
        )
        response = await request.response() if error is None else begun.response
        if response is not None:
            seen.via_worker = response.from_service_worker
            await _add_answer(seen, request, response, whole=error is None)
        if error != UNFINISHED:
            self._seen.append(seen)
        elif request in self._open:  # else it has ended meanwhile, and is read as a whole
            self._unfinished[request] = seen


async def _entry(request: Any, begun: _Open, error: str | None) -> Entry:
    """The entry of `request`, without its answer."""
    # The headers as they were sent come with the answer; until then there are those that the page meant to send.
    answered = error is None or begun.response is not None
    headers = [(one["name"], one["value"]) for one in await request.headers_array()] if answered else None
    timing = request.timing
    wait, receive = _span(timing, "requestStart", "responseStart"), _span(timing, "responseStart", "responseEnd")
    return Entry(
        # Playwright's own time is there only once there is an answer
        started=datetime.fromtimestamp(timing["startTime"] / 1000, UTC) if timing["startTime"] > 0 else begun.started,
        request=make_request(
            request.method,
            request.url,
            headers if headers is not None else list(request.headers.items()),
            request.post_data_buffer or b"",
        ),
        response=make_response(0, "", [], b""),
        time=wait + receive,
        timings=Timings(wait=wait, receive=receive),
        pageref=PAGEREF,
        resource_type=request.resource_type,
        error=error,
    )


async def _add_answer(seen: SeenExchange, request: Any, response: Any, *, whole: bool) -> None:
    """Read the answer into `seen`; without its body where it is not `whole`."""
    body = b""
    if whole and response.status not in BODILESS and request.method != "HEAD":
        try:
            body = await response.body()
            seen.body_missing = not body and seen.worker is not None and (await request.sizes())["responseBodySize"] > 0
        except Exception:  # noqa: BLE001  Playwright's errors have no name here; the browser forgot the body
            seen.body_missing = True
    headers = [(one["name"], one["value"]) for one in await response.headers_array()]
    seen.entry.response = make_response(response.status, response.status_text, headers, body)


def _wanted(request: Any) -> bool:
    """Whether a recording keeps `request`. Preflights and favicons are the browser's own; replay answers them."""
    parts = urlsplit(request.url)
    if parts.scheme not in ("http", "https") or parts.path == "/favicon.ico":
        return False
    return not (request.method == "OPTIONS" and "access-control-request-method" in request.headers)


def _first(request: Any) -> Any:
    """The request from which redirects have led to `request`."""
    while request.redirected_from is not None:
        request = request.redirected_from
    return request


def _span(timing: Any, start: str, end: str) -> float:
    """Milliseconds between two of Playwright's marks, which are -1 where not known."""
    return round(max(0.0, timing[end] - timing[start]), 1) if timing[start] >= 0 and timing[end] >= 0 else 0.0
