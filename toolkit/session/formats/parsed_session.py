"""`ParsedSession`: what was read from a text that somebody handed in."""

from __future__ import annotations

import msgspec

from toolkit.session.browser_session import BrowserSession


class ParsedSession(msgspec.Struct, frozen=True):
    """The session in a text, and what that does not hold of it.

    `left_out` lists what the session lacks, in words that show no value, such as "line 3 (it has 2 fields instead of
    7)". `bearer` is the token of a request's `Authorization: Bearer`. `sent_headers` are the headers, their names in
    lower case, that a browser does not send with every request. Only a provider's recipe knows which of these a
    session has a place for.
    """

    session: BrowserSession
    left_out: tuple[str, ...] = ()
    bearer: str | None = None
    sent_headers: dict[str, str] = {}

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<ParsedSession {self.session!r}, {len(self.left_out)} parts left out>"
