"""Which recorded exchange answers a request, and what is still to be played at the end. Pure.

Requests match on method, URL (scheme, host, port, path, query), body (see `toolkit.replay.matching`), cookies and
authorization (see `toolkit.replay.credentials`).

Of a recording with calls in it, every call has to be played. What its pages fetched does not: it only matters to who
visits them, and a browser has its cache and leaves a page when it has what it came for. In a recording of pages alone,
once one of them is visited, its documents and its calls have to be played, but no assets (scripts, styles, images),
nothing that the page or the recording did not wait for (whether it comes to that is a matter of time), and nothing that
a service worker told a page: that is only there for a browser that runs no worker, after what the network answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import UnsetType
from yarl import URL

from toolkit.errors import ReplayMismatch, UsageError
from toolkit.har.build import ABANDONED, UNFINISHED
from toolkit.har.model import Entry
from toolkit.replay.credentials import Credentials, credentials, http_only_cookies
from toolkit.replay.matching import ANY, IncomingRequest, differences, mask_at, normalize_body, recorded_body

MatchPart = Literal["method", "url", "body", "cookies", "authorization"]
ALL_PARTS: tuple[MatchPart, ...] = get_args(MatchPart)
LISTED = 5
REPEATABLE = ("GET", "HEAD")
CALLS = ("empty", "fetch", "xhr", "eventsource")
DOCUMENTS = ("document", "iframe", "frame")
ASSET_TYPES = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript")


class _Scene(msgspec.Struct, eq=False):
    """One recorded exchange, its request in comparable form, and how often it was played."""

    entry: Entry
    url: URL
    body: Any
    sender: Credentials
    key: tuple[Any, ...]
    played: int = 0


class Playback:
    """The recorded exchanges, in order, and which of them were played. `match` says on what requests match."""

    def __init__(self, entries: Iterable[Entry], match: Sequence[MatchPart] = ALL_PARTS) -> None:
        if unknown := set(match) - set(ALL_PARTS):
            raise UsageError(f"Requests cannot be matched on {sorted(unknown)}, only on {list(ALL_PARTS)}.")
        self._match = frozenset(match)
        entries = list(entries)
        told = {rule for entry in entries for rule in entry.request.random or ()}
        self._random_query = frozenset(rule.removeprefix("query.") for rule in told if rule.startswith("query."))
        self._random_body = [rule.split(".")[1:] for rule in sorted(told) if rule.startswith("body.")]
        self.http_only_cookies = http_only_cookies(entries)  # (name, value) of the cookies that are compared of pages
        urls = [URL(entry.request.url) for entry in entries]
        self._scenes = [
            _Scene(entry, url, self._body(recorded_body(entry)), sender, self._key(entry, url))
            for entry, url, sender in zip(entries, urls, credentials(entries), strict=True)
        ]
        self._by_key: dict[tuple[Any, ...], list[_Scene]] = {}
        self._methods: dict[tuple[Any, ...], set[str]] = {}
        for scene in self._scenes:
            self._by_key.setdefault(scene.key, []).append(scene)
            self._methods.setdefault(scene.key[1:], set()).add(scene.entry.request.method)
        self.schemes = {(scene.url.host or "", scene.url.port or 0): scene.url.scheme for scene in self._scenes}
        self._visited = False

    def take(self, asked: IncomingRequest) -> Entry | ReplayMismatch:
        """The recorded exchange that answers `asked` now, or the error that says why there is none.

        Each is played once, in recorded order; only the last of a GET's or HEAD's is repeated. A HEAD that was not
        recorded is answered by the GET. Before a page is visited, a call is answered by a call, if there is one.
        """
        scenes = self._by_key.get(self._key(asked, asked.url), [])
        if not scenes and asked.method == "HEAD":
            scenes = self._by_key.get(self._key(msgspec.structs.replace(asked, method="GET"), asked.url), [])
        body = self._body(normalize_body(asked.content_type, asked.body)) if "body" in self._match and scenes else None
        fitting = [scene for scene in scenes if not any(self._differences(scene, asked, body))]
        if not self._visited:
            fitting = [scene for scene in fitting if not scene.sender.from_page] or fitting
        fitting.sort(key=lambda scene: scene.entry.response.via_worker is True)  # stable
        for scene in fitting:
            if not scene.played or (asked.method in REPEATABLE and scene is fitting[-1]):
                scene.played += 1
                self._visited = self._visited or (scene.sender.from_page and _kind(scene.entry) == "document")
                return scene.entry
        return ReplayMismatch(self._explain(asked, body, scenes, len(fitting)), url=str(asked.url))

    def methods(self, url: URL) -> set[str]:
        """The methods that were recorded for `url`."""
        return self._methods.get(self._place(url), set())

    def unplayed(self) -> list[Entry]:
        """The exchanges that nobody asked for so far."""
        return [scene.entry for scene in self._scenes if not scene.played]

    def still_required(self) -> list[Entry]:
        """Those of the unplayed that have to be played; all of them where nothing was."""
        if not any(scene.played for scene in self._scenes):
            return self.unplayed()
        unplayed = [scene for scene in self._scenes if not scene.played]
        if all(scene.sender.from_page for scene in self._scenes):
            return [one.entry for one in unplayed if self._visited and _is_due(one.entry)]
        # On the wire nothing tells a page from a client: whose request it was that a page's exchange answered, where
        # the same was recorded of both, cannot be known. It counts for both.
        instead = Counter(repr((one.key, one.body)) for one in self._scenes if one.sender.from_page and one.played)
        due = []
        for scene in unplayed:
            if not scene.sender.from_page:
                same = repr((scene.key, scene.body))
                if not instead[same]:
                    due.append(scene.entry)
                instead[same] -= 1
        return due

    def _key(self, asked: IncomingRequest | Entry, url: URL) -> tuple[Any, ...]:
        method = asked.method if isinstance(asked, IncomingRequest) else asked.request.method
        return (method.upper() if "method" in self._match else "", *self._place(url))

    def _place(self, url: URL) -> tuple[Any, ...]:
        if "url" not in self._match:
            return ()
        *place, query = _address(url)
        return (*place, tuple((name, ANY if name in self._random_query else value) for name, value in query))

    def _body(self, body: Any) -> Any:
        for path in self._random_body:
            body = mask_at(body, path)
        return body

    def _differences(self, scene: _Scene, asked: IncomingRequest, body: Any) -> Iterator[str]:
        if "body" in self._match and scene.body is not None:
            yield from differences(scene.body, body, "body")
        if "cookies" in self._match:
            yield from scene.sender.cookie_differences(asked.cookies, self.http_only_cookies, visited=self._visited)
        if "authorization" in self._match:
            yield from scene.sender.authorization_differences(asked.authorization, asked.cookies)

    def _explain(self, asked: IncomingRequest, body: Any, scenes: Sequence[_Scene], fitting: int) -> str:
        what = f"No recorded exchange answers this {asked.method}"
        if fitting:
            return f"{what}: it was recorded {fitting} times, and each of them has been played."
        if scenes:
            closest = min((list(self._differences(scene, asked, body)) for scene in scenes), key=len)
            more = f"; and {len(closest) - LISTED} more" if len(closest) > LISTED else ""
            return f"{what}: {'; '.join(closest[:LISTED])}{more}."
        here = [s for s in self._scenes if _address(s.url)[:4] == _address(asked.url)[:4]]
        if same := [s for s in here if s.entry.request.method == asked.method]:
            names = sorted({name for s in same for name in _differing_names(s.url, asked.url)})
            return f"{what}: the query differs in {', '.join(names) or 'its order'}."
        if here:
            return f"{what}: recorded are {', '.join(sorted({s.entry.request.method for s in here}))}."
        there = sorted({f"{s.entry.request.method} {s.url.path}" for s in self._scenes if s.url.host == asked.url.host})
        more = ", ..." if len(there) > LISTED else ""
        return f"{what}: of that host, recorded are {', '.join(there[:LISTED])}{more}."


def _is_due(entry: Entry) -> bool:
    """Whether the page that made this exchange has to make it again."""
    return (
        _kind(entry) != "asset" and entry.error not in (UNFINISHED, ABANDONED) and entry.response.via_worker is not True
    )


def _kind(entry: Entry) -> Literal["document", "call", "asset"]:
    """What a page wanted it for: as the browser told (https://w3c.github.io/webappsec-fetch-metadata/), or by what
    came back."""
    told = [pair.value.lower() for pair in entry.request.headers if pair.name.lower() == "sec-fetch-dest"]
    kind = told[0] if isinstance(entry.resource_type, UnsetType) and told else entry.resource_type
    if isinstance(kind, UnsetType):
        mime_type = entry.response.content.mime_type.lower()
        if mime_type.startswith(ASSET_TYPES):
            return "asset"
        return "document" if mime_type.startswith("text/html") else "call"
    return "document" if kind in DOCUMENTS else "call" if kind in CALLS else "asset"


def _address(url: URL) -> tuple[Any, ...]:
    return (url.scheme, url.host, url.port, url.raw_path, tuple(_query(url)))


def _query(url: URL) -> list[tuple[str, str]]:
    """The names and values of the query, in which bytes that are no UTF-8 are kept apart."""
    return parse_qsl(url.raw_query_string, keep_blank_values=True, errors="surrogateescape")


def _differing_names(one: URL, other: URL) -> set[str]:
    names = {name for name, _ in set(_query(one)) ^ set(_query(other))}
    return {name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in names}
