"""Shows an answer on a terminal while it arrives: reasoning dim, the text as Markdown, the status line below."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text as Styled

from toolkit.chats.events import ChatEvent, Reasoning, Text
from toolkit.cli.markdown_rendering import AnswerMarkdown, Harmless, split_blocks
from toolkit.cli.printable_text import printable
from toolkit.cli.status_spinner import StatusLine

REASONING_STYLE = "dim"


class AnswerDisplay:
    """Prints what of an answer is complete, and draws the rest below it, which still changes.

    Complete are blocks of Markdown, and lines of reasoning. `refresh` draws what has come since it was called last: it
    is to be called several times a second, and costs little if nothing has changed. `end` prints what is left.
    """

    has_room_for_status = True

    def __init__(self, console: Console) -> None:
        self.live: Live | None = None  # None while nothing is drawn that changes
        self._console = console
        self._kind: type[Text | Reasoning] | None = None  # of what came last
        self._begun = False  # whether there is any of that kind yet
        self._pending = ""  # what is not printed yet
        self._printed = False  # whether anything of this answer is printed
        self._gap = False  # whether an empty line comes before what is printed next
        self._changed = False
        self._status: StatusLine | None = None

    @property
    def status_display(self) -> AnswerDisplay:
        return self

    def write(self, event: ChatEvent) -> None:
        """Takes in a piece of the text or of the reasoning; all other events are nothing to print."""
        if not isinstance(event, Text | Reasoning):
            return
        text, kind = printable(event.text), type(event)
        if kind is not self._kind:
            self._print_pending()
            self._kind, self._gap = kind, self._printed
            self._begun = False
        self._pending += text if self._begun else text.lstrip("\n")
        self._begun = self._begun or bool(self._pending)
        self._changed = True

    def show_status(self, text: str) -> None:
        """Shows `text` as the status line, below the answer; none if it is empty."""
        self._status = StatusLine(text) if text else None
        self._changed = True
        self.refresh()

    def refresh(self) -> None:
        """Draws what has changed."""
        if self._changed:
            self._changed = False
            blocks, rest = self._split()
            if not (rest.strip() or self._status):
                self._stop()
            elif self.live is None:
                self.live = Live(
                    self._changing(rest),
                    console=self._console,
                    auto_refresh=False,
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self.live.start()
            else:
                self.live.update(self._changing(rest))
            self._pending = rest
            for block in blocks:
                self._print(block)
            if self.live is not None:
                self.live.refresh()
        elif self.live is not None and self._status is not None:
            self.live.refresh()

    def end(self, *, complete: bool) -> None:
        """Prints what is not printed yet, and erases the status line."""
        self._status = None
        self._print_pending()

    def _split(self) -> tuple[list[str], str]:
        """Returns what is complete of that which is not printed yet, and the rest of it."""
        if self._kind is Text:
            return split_blocks(self._pending)
        lines, newline, rest = self._pending.rstrip("\n").rpartition("\n")
        return ([lines] if newline else []), rest + "\n" * (len(self._pending) - len(self._pending.rstrip("\n")))

    def _changing(self, rest: str) -> RenderableType:
        """What is drawn below that which is printed: as much of the end as there is room for, and the status line."""
        room = max(1, self._console.height - 3)
        parts: list[RenderableType] = []
        if rest.strip():
            parts += [*([""] if self._gap else []), self._rendered(rest, last_lines=room)]
        return Group(*parts, *([self._status] if self._status is not None else []))

    def _print_pending(self) -> None:
        blocks, rest = self._split()
        self._pending = ""
        self._stop()
        for block in (*blocks, rest.rstrip("\n")):
            if block.strip():
                self._print(block)

    def _print(self, block: str) -> None:
        if self._gap:
            self._console.print()
        self._console.print(self._rendered(block), end="")
        self._printed, self._gap = True, self._kind is Text

    def _rendered(self, text: str, last_lines: int | None = None) -> RenderableType:
        if self._kind is Text:
            return Harmless(AnswerMarkdown(text), last_lines=last_lines)
        return Harmless(Styled(text, style=REASONING_STYLE), trim=False, last_lines=last_lines)

    def _stop(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None
