"""Makes events of the answer of a Gradio app, which tells all of it anew whenever there is more. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.chats.events import Media, Piece, Reasoning, Status
from toolkit.providers.gradio.answer_contents import Turn, last_answer, read_contents, read_conversation, read_turns
from toolkit.providers.gradio.text_deltas import TextDeltas

DONE = "done"  # the status of a thought that is over


class GradioAnswer:
    """Reads the versions of an answer, one after the other.

    `api` is the address under which the app has its files. `history` is the conversation before the question, in the
    form of a chatbot, for an answer that is one; None for an answer that is a message, or a few.

    A message with a title is a thought: what it says is `Reasoning`, and its title, which can also name a tool at work,
    is a `Status`.
    """

    def __init__(self, api: str, history: list[Any] | None) -> None:
        self.found = False  # whether there has been anything of the answer
        self._api = api
        self._history = None if history is None else read_conversation(history)
        self._text, self._reasoning = TextDeltas(), TextDeltas()
        self._statuses: dict[tuple[int, str], bool] = {}
        self._media: set[Media] = set()

    def update(self, value: Any) -> Iterator[Piece]:
        """Take the next version of the answer; yields what is new in it."""
        if self._history is None:
            turns = [turn for turn in read_turns(value) if turn.role != "user"]
        else:
            turns = last_answer(read_conversation(value), self._history)
        if not turns:
            return
        self.found = True
        thoughts = [turn for turn in turns if turn.title]
        for number, thought in enumerate(thoughts):
            yield from self._read_status(number, thought)
        contents = [(bool(turn.title), read_contents(turn.content, self._api)) for turn in turns]
        reasoning = "\n\n".join("\n".join(one.texts) for is_thought, one in contents if is_thought and one.texts)
        text = "\n".join(text for is_thought, one in contents if not is_thought for text in one.texts)
        # A thought is over when the answer begins, so nothing of it is held back any longer.
        thought_piece = self._reasoning.catch_up(reasoning) if text else self._reasoning.update(reasoning)
        if thought_piece:
            yield Reasoning(thought_piece)
        if piece := self._text.update(text):
            yield piece
        for _, one in contents:
            for media in one.media:
                if media not in self._media:
                    self._media.add(media)
                    yield media

    def end(self) -> Iterator[Piece]:
        """What was held back of the last version, because the next one could have taken it back."""
        if piece := self._reasoning.flush():
            yield Reasoning(piece)
        if piece := self._text.flush():
            yield piece

    def _read_status(self, number: int, thought: Turn) -> Iterator[Status]:
        """What the title of the thought of that `number` says: once when it comes, once when it is done."""
        key, over = (number, thought.title), thought.metadata.get("status") == DONE
        if self._statuses.get(key) in (None, False) and (over or key not in self._statuses):
            self._statuses[key] = over
            log = thought.metadata.get("log")
            yield Status(f"{thought.title}: {log}" if isinstance(log, str) and log else thought.title, over)


def error_message(data: Any) -> str:
    """The message for an error event with `data`, which is `null` unless the app's author lets it show reasons."""
    reason = data.get("error") if isinstance(data, dict) else data
    return f"The app reported: {reason}" if reason else "The app failed, and says no more; its own log has the reason."
