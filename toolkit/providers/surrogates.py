"""Joins the halves of characters that a server has cut: in JSON, a character beyond U+FFFF is two escapes (RFC 8259,
section 7), and some servers send each in a piece of its own. Pure."""

from __future__ import annotations

from toolkit.chats.events import Piece, Reasoning, Text


class SurrogateJoiner:
    """Puts the first half, which ends a piece, before the second, which begins the next. A half alone is U+FFFD."""

    def __init__(self) -> None:
        self._held = ""

    def join(self, piece: Piece) -> Piece:
        """`piece` with what was held of the one before, less the half that it ends with. What is no text is given as it
        is."""
        if isinstance(piece, Reasoning):
            return piece if piece.text.isascii() else Reasoning(_valid(piece.text))
        if isinstance(piece, Text):
            piece = piece.text
        if not isinstance(piece, str):
            return piece
        text, self._held = self._held + piece, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return _valid(text)

    def flush(self) -> str:
        """U+FFFD for a half that was held and whose other one never came, else nothing."""
        held, self._held = self._held, ""
        return "\ufffd" if held else ""


def _valid(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
