"""`Deadlines`: how long a call may wait for what. `toolkit.chats.watchdog` enforces them."""

from __future__ import annotations

import msgspec

from toolkit.errors import UsageError


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds; None is for ever.

    - `turn`: for other calls on an account that takes one call at a time.
    - `connect`: for a connection, with the proxy's answer and the TLS handshake.
    - `first_piece`: for the answer's first text, with the time in the site's queue.
    - `between_pieces`: for each further text.
    - `keep_alives`: how long bytes that say nothing (comments, empty frames) may take the place of a piece.
    - `total`: for the whole call.
    - `cleanup`: for what a provider cleans up at its site; it is never None.

    `first_piece` and `between_pieces` are counted from the last sign of life: text, reasoning or any other event, and
    bytes that say nothing, as long as `keep_alives` allows. A place in the site's queue is no sign of life: a call that
    the site has forgotten is told one for ever. Raises `UsageError` for a value that is not a number of seconds.
    """

    turn: float | None = 600.0
    connect: float | None = 15.0
    first_piece: float | None = 300.0
    between_pieces: float | None = 60.0
    keep_alives: float | None = 1800.0
    total: float | None = None
    cleanup: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            seconds = getattr(self, name)
            if seconds is None and name != "cleanup":
                continue
            if not isinstance(seconds, int | float) or not seconds >= 0:  # NaN too
                raise UsageError(f"The deadline `{name}` is a number of seconds.", hint="None is for ever.")

    def patience(self, most: float) -> float:
        """The longest wait before a request is repeated, in seconds: `most`, or half of the shortest deadline that the
        wait would use up, whichever is less."""
        return min([most, *(limit / 2 for limit in (self.first_piece, self.total) if limit is not None)])
