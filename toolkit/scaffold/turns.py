"""Compares the turns of a recording: which goes on with a conversation, and which requests play the same part. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.scaffold.answering import Chat, Turn
from toolkit.scaffold.asking import same_call, value_of
from toolkit.scaffold.exchange import Exchange
from toolkit.scaffold.facts import Place
from toolkit.scaffold.socket_exchanges import OPEN
from toolkit.scaffold.sources import Told, is_distinctive


class Turns:
    """The turns of `chat`. `first` is the one that the provider is written from; `goes_on` says of each turn whether it
    goes on with the conversation of the turn before. `peers` are the other turns that begin a conversation. `kind`
    reads the answers."""

    def __init__(self, exchanges: Sequence[Exchange], chat: Chat, told: Told) -> None:
        self._exchanges, self._told = exchanges, told
        self.all = chat.turns
        self.first_number = chat.first
        self.kind = chat.reading.kind
        self.first = chat.turns[chat.first]
        self.goes_on = tuple(number > 0 and self._goes_on(number) for number in range(len(chat.turns)))
        self.peers = [n for n, on in enumerate(self.goes_on) if not on and n != chat.first]

    @property
    def origin(self) -> str:
        """The site's own origin: that of the request that asks, or of the page that opened the socket."""
        asking = self.first.asking.exchange
        if not asking.is_frame:
            return asking.origin
        headers = {pair.name.lower(): pair.value for pair in self.socket.entry.request.headers}
        return headers.get("origin") or asking.origin

    @property
    def socket(self) -> Exchange:
        """The handshake of the socket that the question of the provider's turn was asked over."""
        asking = self.first.asking.exchange
        return next(one for one in self._exchanges if one.number == asking.number and one.method == OPEN)

    @property
    def said(self) -> list[str]:
        """All questions and answers."""
        return [text for turn in self.all for text in (turn.asking.question, turn.answer) if text]

    def begin(self, number: int) -> int:
        """Returns the place in time after which the requests of a turn may come: the answer of the turn before."""
        return self.all[number - 1].answering.at if number else -1

    def counterpart(self, exchange: Exchange, number: int) -> Exchange | None:
        """Returns the request that plays the part of `exchange`, one of the first turn, in the turn of that number;
        None where there is none, for one that the page makes once."""
        turn = self.all[number]
        if exchange is self.first.asking.exchange:
            return turn.asking.exchange
        if exchange is self.first.answering:
            return turn.answering
        if exchange.method == OPEN:
            own_socket = (one for one in self._exchanges if one.number == turn.asking.exchange.number)
            found = next((one for one in own_socket if one.method == OPEN), None)
            return found if found is not exchange and not self._shares_socket(number) else None
        asked, own = turn.asking.exchange.at, exchange.at < self.first.asking.exchange.at
        alike = [
            one
            for one in self._exchanges[self.begin(number) + 1 : turn.answering.at]
            if same_call(exchange, one) and (one.at < asked) is own
        ]
        offset = exchange.at - self.first.asking.exchange.at
        return min(alike, key=lambda one: (_difference(exchange, one), abs(one.at - asked - offset)), default=None)

    def part(self, exchange: Exchange, number: int) -> Exchange:
        """Returns the request that plays the part of `exchange` in the turn of that number, or in the turns before it
        of the same conversation; `exchange` itself where the page makes it once."""
        while True:
            found = self.counterpart(exchange, number) if number != self.first_number else exchange
            if found is not None or not self.goes_on[number]:
                return found or exchange
            number -= 1

    def values_at(self, exchange: Exchange, place: Place) -> list[tuple[Exchange, Any]]:
        """Returns what stands at `place` of the counterparts of `exchange` in the turns that begin a conversation."""
        found = [(number, self.counterpart(exchange, number)) for number in self.peers]
        return [(one, value_of(one, place)) for _, one in found if one is not None]

    def _goes_on(self, number: int) -> bool:
        """Decides whether the turn repeats what was said before it, or an id of that conversation."""
        before, turn = self.all[number - 1], self.all[number]
        requests = self._exchanges[turn.asking.exchange.at : turn.answering.at + 1]
        said = [text for text in (before.asking.question, before.answer) if text]
        values = [value for one in requests for value in one.values.values() if isinstance(value, str)]
        if any(text in value for text in said for value in values):
            return True
        return self._shares_socket(number) or self._shares_id(before, turn) or self._follows(before, turn)

    def _shares_socket(self, number: int) -> bool:
        """Decides whether the turn is asked over the same socket as the one before it, at a site where others are not:
        a socket is a conversation there."""
        sockets = [one.asking.exchange.number if one.asking.exchange.is_frame else -1 for one in self.all]
        return number > 0 and sockets[number] == sockets[number - 1] >= 0 and len(set(sockets)) > 1

    def _shares_id(self, before: Turn, turn: Turn) -> bool:
        """Decides whether both have an id that not every turn has."""
        others = [one for one in self.all if one not in (before, turn)]
        sent = turn.asking.exchange.cookies
        for name, value in before.asking.exchange.cookies.items():
            changes = any(one.asking.exchange.cookies.get(name) != value for one in others)
            if changes and is_distinctive(value) and sent.get(name) == value:
                return True
        for here, there in ((before.asking.exchange, turn.asking.exchange), (before.answering, turn.answering)):
            for place, value in here.values.items():
                if not is_distinctive(value) or value_of(there, place) != value:
                    continue
                elsewhere = [
                    other.asking.exchange if here is before.asking.exchange else other.answering for other in others
                ]
                if any(value_of(one, place) != value for one in elsewhere):
                    return True
        return False

    def _follows(self, before: Turn, turn: Turn) -> bool:
        """Decides whether the turn sends what the answers of the turn before have told."""
        start = before.asking.exchange.at
        for value in turn.asking.exchange.values.values():
            if is_distinctive(value) and self._told.first_sent(value) > start:
                sources = self._told.sources(value, turn.asking.exchange.at)
                if sources and start <= sources[0].exchange.at <= before.answering.at:
                    return True
        return False


def _difference(one: Exchange, other: Exchange) -> int:
    places = {*one.values, *other.values}
    return sum(one.values.get(place) != other.values.get(place) for place in places)
