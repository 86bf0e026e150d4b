"""Finds where the server told a value before the page sent it. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from toolkit.har.resource_kind import resource_kind
from toolkit.scaffold.exchange import Exchange, leaves
from toolkit.scaffold.facts import Taken
from toolkit.scaffold.socket_exchanges import SEND

SHORTEST, LONGEST = 4, 4096  # characters of a value that can be told from others
# Headers of answers that tell nothing that a page sends again.
PASSED_OVER = {
    *("date", "server", "content-length", "content-type", "connection", "vary", "keep-alive", "cache-control", "age"),
    *("transfer-encoding", "set-cookie", "expires", "last-modified", "content-encoding", "x-powered-by", "status"),
}
REDIRECTS = (301, 302, 303, 307, 308)  # which the transport follows, so that an answer is from the address
BEFORE = 60  # characters before a value in a text, of which a pattern is made


@dataclass(frozen=True)
class Source:
    """Where a value was told: the exchange, and the way to take it out of its answer."""

    exchange: Exchange
    taken: Taken


class Told:
    """What the answers of a recording tell, and what its requests send, by value."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges

    @cached_property
    def _index(self) -> dict[str, list[Source]]:
        index: dict[str, list[Source]] = defaultdict(list)
        for exchange in self._exchanges:
            for value, taken in _told(exchange):
                index[value].append(Source(exchange, taken))
        return index

    @cached_property
    def _sent(self) -> dict[str, int]:
        """The number of the first request that holds a value."""
        sent: dict[str, int] = {}
        for exchange in self._exchanges:
            for value in (*exchange.values.values(), *exchange.cookies.values()):
                if isinstance(value, str | int) and not isinstance(value, bool):
                    sent.setdefault(str(value), exchange.at)
        return sent

    def earlier(self, exchange: Exchange) -> Sequence[Exchange]:
        """Returns the exchanges that were answered before `exchange` was asked."""
        return self._exchanges[: exchange.at]

    def first_sent(self, value: object) -> int:
        """Returns the place in time of the first request that holds `value`."""
        return self._sent.get(str(value), len(self._exchanges))

    def is_public(self, value: str) -> bool:
        """Decides whether a page or a script of the site holds `value`, which then everybody can read."""
        pages = (one for one in self._exchanges if "html" in one.content_type or "javascript" in one.content_type)
        return any(value in one.text for one in pages)

    def sources(self, value: object, before: int) -> list[Source]:
        """Returns where `value` was told, in the order of time, before the request at `before`; none where the page
        sent it earlier than that."""
        first = min(self.first_sent(value), before)
        found = [one for one in self._index.get(str(value), ()) if one.exchange.at < first]
        if not found and is_distinctive(value):
            found = [one for one in self._in_texts(str(value)) if one.exchange.at < first]
        return found

    def _in_texts(self, value: str) -> Iterator[Source]:
        for exchange in self._exchanges:
            is_page = "html" in exchange.content_type and value in exchange.text
            if is_page and (pattern := pattern_for(exchange.text, value)):
                yield Source(exchange, Taken("text", pattern=pattern))


def is_distinctive(value: object) -> bool:
    """Decides whether `value` cannot be an everyday word, or a number that something else has too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) >= 10_000
    if not isinstance(value, str) or not 6 <= len(value) <= LONGEST or re.search(r"\s", value):
        return False
    return any(char.isdigit() for char in value) or len(value) >= 24


def pattern_for(text: str, value: str) -> str:
    """Returns a regular expression whose first group, where it first matches `text`, is `value`; "" where none is
    found."""
    at = text.find(value)
    after = text[at + len(value) : at + len(value) + 1]
    if not after or re.match(r"[\w-]", after) or (at and re.match(r"[\w-]", text[at - 1])):
        return ""
    context = text[max(0, at - BEFORE) : at]
    starts = [context.rfind("<"), context.rfind("\n") + 1, context.rfind("{"), context.rfind(",") + 1]
    for start in (*sorted((start for start in starts if start > 0), reverse=True), 0):
        before = context[start:]
        if len(before.strip(" \"'=:>")) < 3:
            continue
        pattern = f"{re.escape(before)}([^{re.escape(after)}]+){re.escape(after)}"
        if (match := re.search(pattern, text)) and match[1] == value:
            return pattern.replace("\\ ", " ").replace('\\"', '"').replace("\\=", "=").replace("\\<", "<")
    return ""


def _told(exchange: Exchange) -> Iterator[tuple[str, Taken]]:
    if resource_kind(exchange.entry) == "asset" or exchange.method == SEND:
        return  # the frames that answer one are exchanges of their own
    for path, value in exchange.answer_values:
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= LONGEST:
            yield str(value), Taken("json", path=path)
    for name, value in exchange.response_headers.items():
        if name not in PASSED_OVER and SHORTEST <= len(value) <= LONGEST:
            yield value, Taken("header", name=name)
            if name == "location":
                how: Literal["url", "header"] = "url" if exchange.entry.response.status in REDIRECTS else "header"
                for match in re.finditer(r"([/?&=#][^/?&=#]*[/?&=#])([^/?&=#]+)", value):
                    if len(match[2]) >= SHORTEST:
                        yield match[2], Taken(how, name=name, pattern=f"{re.escape(match[1])}([^/?&=#]+)")
    for name, value in exchange.set_cookies.items():
        if len(value) >= SHORTEST:
            yield value, Taken("cookie", name=name)
    if exchange.document is None:
        for frame in exchange.frames:
            for path, value in leaves(frame.value, ()):
                if isinstance(value, str) and SHORTEST <= len(value) <= LONGEST:
                    yield value, Taken("frame", path=path)
