"""The pages that a visit opened, and what was sent from them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from toolkit.browser.trace_redaction import RequestOutcome

MAX_OUTCOMES = 200  # of the latest requests
MAX_BODIES = 50  # of the latest requests that had one
MAX_BODY_BYTES = 64 * 1024  # how much of a body is searched for values


class OpenedPages:
    """The pages that a visit opened and their popups, in order, with the bodies and the outcomes of their latest
    requests."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        self.outcomes: deque[RequestOutcome] = deque(maxlen=MAX_OUTCOMES)
        self._bodies: deque[bytes] = deque(maxlen=MAX_BODIES)

    def add(self, page: Any) -> None:
        """Add a Playwright page if it is a new one, and listen to its requests and for its popups from now on."""
        if page in self.opened:
            return
        self.opened.append(page)
        page.on("popup", self.add)  # for example a login in a window of its own
        page.on("request", self._add_body)
        page.on("response", lambda response: self._add_outcome(response.request, response.status))
        page.on("requestfailed", lambda request: self._add_outcome(request, 0))

    @property
    def still_open(self) -> list[Any]:
        """The pages that are still open."""
        return [page for page in self.opened if not page.is_closed()]

    def go_on_without(self, page: Any) -> bool:
        """Whether `page` is closed, and not all are."""
        return page.is_closed() and bool(self.still_open)

    def sent_values(self) -> Iterator[str]:
        """The values in the bodies and the form queries that were sent."""
        for body in self._bodies:
            yield from values_in(body)

    def _add_body(self, request: Any) -> None:
        if body := request.post_data_buffer:
            self._bodies.append(body[:MAX_BODY_BYTES])
        if (query := urlsplit(request.url).query) and request.is_navigation_request():  # a form sent with GET
            self._bodies.append(query.encode()[:MAX_BODY_BYTES])

    def _add_outcome(self, request: Any, status: int) -> None:
        if request.url.startswith("http"):  # data: and blob: URLs can be the content itself
            self.outcomes.append(RequestOutcome(request.method, request.url, status, request.timing["startTime"]))


def values_in(body: bytes) -> Iterator[str]:
    """The values in a body: of JSON, of a URL-encoded form, or else each of its lines, as for a multipart form."""
    text = body.decode("utf-8", "replace")
    try:
        yield from _json_values(json.loads(text))
    except ValueError:
        pairs = parse_qsl(text) if "\n" not in text else []
        yield from (value for _, value in pairs) if pairs else text.splitlines()


def _json_values(value: Any) -> Iterator[str]:
    """The texts and numbers at any depth of decoded JSON, as text."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _json_values(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
