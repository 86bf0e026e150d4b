"""Finds which request asked, which exchange answered, and how the answer is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from toolkit.errors import CannotInfer
from toolkit.scaffold.asking import Asking, find_askings, same_call, socket_with
from toolkit.scaffold.exchange import Exchange
from toolkit.scaffold.reading import Reading, end_of_polling, readings
from toolkit.scaffold.socket_exchanges import tells_besides
from toolkit.scaffold.sockets_refused import refused_socket
from toolkit.scaffold.words import same_words, words

# Calls and places that carry a question, and are not the chat.
BESIDES = re.compile(
    r"title|suggest|follow.?up|tag|analytics|track|telemetr|metric|moderat|log\b|search|autocomplete", re.I
)
SHOWN = 100  # characters of a text in an error
ECHO_WORDS = 4  # of a text that is looked for elsewhere


@dataclass(frozen=True)
class Turn:
    """One question and the exchange that answered it; `answer` is "" where the file has no body of it."""

    asking: Asking
    answering: Exchange
    answer: str


@dataclass(frozen=True)
class Chat:
    """The questions of the recording, all asked in one way, and how their answers are read. `polled` is how often, in
    seconds, the page asked whether the answer was complete; 0 where it did not. `first` is the number of the turn whose
    question was named, if its answer is there; else that of the first with an answer."""

    turns: tuple[Turn, ...]
    reading: Reading
    polled: float = 0.0
    first: int = 0


@dataclass(frozen=True)
class _Candidate:
    way: Sequence[Asking]
    number: int  # of the asking in `way`
    exchange: Exchange
    reading: Reading
    echoed: bool

    @property
    def is_stream(self) -> bool:
        """Whether the request that asks is answered by a stream of events."""
        is_own = self.exchange is self.way[self.number].exchange
        return is_own and self.exchange.content_type.startswith("text/event-stream")

    @property
    def rank(self) -> tuple[bool, bool, int, bool, bool, bool, int, int]:
        asking = self.way[self.number]
        return (
            not (BESIDES.search("/".join(asking.exchange.path)) or tells_besides(asking.exchange.shape)),
            asking.exact,
            2 if self.reading.pieces > 1 else int(self.is_stream),
            self.echoed,
            self.reading.sure or self.reading.is_known,
            self.exchange is asking.exchange,
            len(self.reading.text) if self.reading.pieces == 1 else 0,
            -self.exchange.at,
        )


def find_chat(exchanges: Sequence[Exchange], question: str, answer: str | None) -> Chat:
    """Returns the chat in which `question` was asked; `answer` is what the page showed, if that is known.

    Raises `CannotInfer` where no request holds the question, or no body an answer to it.
    """
    ways = find_askings(exchanges, question)
    if not ways and (socket := socket_with([one.entry for one in exchanges], question)) is not None:
        raise refused_socket(socket)
    if not ways:
        raise CannotInfer(
            f"No request of the file carries the question {shorten(question)!r}.",
            hint="Name the question exactly as it was typed.",
        )
    candidates = [one for way in ways for one in _candidates(exchanges, way, answer)]
    general = [(one, turns) for one in candidates if (turns := _turns(exchanges, one)) is not None]
    if not general:
        raise CannotInfer(_missing(exchanges, ways, answer), hint=_missing_hint(ways, answer))
    best, turns = max(general, key=lambda one: one[0].rank)
    if answer is None:
        window = {one.at for one in _window(exchanges, best.way, best.number)}
        _refuse_doubt(best, [one for one, _ in general if one.exchange.at in window])
    return Chat(turns, best.reading, _polling(exchanges, best), best.number)


def _candidates(exchanges: Sequence[Exchange], way: Sequence[Asking], answer: str | None) -> Iterator[_Candidate]:
    for number in range(len(way)):
        found = False
        window = _window(exchanges, way, number)
        sent = set[str]()
        for exchange in window:
            sent |= _said(exchange)
            if (way[number].exchange.is_frame or exchange.is_frame) and exchange is not way[number].exchange:
                continue  # a question in a frame is answered in those of its socket, and no other is
            if not exchange.content or exchange.entry.response.status >= 300 or _repeats(sent, answer):
                continue
            earlier = _polls(window, exchange)
            if earlier is None:
                continue
            for found_reading in readings(exchange, answer):
                polled = bool(earlier) and found_reading.form == "json"
                reading = end_of_polling(found_reading, exchange, earlier) if polled else found_reading
                if reading is None:
                    continue
                if not same_words(reading.text, way[number].question) and not _repeats(sent, reading.text):
                    echoed = _is_echoed(exchanges, exchange, reading.text)
                    candidate = _Candidate(way, number, exchange, reading, echoed)
                    if answer is None and reading.form == "sse" and reading.pieces == 1 and not candidate.is_stream:
                        continue  # an event of another stream
                    found = True
                    yield candidate
        if found or answer is not None:
            return  # the answer that was named is that to the first question


def _polls(window: Sequence[Exchange], exchange: Exchange) -> list[Exchange] | None:
    """Returns the requests before `exchange` that asked for the same answer; None where it is not the last of them."""
    same = [one for one in window if one.method == "GET" and one.entry.request.url == exchange.entry.request.url]
    if exchange.method != "GET" or exchange.document is None or len(same) < 2:
        return []
    return same[:-1] if exchange is same[-1] else None


def _window(exchanges: Sequence[Exchange], way: Sequence[Asking], number: int) -> Sequence[Exchange]:
    end = way[number + 1].exchange.at if number + 1 < len(way) else len(exchanges)
    return exchanges[way[number].exchange.at : end]


def _said(exchange: Exchange) -> set[str]:
    """The texts that the page sends in `exchange`, as `_key` writes them."""
    return {_key(value) for value in exchange.values.values() if isinstance(value, str)}


def _key(text: str) -> str:
    """The words of a text, "" for one that is too short to be told from others."""
    found = words(text)
    return "".join(found) if len(found) > 1 else ""


def _repeats(sent: set[str], text: str | None) -> bool:
    """Decides whether the page had the `text` before: it has `sent` it itself since the question, as it sends the
    question once more, or what was said before that."""
    return text is not None and _key(text) != "" and _key(text) in sent


def _is_echoed(exchanges: Sequence[Exchange], answering: Exchange, text: str) -> bool:
    """Decides whether the text comes again in a later exchange, as the history of the conversation does."""
    if len(words(text)) < ECHO_WORDS:
        return False
    return any(
        isinstance(value, str) and text.strip() in value
        for exchange in exchanges[answering.at + 1 :]
        for value in (*exchange.values.values(), *(value for _, value in exchange.answer_values))
    )


def _turns(exchanges: Sequence[Exchange], candidate: _Candidate) -> tuple[Turn, ...] | None:
    """Returns all turns of the way of `candidate`, whose reading has to do for each answer that is there."""
    turns: list[Turn] = []
    for number, asking in enumerate(candidate.way):
        if number == candidate.number:
            turns.append(Turn(asking, candidate.exchange, candidate.reading.text))
            continue
        window = _window(exchanges, candidate.way, number)
        if candidate.exchange is candidate.way[candidate.number].exchange:
            alike: Iterable[Exchange] = [asking.exchange]
        else:
            alike = [one for one in window if same_call(candidate.exchange, one)]
        read = [(one, candidate.reading.again(one)) for one in alike]
        answered = [(one, text) for one, text in read if text]
        without = [one for one, _ in read if not one.content]
        if answered:
            turns.append(Turn(asking, *answered[0]))
        elif without:
            turns.append(Turn(asking, without[0], ""))
        elif read:
            return None
    return tuple(turns)


def _refuse_doubt(best: _Candidate, others: Iterable[_Candidate]) -> None:
    """Raises `CannotInfer` where another text may as well be the answer."""
    for other in others:
        if other.rank[:4] == best.rank[:4] and not _says_same(other, best):
            raise CannotInfer(
                f"Two texts may be the answer: {_shown(best)}, and {_shown(other)}.",
                hint="Say which, as the page shows it: --answer.",
            )


def _says_same(one: _Candidate, other: _Candidate) -> bool:
    return same_words(one.reading.text, other.reading.text)


def shorten(text: str) -> str:
    """Returns the beginning of `text`, as far as an error shows it."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _shown(one: _Candidate) -> str:
    return f"{one.reading.text[:60]!r} of log.entries[{one.exchange.number}]"


def _polling(exchanges: Sequence[Exchange], found: _Candidate) -> float:
    """Returns the seconds between two requests for an answer that was not there yet; 0 where there was one only."""
    window = _window(exchanges, found.way, found.number)
    url = found.exchange.entry.request.url
    asked = [one for one in window if one.entry.request.url == url and one.at <= found.exchange.at]
    if len(asked) < 2 or found.reading.form != "json":
        return 0.0
    gaps = [after.started - before.started for before, after in pairwise(asked)]
    return min(5.0, max(0.1, round(median(gaps), 1)))


def _missing(exchanges: Sequence[Exchange], ways: Sequence[Sequence[Asking]], answer: str | None) -> str:
    numbers = ", ".join(f"log.entries[{way[0].exchange.number}]" for way in ways)
    what = "the answer that was named" if answer is not None else "an answer"
    return f"The question is asked in {numbers}, and no body from there on holds {what}."


def _missing_hint(ways: Sequence[Sequence[Asking]], answer: str | None) -> str:
    if any(not way[0].exchange.content for way in ways):
        return (
            "The file lacks the body of that answer: export again with the developer tools open from the start, or use "
            "`toolkit new NAME --base-url URL`."
        )
    return "" if answer is None else "Name the answer as the page shows it, whole."
