"""Makes pieces of a text that a site tells anew, as a whole, whenever it has grown. Pure."""

from __future__ import annotations

from os.path import commonprefix


class TextDeltas:
    """Makes pieces of a text that is sent again, as a whole, whenever it has grown.

    Many sites write something at the end that the next version of the text no longer has: a cursor, a "Thinking...". So
    a piece is only what two versions in a row have in common, and comes one version late.
    """

    def __init__(self) -> None:
        self._emitted = self._last = ""

    @property
    def length(self) -> int:
        """How many characters of the text the pieces so far are."""
        return len(self._emitted)

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
        self._last = text
        if not text:
            return ""
        rest = self._emit_up_to(text)
        if rest is not None:
            return rest
        self._emitted = text
        return f"\n\n{text}"

    def settle(self, text: str) -> str:
        """Take the beginning of the last version that the next one is not expected to take back. Returns what of it was
        not returned yet, nothing where the pieces so far are not its beginning."""
        return self._emit_up_to(text) or ""

    def flush(self) -> str:
        """What the last version has that was not returned yet, since no other follows; as `finish`."""
        return self.finish(self._last)

    def _emit_up_to(self, text: str) -> str | None:
        """The piece that completes what was emitted to `text`, None if that does not begin with it."""
        if not text.startswith(self._emitted):
            return None
        more, self._emitted = text[len(self._emitted) :], text
        return more
