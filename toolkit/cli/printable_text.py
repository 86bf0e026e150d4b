"""What may be printed on a terminal: the text of others without control characters, and colours or none."""

from __future__ import annotations

import os

# The control characters (C0 but for tab and line feed, DEL, C1) become U+FFFD, carriage returns vanish.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"} | {ord("\r"): None}


def printable(text: str) -> str:
    """Replaces the control characters in `text`, with which a site could move the cursor or change colours or title."""
    return text.translate(_CONTROLS)


def colours() -> bool | None:
    """Returns click's argument `color`: False where `NO_COLOR` is set (https://no-color.org), else None, its choice."""
    return False if os.environ.get("NO_COLOR") else None
