"""A time limit that several Playwright calls share."""

from __future__ import annotations

import math
import time


class TimeLimit:
    """A time limit in ms that starts now; 0 is no limit."""

    def __init__(self, ms: float) -> None:
        self._end = time.monotonic() + ms / 1000 if ms else math.inf

    @property
    def left(self) -> float:
        """The remaining time as Playwright's `timeout` arguments take it: in ms, at least 1, and 0 for no limit."""
        return 0.0 if self._end == math.inf else max(1.0, (self._end - time.monotonic()) * 1000)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._end
