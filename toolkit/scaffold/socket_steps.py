"""Finds the frames of a WebSocket that a call sends and waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from toolkit.errors import CannotInfer, ToolkitError
from toolkit.scaffold.exchange import Exchange
from toolkit.scaffold.socket_exchanges import RECEIVE, SEND, tells_besides
from toolkit.scaffold.sockets_refused import BY_HAND
from toolkit.scaffold.turns import Turns

WHY_OPENS = "It opens the socket that the question is sent over."
WHY_BEFORE = "The page sends it before the question."
WHY_AFTER = "The page sends it after the question, and before anything is answered."
WHY_GREETS = "The site says so before it is asked, as it says an answer."


def needed_frames(exchanges: Sequence[Exchange], turns: Turns) -> Iterator[tuple[Exchange, str]]:
    """Yields the frames that belong to a call besides the one that asks, and why: what the page sends before the first
    question of a socket, what it sends besides that question before the answer begins, and what the site says before
    all that and that could be taken for an answer.

    Raises `CannotInfer` where the page goes on sending while it is answered: what it sends depends on what it is told.
    """
    asking = turns.first.asking.exchange
    own = [one for one in exchanges if one.number == asking.number]
    first = next(one for one in own if one.shape == asking.shape and one.method == SEND)
    begin = turns.begin(turns.first_number)
    for one in own:
        if one.method == SEND and (one.at < first.at or begin < one.at < asking.at) and not tells_besides(one.shape):
            yield one, WHY_BEFORE
    if (greeting := _last_greeting([one for one in own if one.at < first.at], turns)) is not None:
        yield greeting, WHY_GREETS
    end = next((one.at for one in own if one.at > asking.at and one.shape == asking.shape), own[-1].at + 1)
    after = [one for one in own if asking.at < one.at < end]
    begins, ends = _answer(after, turns)
    for one in after:
        if one.method != SEND or tells_besides(one.shape):
            continue
        if one.at < begins:
            yield one, WHY_AFTER
        elif one.at < ends:
            raise CannotInfer(
                f"The page sends frames[{one.frame}] of log.entries[{one.number}] while it is answered, and what that "
                "is for cannot be told.",
                hint=BY_HAND,
            )


def _last_greeting(before: Sequence[Exchange], turns: Turns) -> Exchange | None:
    """The last frame before the question in which the answer's reader finds a text, or an end."""
    found = None
    for one in before:
        if one.method == RECEIVE:
            reader = turns.kind()
            if list(_read(reader, one)) or reader.ended:
                found = one
    return found


def _answer(after: Sequence[Exchange], turns: Turns) -> tuple[int, int]:
    """The places in time of the first frame with a text of the answer, and of the one that ends it."""
    reader, begins = turns.kind(), None
    for one in after:
        if one.method == RECEIVE:
            said = list(_read(reader, one))
            begins = one.at if begins is None and any(isinstance(piece, str) for piece in said) else begins
            if reader.ended:
                return one.at if begins is None else begins, one.at
    end = after[-1].at + 1 if after else 0
    return end if begins is None else begins, end


def _read(reader: Any, one: Exchange) -> list[Any]:
    found = []
    with suppress(ToolkitError):
        found += reader.feed(one.content + b"\n")
    return found


def check_same_socket(exchange: Exchange, turns: Turns) -> None:
    """Raises `CannotInfer` where a frame that a call needs is one of another socket."""
    asking = turns.first.asking.exchange
    if not asking.is_frame or exchange.number != asking.number:
        raise CannotInfer(
            f"A call needs what was told in frames[{exchange.frame}] of log.entries[{exchange.number}], which is "
            "another WebSocket than that of the question, or the question was asked over none.",
            hint=BY_HAND,
        )
