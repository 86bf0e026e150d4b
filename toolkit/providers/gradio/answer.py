"""Makes events of the answer of a Gradio app, which tells all of it anew whenever there is more. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from toolkit.chats.events import Media, Piece, Reasoning, Status
from toolkit.providers.gradio.answer_contents import (
    Turn,
    TurnContents,
    last_answer,
    read_contents,
    read_conversation,
    read_turns,
)
from toolkit.providers.gradio.marked_text import Mark, MarkedText

log = logging.getLogger("toolkit")

DONE = "done"  # the status of a thought that is over


class GradioAnswer:
    """Reads the versions of an answer, one after the other.

    `api` is the address under which the app has its files. `history` is the conversation before the question, in the
    form of a chatbot, for an answer that is one; None for an answer that is a message, or a few.

    A message with a title is a thought: what it says is `Reasoning`, and its title, which can also name a tool at work,
    is a `Status`. `found` is whether there has been anything of the answer, and `empty` whether its last version holds
    nothing that could be told. `passed_over` are the types of the components that no event has a place for, such as
    "plot"; each is logged once.
    """

    def __init__(self, api: str, history: list[Any] | None) -> None:
        self.found = self.empty = False
        self.passed_over: list[str] = []
        self._api = api
        self._history = None if history is None else read_conversation(history)
        self._text, self._reasoning = MarkedText(), MarkedText()

    def update(self, value: Any) -> Iterator[Piece]:
        """Take the next version of the answer; yields what is new in it."""
        if self._history is None:
            turns = [turn for turn in read_turns(value) if turn.role != "user"]
        else:
            turns = last_answer(read_conversation(value), self._history)
        if not turns:
            return
        self.found = True
        text, text_marks = "", list[Mark]()
        reasoning, thought_marks, settled = "", list[Mark](), 0
        for number, turn in enumerate(turns):
            contents = read_contents(turn.content, self._api)
            self._pass_over(contents.others)
            if not turn.title:
                text = _join(text, "\n", contents, text_marks)
                continue
            marks = list[Mark]()
            begin, reasoning = len(reasoning), _join(reasoning, "\n\n", contents, marks)
            if over := turn.metadata.get("status") == DONE:
                settled = len(reasoning)
            status = _status_mark(number, turn, settled if over else begin, over=over)
            thought_marks += [*marks, status] if over else [status, *marks]
        self.empty = not (text or text_marks or reasoning)
        if text:
            settled = len(reasoning)  # a thought is over when the answer begins
        yield from map(_as_reasoning, self._reasoning.update(reasoning, thought_marks, settled))
        yield from self._text.update(text, text_marks, 0)

    def _pass_over(self, components: list[str]) -> None:
        for kind in components:
            if kind not in self.passed_over:
                self.passed_over.append(kind)
                log.warning("the answer has a component of the type %r, which is passed over", kind)

    def end(self) -> Iterator[Piece]:
        """What was held back of the last version, because the next one could have taken it back."""
        yield from map(_as_reasoning, self._reasoning.flush())
        yield from self._text.flush()


def _status_mark(number: int, thought: Turn, place: int, *, over: bool) -> Mark:
    """What the title of the thought of that `number` says: once when it comes, once when it is done."""
    log = thought.metadata.get("log")
    event = Status(f"{thought.title}: {log}" if isinstance(log, str) and log else thought.title, over)
    return Mark(place, (number, thought.title, over), event, waits=False)


def _join(text: str, separator: str, contents: TurnContents, marks: list[Mark]) -> str:
    """`text` and those of a message after it; `marks` gets its pictures and files, at their places."""
    for part in contents.parts:
        if isinstance(part, Media):
            marks.append(Mark(len(text), part, part, waits=True))
        else:
            text = f"{text}{separator}{part}" if text else part
            separator = "\n"
    return text


def _as_reasoning(piece: str | Media | Status) -> Piece:
    return Reasoning(piece) if isinstance(piece, str) else piece


def error_message(data: Any) -> str:
    """The message for an error event with `data`, which is `null` unless the app's author lets it show reasons."""
    reason = data.get("error") if isinstance(data, dict) else data
    return f"The app reported: {reason}" if reason else "The app failed, and says no more; its own log has the reason."
