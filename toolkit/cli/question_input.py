"""Reads questions from a terminal: with keys to edit the line, a history, and texts of many lines.

GNU readline edits the line where Python has it: what is pasted, with all its lines, then waits in the line until Enter
is pressed. Elsewhere lines that arrive at once are taken as one text.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from types import ModuleType

from toolkit.cli.output import echo, echo_text
from toolkit.cli.terminal_echo import no_echo

PROMPT, MORE_PROMPT = "> ", ". "
CONTINUATION = "\\"  # at the end of a line: the next line belongs to the same question
BLOCK = '"""'  # around a question of many lines


class QuestionInput:
    """Reads what a person types at a prompt."""

    def __init__(self) -> None:
        self._to_terminal = sys.stdout.isatty()
        self._readline = _load_readline() if self._to_terminal else None
        self._at_end = False
        gnu = self._readline is not None and "libedit" not in (self._readline.__doc__ or "")
        self._pastes_whole = gnu and os.environ.get("TERM") != "dumb"
        if self._readline is not None and self._pastes_whole:
            # Python turns it off, since its own prompt could not take several lines.
            self._readline.parse_and_bind("set enable-bracketed-paste on")

    def remember(self, text: str) -> None:
        """Adds `text` to the history, so that the arrow keys give it back."""
        if self._readline is not None and text.strip():
            self._readline.add_history(text)

    def end_line(self) -> None:
        """Ends the line of the prompt after `EOFError`, where readline has not done it."""
        if not self._pastes_whole:  # readline does it where it has had pastes marked
            echo(err=True)

    @property
    def typed(self) -> str:
        """What is in the line now; known in a handler of Ctrl-C only."""
        return self._readline.get_line_buffer() if self._readline is not None else ""

    def pause(self) -> AbstractContextManager[None]:
        """Returns a context manager around what is done with a question: what is typed or pasted meanwhile is not
        written on the terminal, and `read` finds it afterwards."""
        return no_echo(by_key=self._readline is not None, mark_pastes=self._pastes_whole)

    def read(self) -> str:
        """Returns the next text that a person types, of one line or many. Raises `EOFError` at the end of input."""
        text = self._read_line(PROMPT)
        if text.strip().startswith(BLOCK):
            return self._read_block(text.strip().removeprefix(BLOCK))
        while text.endswith(CONTINUATION):
            text = text.removesuffix(CONTINUATION) + "\n" + self._read_line(MORE_PROMPT)
        return text

    def _read_block(self, text: str) -> str:
        while not text.rstrip().endswith(BLOCK):
            text += "\n" + self._read_line(MORE_PROMPT)
        return text.rstrip().removesuffix(BLOCK).strip("\n")

    def _read_line(self, prompt: str) -> str:
        """Returns a line, or all lines that were pasted."""
        if not self._to_terminal:  # `input` would print its prompt to stdout, among the answers
            echo_text(prompt, nl=False, err=True)
        if self._at_end:
            raise EOFError
        text = input(prompt if self._to_terminal else "")
        while not self._pastes_whole and not self._at_end and _more_is_there():
            try:
                text += "\n" + input()
            except EOFError:
                self._at_end = True
        return text


def _load_readline() -> ModuleType | None:
    """Returns the module that gives `input` its keys and its history; None on Windows, whose console has its own."""
    try:
        import readline
    except ImportError:
        return None
    return readline


def _more_is_there() -> bool:
    """Whether another line has arrived already, as it does where text is pasted."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit()
    import select

    return bool(select.select([sys.stdin], [], [], 0)[0])
