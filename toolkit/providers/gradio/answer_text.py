"""Makes text of what the chat function of a Gradio app answers. Pure."""

from __future__ import annotations

from os.path import commonprefix
from typing import Any


def extract_text(answer: Any) -> str:
    """The text of an answer: its messages, their contents, and the addresses of files, each on a line of its own."""
    if isinstance(answer, list):
        return "\n".join(filter(None, map(extract_text, answer)))
    if isinstance(answer, dict):
        address = answer.get("url") or answer.get("path")
        return extract_text([*(answer.get(name) for name in ("content", "text", "file", "files")), address])
    return str(answer) if isinstance(answer, str | int | float) else ""


def error_message(data: Any) -> str:
    """The message for an error event with `data`, which is `null` unless the app's author lets it show reasons."""
    reason = data.get("error") if isinstance(data, dict) else data
    return f"The app reported: {reason}" if reason else "The app failed, and says no more; its own log has the reason."


class TextDeltas:
    """Makes pieces of a text that is sent again, as a whole, whenever it has grown.

    Many apps write something at the end that the next version of the text no longer has: a cursor, a "Thinking...". So
    a piece is only what two versions in a row have in common, and comes one version late.
    """

    def __init__(self) -> None:
        self._emitted = self._last = ""

    def update(self, text: str) -> str:
        """Take the next version of the text. Returns the next piece, perhaps empty."""
        before, self._last = self._last, text
        common = before if text.startswith(before) else commonprefix([before, text])  # noqa: RUF071 - of characters
        return self._emit_up_to(common) or ""

    def finish(self, text: str) -> str:
        """Take the final version of the text. Returns the last piece, the rest of the text.

        If the pieces so far are not its beginning, the last piece is all of it as a new paragraph, because pieces
        cannot be taken back.
        """
        rest = self._emit_up_to(text)
        return f"\n\n{text}" if rest is None else rest

    def _emit_up_to(self, text: str) -> str | None:
        """The piece that completes what was emitted to `text`, None if that does not begin with it."""
        if not text.startswith(self._emitted):
            return None
        more, self._emitted = text[len(self._emitted) :], text
        return more
