"""Which exchanges of pages and of their service workers make a recording. Pure.

A page under a service worker is answered by the worker, which asks the network itself, or does not. So one wish is seen
twice: the page's request, which never left the browser, and the worker's own (https://www.w3.org/TR/service-workers/).

- Where the worker's script is recorded, a replay has that worker too. Its own requests are then the exchanges of the
  network; what it told the page stays as such (Chrome's `_fetchedViaServiceWorker`), for a browser that runs no worker.
- A worker that was there before the recording is not there in a replay. What it told the page is then taken for the
  network's answer, and what it asked itself is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from toolkit.har.model import Content, Entry

BODY_MISSING = "The browser did not give the body."


class SeenExchange(msgspec.Struct, kw_only=True):
    """One exchange as the browser told of it.

    `worker` is the script's URL of the service worker that asked, None for a page. `via_worker` says that the page
    was answered by one. `first_url` is the URL before redirects; `body_missing` says that there was a body and it was
    not given.
    """

    entry: Entry
    first_url: str
    worker: str | None = None
    via_worker: bool = False
    body_missing: bool = False

    def __repr__(self) -> str:
        return f"<SeenExchange {self.entry!r}>"


def resolve_exchanges(seen: Iterable[SeenExchange]) -> list[Entry]:
    """The entries to record, in order of their start."""
    ordered = sorted(seen, key=lambda one: one.entry.started)
    scripts = {one.entry.request.url for one in ordered if one.worker == one.entry.request.url}
    origins = {_origin(url) for url in scripts}
    told = [one for one in ordered if one.via_worker]
    entries = []
    for one in ordered:
        if one.worker is not None and one.worker not in scripts:
            continue
        entry = one.entry
        # Nobody tells whether it was the network or the worker that let a page down.
        by_worker = one.via_worker or (one.worker is None and entry.response.status <= 0)
        if by_worker and _origin(_controlled(entry)) in origins:
            answer = msgspec.structs.replace(entry.response, via_worker=True)
            entry = msgspec.structs.replace(entry, response=answer)
        elif one.body_missing:
            answer = msgspec.structs.replace(entry.response, content=_content(one, told))
            entry = msgspec.structs.replace(entry, response=answer)
        entries.append(entry)
    return entries


def _content(one: SeenExchange, told: Sequence[SeenExchange]) -> Content:
    """The content of `one`, which lacks its body. Chromium keeps none that a worker passed on unread; what it was shows
    in what a page was `told` under the same address."""
    content = one.entry.response.content
    for other in told if one.worker is not None else ():
        answer = other.entry.response
        same = _wish(other) == _wish(one) and answer.status == one.entry.response.status
        if same and not other.body_missing and answer.content.text is not msgspec.UNSET:
            whole = answer.content
            return msgspec.structs.replace(content, size=whole.size, text=whole.text, encoding=whole.encoding)
    return msgspec.structs.replace(content, comment=BODY_MISSING)


def _wish(one: SeenExchange) -> tuple[Any, ...]:
    sent = one.entry.request.post_data
    body = None if sent is msgspec.UNSET else (sent.text, sent.encoding)
    return (one.entry.request.method, one.first_url.partition("#")[0], body)


def _controlled(entry: Entry) -> str:
    """An address of the page that made the request, as far as it told."""
    if entry.resource_type == "document":
        return entry.request.url
    told = {pair.name.lower(): pair.value for pair in entry.request.headers}
    return told.get("referer") or told.get("origin") or entry.request.url


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
