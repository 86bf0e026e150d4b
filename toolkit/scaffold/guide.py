"""Guides a person through the questions that a provider is inferred from, by what their page has exchanged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from toolkit.har.model import Entry
from toolkit.recording.foreign_har import ForeignEntry
from toolkit.scaffold.asking import Asking, find_askings, same_call, socket_with, value_of
from toolkit.scaffold.conversation import is_old_chat
from toolkit.scaffold.exchange import Exchange, read_exchanges
from toolkit.scaffold.socket_exchanges import tells_besides
from toolkit.scaffold.sockets_refused import refused_socket
from toolkit.scaffold.words import same_words

QUESTIONS = ("Why is the sky blue?", "How many legs has a spider?", "And an ant?")
ORDERS = (
    "Log in in the window, if the site asks for it. Then ask there, in a new chat: {question}",
    "Now begin another new chat, and ask there: {question}",
    "In that same chat, ask: {question}",
)
OLD_CHAT = "That chat has earlier questions in it, which no provider may repeat. Begin a new one, and ask: {question}"
UNSEEN = (
    "The page shows the question, and no request carries it as it was typed. If you have sent it, the page encodes "
    "what it sends, and no provider can be inferred: close the window."
)
QUIET_SECONDS = 3.0  # an answer is complete once the page has not changed for so long
SOCKET_SECONDS = 8.0  # for a request that carries the question as well: some pages tell a socket what is typed
UNSEEN_SECONDS = 15.0  # after the page shows the question, for a request that carries it
LONGEST_SECONDS = 60.0  # for a page that is never quiet, or whose connection stays open


class Seen(NamedTuple):
    """What is seen at one moment: the exchanges that have ended, when the requests began that have not, the text that
    the pages show, and the time of a clock in seconds."""

    entries: Sequence[Entry]
    pending: Sequence[datetime]
    text: str
    at: float


class Guide:
    """Tells a person what to do next, and what was seen. `questions` are those to ask: the first in one chat, the
    others in a second one."""

    def __init__(self, questions: Sequence[str] = QUESTIONS) -> None:
        self._questions = list(questions)
        self.answered = 0  # how many of them
        self._asking: Exchange | None = None  # the request that carries the current one, once it was seen
        self._way: Asking | None = None  # how the question before it was asked
        self._socket_at: float | None = None  # when a socket was seen that carries the current question
        self._shown_at: float | None = None  # when the page showed the current question, and no request carried it
        self._unseen = ""  # the question of which that was told
        self._passed = 0  # requests that were seen until then, or that ask something else
        self._asked_at = self._changed_at = 0.0
        self._text = ""
        self._old_chat = ""  # the question of which it was told that it was asked in an old chat
        self.left_out: set[tuple[datetime, str]] = set()  # the times and addresses of requests that count for nothing
        self.asked: list[str] = []  # the questions as the person has spelled them

    @property
    def is_done(self) -> bool:
        """Whether every question was answered."""
        return self.answered == len(self._questions)

    @property
    def question(self) -> str:
        """The question that the person is to ask now, or has asked; the last one where all is done."""
        return self._questions[min(self.answered, len(self._questions) - 1)]

    @property
    def order(self) -> str:
        """What the person is to do now; empty where all is done."""
        return "" if self.is_done else ORDERS[min(self.answered, len(ORDERS) - 1)].format(question=self.question)

    def look(self, seen: Seen) -> Iterator[str]:
        """Yields what is to be told after `seen`, in lines. Raises `CannotInfer` where the page asks over a
        WebSocket, in frames that cannot be read."""
        if self.is_done:
            return
        if self._asking is None:
            yield from self._look_for_question(seen)
        elif self._is_complete(seen, self._asking):
            self._asking = None
            self.answered += 1
            yield self.order or "Seen: all answers. The rest needs nobody."

    def _look_for_question(self, seen: Seen) -> Iterator[str]:
        entries = [one for one in seen.entries if (one.started, one.request.url) not in self.left_out]
        read = read_exchanges([ForeignEntry(number, entry) for number, entry in enumerate(entries)])
        exchanges = [one for one in read if not tells_besides(one.shape)]
        found = _find(exchanges, self.question)
        way = next((ways[0] for ways in find_askings(exchanges, found[1])), None) if found is not None else None
        if way is not None and self._is_in_old_chat(way):
            self._old_chat = self.question
            self.left_out.add((way.exchange.entry.started, way.exchange.entry.request.url))
            yield OLD_CHAT.format(question=self.question)
        elif found is not None:
            self._asking, question = found
            self._socket_at = self._shown_at = None
            self.asked.append(question)
            self._asked_at = self._changed_at = seen.at
            self._text = seen.text
            self._way = way
            self._passed = len(exchanges)
            how = "a frame of" if self._asking.is_frame else self._asking.method
            yield f"Seen: the question, in {how} /{'/'.join(self._asking.path)}"
        elif (socket := socket_with(seen.entries, self.question)) is not None:
            self._socket_at = seen.at if self._socket_at is None else self._socket_at
            if seen.at - self._socket_at >= SOCKET_SECONDS and not seen.pending:
                raise refused_socket(socket)
        elif self._asks_something_else(exchanges[self._passed :]):
            self._passed = len(exchanges)
            yield f"That was another question. Ask, as it is written here: {self.question}"
        elif self.question in seen.text and not seen.pending:
            self._shown_at = seen.at if self._shown_at is None else self._shown_at
            if seen.at - self._shown_at >= UNSEEN_SECONDS and self._unseen != self.question:
                self._unseen = self.question
                yield UNSEEN

    def _is_in_old_chat(self, way: Asking) -> bool:
        """Decides whether a question for a new chat was asked in another, as far as it was not told before: some pages
        begin each chat with messages of their own."""
        return "new chat" in self.order and self._old_chat != self.question and is_old_chat(way)

    def _asks_something_else(self, exchanges: Sequence[Exchange]) -> bool:
        """Decides whether a request asks as that of the question before did, which the current one is not in."""
        way = self._way
        return way is not None and any(
            same_call(way.exchange, one)
            and isinstance(text := value_of(one, way.place), str)
            and not any(same_words(text, asked) for asked in self.asked)
            for one in exchanges
        )

    def _is_complete(self, seen: Seen, asking: Exchange) -> bool:
        """Decides whether the answer is: the page shows nothing new, and no request since the question goes on."""
        if seen.at - self._asked_at >= LONGEST_SECONDS:
            return True
        if seen.text != self._text or any(began >= asking.entry.started for began in seen.pending):
            self._text, self._changed_at = seen.text, seen.at
        return seen.at - self._changed_at >= QUIET_SECONDS


def _find(exchanges: Sequence[Exchange], question: str) -> tuple[Exchange, str] | None:
    """Returns the request that carries `question`, and how it is spelled there."""
    if ways := find_askings(exchanges, question):
        return ways[0][0].exchange, question
    for exchange in exchanges:
        for place, value in exchange.values.items():
            if isinstance(value, str) and place[0] != "header" and same_words(value, question):
                return exchange, value.strip()
    return None
