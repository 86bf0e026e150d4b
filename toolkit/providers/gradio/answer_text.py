"""What the chat function of a Gradio app answers, as text. Pure."""

from __future__ import annotations

from os.path import commonprefix
from typing import Any


def extract_text(answer: Any) -> str:
    """An answer as text: of messages, contents and files (their addresses), each in a line of its own."""
    if isinstance(answer, list):
        return "\n".join(filter(None, map(extract_text, answer)))
    if isinstance(answer, dict):
        address = answer.get("url") or answer.get("path")
        return extract_text([*(answer.get(name) for name in ("content", "text", "file", "files")), address])
    return str(answer) if isinstance(answer, str | int | float) else ""


def error_message(told: Any) -> str:
    """What the app says about its failure, which is `null` unless its author wants reasons to be shown."""
    reason = told.get("error") if isinstance(told, dict) else told
    return f"The app reported: {reason}" if reason else "The app failed, and says no more; its own log has the reason."


class TextDeltas:
    """Makes pieces of a text that is told anew, from its beginning, whenever it has grown.

    A piece is what two tellings in a row agree on, since many apps write something at the end that they take away with
    the next telling: a cursor, a "Thinking...". So pieces come one telling late.
    """

    def __init__(self) -> None:
        self._given = self._last = ""

    def update(self, text: str) -> str:
        """The piece that `text` lets out, perhaps empty."""
        before, self._last = self._last, text
        agreed = before if text.startswith(before) else commonprefix([before, text])  # noqa: RUF071 - of letters
        return self._more(agreed) or ""

    def finish(self, text: str) -> str:
        """The last piece: what is missing of `text`, which is final. Where it is not what the pieces so far said, they
        cannot be taken back, and all of it comes, in a paragraph of its own."""
        rest = self._more(text)
        return f"\n\n{text}" if rest is None else rest

    def _more(self, text: str) -> str | None:
        if not text.startswith(self._given):
            return None
        more, self._given = text[len(self._given) :], text
        return more
