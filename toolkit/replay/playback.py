"""Decides which recorded exchange answers a request, and which exchanges still have to be played at the end. Pure.

Requests match on method, URL (scheme, host, port, path, query), body (see `toolkit.replay.body_matching`), cookies and
authorization (see `toolkit.replay.credential_matching`).

A WebSocket is matched by its handshake; what follows is the matter of `toolkit.replay.socket_script`. The exchanges of
one session of engine.io are one socket (`toolkit.replay.engine_io_merge`).

If a recording has calls of a client, every call has to be played, but nothing that its pages fetched: that matters
only to a replay that visits them, and even then a browser has a cache, and leaves a page once it has what it needs. If
a recording has only pages, and one of them is visited, their documents and calls have to be played, except:

- assets (scripts, styles, images);
- exchanges that the page or the recording did not wait for, because only timing decides whether they happen again;
- answers that a service worker gave a page: they are for a browser that runs no worker, and come after those of the
  network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import UnsetType
from yarl import URL

from toolkit.errors import ReplayMismatch, UsageError, one_line
from toolkit.har.message_builders import ABANDONED, UNFINISHED
from toolkit.har.model import Entry
from toolkit.har.resource_kind import resource_kind
from toolkit.replay.body_matching import ANY, IncomingRequest, differences, mask_at, normalize_body, recorded_body
from toolkit.replay.credential_matching import Credentials, http_only_cookies, recorded_credentials

MatchPart = Literal["method", "url", "body", "cookies", "authorization"]
ALL_PARTS: tuple[MatchPart, ...] = get_args(MatchPart)
LISTED = 5  # differences that an error lists
REPEATABLE = ("GET", "HEAD")
SCHEMES = {"ws": "http", "wss": "https"}  # of the handshakes of sockets


class _Exchange(msgspec.Struct, eq=False):
    """One recorded exchange: its request in comparable form, and how often it was played."""

    entry: Entry
    url: URL
    body: Any
    sender: Credentials
    key: tuple[Any, ...]
    played: int = 0

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<_Exchange {self.entry!r} played={self.played}>"


class Playback:
    """The recorded exchanges, in order, and which of them were played. `match` says on what requests are matched.

    Raises `UsageError` if `match` has a part that there is not.
    """

    def __init__(self, entries: Iterable[Entry], match: Sequence[MatchPart] = ALL_PARTS) -> None:
        if unknown := set(match) - set(ALL_PARTS):
            raise UsageError(f"Requests cannot be matched on {sorted(unknown)}, only on {list(ALL_PARTS)}.")
        self._match = frozenset(match)
        entries = list(entries)
        random = {rule for entry in entries for rule in entry.request.random or ()}
        self._random_query = frozenset(rule.removeprefix("query.") for rule in random if rule.startswith("query."))
        self._random_body = [rule.split(".")[1:] for rule in sorted(random) if rule.startswith("body.")]
        self.http_only_cookies = http_only_cookies(
            entries
        )  # (name, value): the only cookies of pages that are compared
        urls = [URL(entry.request.url) for entry in entries]
        self._exchanges = [
            _Exchange(entry, url, self._mask_random(recorded_body(entry)), sender, self._key(entry.request.method, url))
            for entry, url, sender in zip(entries, urls, recorded_credentials(entries), strict=True)
        ]
        self._by_key: dict[tuple[Any, ...], list[_Exchange]] = {}
        self._methods: dict[tuple[Any, ...], set[str]] = {}
        for exchange in self._exchanges:
            self._by_key.setdefault(exchange.key, []).append(exchange)
            self._methods.setdefault(exchange.key[1:], set()).add(exchange.entry.request.method)
        self.schemes = {
            (one.url.host or "", one.url.port or 0): SCHEMES.get(one.url.scheme, one.url.scheme)
            for one in self._exchanges
        }
        self._visited = False  # whether the document of a page was played

    def take(self, incoming: IncomingRequest) -> Entry | ReplayMismatch:
        """The recorded exchange that answers `incoming` now, or the error that says why there is none.

        Each exchange is played once, in recorded order; only the last one of a GET or HEAD is repeated, and no socket.
        A HEAD that was not recorded is answered by the GET. Before a page is visited, calls of a client come first.
        """
        candidates = self._candidates(incoming)
        body = None
        if candidates and "body" in self._match:
            body = self._mask_random(normalize_body(incoming.content_type, incoming.body))
        matching = [exchange for exchange in candidates if not any(self._differences(exchange, incoming, body))]
        if "cookies" in self._match:
            matching = self._with_same_login(matching, incoming) or matching
        if not self._visited:
            matching = [exchange for exchange in matching if not exchange.sender.from_page] or matching
        repeatable = incoming.method in REPEATABLE and incoming.url.scheme not in SCHEMES
        if (exchange := self._choose(matching, repeatable=repeatable)) is None:
            what = one_line(self._explain(incoming, body, candidates, len(matching)))
            return ReplayMismatch(what, url=str(incoming.url))
        exchange.played += 1
        if exchange.sender.from_page and resource_kind(exchange.entry) == "document":
            self._visited = True
        return exchange.entry

    def _with_same_login(self, matching: Sequence[_Exchange], incoming: IncomingRequest) -> list[_Exchange]:
        """Those of `matching` that were asked before the login where `incoming` is, or after it likewise."""
        return [one for one in matching if one.sender.has_same_login(incoming.cookies, self.http_only_cookies)]

    def _candidates(self, incoming: IncomingRequest) -> list[_Exchange]:
        """The exchanges with the method and the URL of `incoming`."""
        candidates = self._by_key.get(self._key(incoming.method, incoming.url), [])
        if not candidates and incoming.method == "HEAD":
            candidates = self._by_key.get(self._key("GET", incoming.url), [])
        return candidates

    def _choose(self, matching: list[_Exchange], *, repeatable: bool) -> _Exchange | None:
        """The exchange to play next: the first unplayed one, or the last one again if it is `repeatable`."""
        in_order = sorted(matching, key=lambda exchange: exchange.entry.response.via_worker is True)  # stable
        unplayed = next((exchange for exchange in in_order if not exchange.played), None)
        return in_order[-1] if unplayed is None and in_order and repeatable else unplayed

    def recorded_methods(self, url: URL) -> set[str]:
        """The methods of the exchanges that were recorded at `url`."""
        return self._methods.get(self._url_key(url), set())

    def unplayed(self) -> list[Entry]:
        """The exchanges that were not played so far."""
        return [exchange.entry for exchange in self._exchanges if not exchange.played]

    def is_asked_again(self, entry: Entry) -> bool:
        """Whether the request that `entry` answers was recorded once more, and that one was not played so far."""
        answered = next(one for one in self._exchanges if one.entry is entry)
        return any(one.body == answered.body and not one.played for one in self._by_key[answered.key])

    def still_required(self, *, pages_only: bool = False) -> list[Entry]:
        """The unplayed exchanges that have to be played; all of them if nothing was played. `pages_only` says that
        pages were visited and no call of a client was to be made."""
        if not any(exchange.played for exchange in self._exchanges):
            return self.unplayed()
        unplayed = [exchange for exchange in self._exchanges if not exchange.played]
        if all(exchange.sender.from_page for exchange in self._exchanges):
            return [one.entry for one in unplayed if self._visited and _has_to_be_played(one.entry)]
        if pages_only:
            return []
        # A request does not tell whether a page or a client sent it. If the same request was recorded of both, and the
        # page's exchange was played, it may have answered the client, so it counts as the client's too.
        played_for_page = Counter(
            repr((one.key, one.body)) for one in self._exchanges if one.sender.from_page and one.played
        )
        required = []
        for exchange in unplayed:
            if not exchange.sender.from_page:
                same_request = repr((exchange.key, exchange.body))
                if not played_for_page[same_request]:
                    required.append(exchange.entry)
                played_for_page[same_request] -= 1
        return required

    def is_required(self, entry: Entry) -> bool:
        """Whether `entry` has to be played as a whole once it has begun."""
        if isinstance(entry.pageref, UnsetType):
            return True
        return self._visited and all(exchange.sender.from_page for exchange in self._exchanges)

    def _key(self, method: str, url: URL) -> tuple[Any, ...]:
        return (method.upper() if "method" in self._match else "", *self._url_key(url))

    def _url_key(self, url: URL) -> tuple[Any, ...]:
        if "url" not in self._match:
            return ()
        *address, query = _url_parts(url)
        return (*address, tuple((name, ANY if name in self._random_query else value) for name, value in query))

    def _mask_random(self, body: Any) -> Any:
        for path in self._random_body:
            body = mask_at(body, path)
        return body

    def _differences(self, exchange: _Exchange, incoming: IncomingRequest, body: Any) -> Iterator[str]:
        if "body" in self._match and exchange.body is not None:
            yield from differences(exchange.body, body, "body")
        if "cookies" in self._match:
            yield from exchange.sender.cookie_differences(
                incoming.cookies, self.http_only_cookies, visited=self._visited
            )
        if "authorization" in self._match:
            yield from exchange.sender.authorization_differences(incoming.authorization, incoming.cookies)

    def _explain(self, incoming: IncomingRequest, body: Any, candidates: Sequence[_Exchange], matching: int) -> str:
        what = f"No recorded exchange answers this {incoming.method}"
        if matching:
            return f"{what}: it was recorded {matching} times, and each of them has been played."
        if candidates:
            closest = min((list(self._differences(exchange, incoming, body)) for exchange in candidates), key=len)
            more = f"; and {len(closest) - LISTED} more" if len(closest) > LISTED else ""
            return f"{what}: {'; '.join(closest[:LISTED])}{more}."
        here = [s for s in self._exchanges if _url_parts(s.url)[:4] == _url_parts(incoming.url)[:4]]
        if same := [s for s in here if s.entry.request.method == incoming.method]:
            names = sorted({name for s in same for name in _differing_names(s.url, incoming.url)})
            return f"{what}: the query differs in {', '.join(names) or 'its order'}."
        if here:
            return f"{what}: recorded are {', '.join(sorted({s.entry.request.method for s in here}))}."
        there = sorted(
            {f"{s.entry.request.method} {s.url.path}" for s in self._exchanges if s.url.host == incoming.url.host}
        )
        more = ", ..." if len(there) > LISTED else ""
        return f"{what}: of that host, recorded are {', '.join(there[:LISTED])}{more}."


def _has_to_be_played(entry: Entry) -> bool:
    """Whether this exchange of a page has to be played once one of the pages is visited."""
    return (
        resource_kind(entry) != "asset"
        and entry.error not in (UNFINISHED, ABANDONED)
        and entry.response.via_worker is not True
    )


def _url_parts(url: URL) -> tuple[Any, ...]:
    return (url.scheme, url.host, url.port, url.raw_path, tuple(_query(url)))


def _query(url: URL) -> list[tuple[str, str]]:
    """The names and values of the query; bytes that are not UTF-8 become surrogates, so that they stay distinct."""
    return parse_qsl(url.raw_query_string, keep_blank_values=True, errors="surrogateescape")


def _differing_names(one: URL, other: URL) -> set[str]:
    names = {name for name, _ in set(_query(one)) ^ set(_query(other))}
    return {name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in names}
