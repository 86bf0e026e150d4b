"""The status line: what is waited for, and for how long."""

from __future__ import annotations

from rich.console import RenderableType
from rich.spinner import Spinner
from rich.text import Text


class StatusLine(Spinner):
    """A line with a moving sign, `text`, and the whole seconds since it was first shown, once there are any.

    A text of several lines is shown in one, and what does not fit is left out. It has no control characters.
    """

    def __init__(self, text: str) -> None:
        super().__init__("dots")
        self._status = " ".join(text.split())

    def render(self, time: float) -> RenderableType:
        sign = super().render(time)
        seconds = int(time - (self.start_time or time))
        elapsed = Text(f" {format_seconds(seconds)}", style="dim") if seconds else ""
        return Text.assemble(str(sign), " ", self._status, elapsed, no_wrap=True, overflow="ellipsis")


def format_seconds(seconds: int) -> str:
    """Returns a duration as people write it: `59 s`, `2 min 5 s`."""
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
