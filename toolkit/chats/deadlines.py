"""How long to wait for an answer, and keeping to it."""

from __future__ import annotations

import msgspec

from toolkit.errors import UsageError


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds; None is for ever.

    `turn` is for other calls on an account that takes one at a time; `connect` for a connection, TLS and proxy
    included; `first_piece` for the answer's first text, the site's queue included; `between_pieces` for each next one;
    `total` for the whole call; `cleanup` for what a provider tidies up. Only text counts as a piece: a site that sends
    signs of life and no answer runs into a deadline all the same. Raises `UsageError` for what is no number of seconds.
    """

    turn: float | None = 600.0
    connect: float | None = 15.0
    first_piece: float | None = 300.0
    between_pieces: float | None = 60.0
    total: float | None = None
    cleanup: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            seconds = getattr(self, name)
            if seconds is None and name != "cleanup":
                continue
            if not isinstance(seconds, int | float) or not seconds >= 0:  # nor is what is no number
                raise UsageError(f"The deadline `{name}` is a number of seconds.", hint="None is for ever.")

    def patience(self, most: float) -> float:
        """The longest wait before a request is made again, in seconds: `most`, and less than a deadline allows."""
        return min([most, *(limit / 2 for limit in (self.first_piece, self.total) if limit is not None)])
