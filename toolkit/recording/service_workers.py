"""Decides which exchanges of pages and of their service workers become part of a recording. Pure.

A service worker (https://www.w3.org/TR/service-workers/) answers the requests of its pages, with or without a request
of its own. So the browser reports one request twice: the page's, which never left the browser, and the worker's.

- If the worker's script is recorded, a replay runs that worker too. The worker's requests are then the exchanges with
  the network. Its responses to the page are recorded too, marked as such (Chrome's `_fetchedViaServiceWorker`), for a
  browser that runs no worker.
- A worker that was installed before the recording does not run in a replay. Its responses to the page are then recorded
  as responses of the network, and its own requests are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from toolkit.har.model import Content, Entry

BODY_MISSING = "The browser did not give the body."


class SeenExchange(msgspec.Struct, kw_only=True):
    """One exchange as the browser reported it.

    `first_url` is the URL before redirects. `worker` is the script URL of the service worker that sent the request,
    None for a page. `via_worker` says that a worker answered the page. `body_missing` says that the response had a body
    that the browser did not give.
    """

    entry: Entry
    first_url: str
    worker: str | None = None
    via_worker: bool = False
    body_missing: bool = False

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<SeenExchange {self.entry!r}>"


def resolve_exchanges(seen: Iterable[SeenExchange]) -> list[Entry]:
    """Returns the entries to record, in the order of their start."""
    ordered = sorted(seen, key=lambda one: one.entry.started)
    scripts = {one.entry.request.url for one in ordered if one.worker == one.entry.request.url}
    origins = {_origin(url) for url in scripts}
    from_workers = [one for one in ordered if one.via_worker]
    entries = []
    for one in ordered:
        if one.worker is not None and one.worker not in scripts:
            continue
        entry = one.entry
        # Of a failed request of a page it is not known whether the network or the worker failed.
        by_worker = one.via_worker or (one.worker is None and entry.response.status <= 0)
        if by_worker and _origin(_page_url(entry)) in origins:
            response = msgspec.structs.replace(entry.response, via_worker=True)
            entry = msgspec.structs.replace(entry, response=response)
        elif one.body_missing:
            response = msgspec.structs.replace(entry.response, content=_content_from_worker(one, from_workers))
            entry = msgspec.structs.replace(entry, response=response)
        entries.append(entry)
    return entries


def _content_from_worker(one: SeenExchange, from_workers: Sequence[SeenExchange]) -> Content:
    """Returns the content of `one`, whose body is missing, from the same exchange in `from_workers`.

    Chromium does not give the body of a response that a worker passed on unread. The page's exchange has the same body.
    """
    content = one.entry.response.content
    for other in from_workers if one.worker is not None else ():
        response = other.entry.response
        same = _request_key(other) == _request_key(one) and response.status == one.entry.response.status
        if same and not other.body_missing and response.content.text is not msgspec.UNSET:
            body = response.content
            return msgspec.structs.replace(content, size=body.size, text=body.text, encoding=body.encoding)
    return msgspec.structs.replace(content, comment=BODY_MISSING)


def _request_key(one: SeenExchange) -> tuple[Any, ...]:
    """Returns what is the same in the requests of a page and of its worker."""
    posted = one.entry.request.post_data
    body = None if posted is msgspec.UNSET else (posted.text, posted.encoding)
    return (one.entry.request.method, one.first_url.partition("#")[0], body)


def _page_url(entry: Entry) -> str:
    """Returns the URL of the page that sent the request, or one of the same origin, as far as its headers say."""
    if entry.resource_type == "document":
        return entry.request.url
    headers = {pair.name.lower(): pair.value for pair in entry.request.headers}
    return headers.get("referer") or headers.get("origin") or entry.request.url


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
