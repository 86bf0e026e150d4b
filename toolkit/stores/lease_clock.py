"""Tells the holder of a lock that expires when it can no longer know that it has it, whether or not the server of the
lock answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class LeaseClock:
    """For how long a holder knows that it has a lock: for `seconds` since it asked and was told so. After that the lock
    is `lost`, and `on_lost` is called."""

    def __init__(self, seconds: float, on_lost: Callable[[], None] | None) -> None:
        self._seconds, self._on_lost = seconds, on_lost
        self._timer: asyncio.TimerHandle | None = None
        self.lost = False

    def start(self, asked_at: float) -> None:
        """Begin anew: the lock was held after `asked_at`, by the loop's clock."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_at(asked_at + self._seconds, self.lose)

    def lose(self) -> None:
        """Note that somebody else may have the lock."""
        self.stop()
        if not self.lost:
            self.lost = True
            if self._on_lost is not None:
                self._on_lost()

    def stop(self) -> None:
        """Count no more: the lock is about to be released."""
        if self._timer is not None:
            self._timer.cancel()
