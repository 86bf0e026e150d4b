"""What tables say about sessions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from toolkit.cli.terminal import printable
from toolkit.session.value import BrowserSession

DAY = 86400.0
LAST = 253_370_764_800.0  # the first of January 9999: the year that follows overflows in some time zones
SPANS = (("d", DAY), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to stdout; in a pipe, each row of one-line cells stays on its line."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # as it is: [...] in an address is no markup
    console = Console()
    if not console.is_terminal:
        console.width = 200  # a pipe has no width
    console.print(table)


def format_time(seconds: float) -> str:
    """A time, given in seconds since 1970, on this machine's clock; what is later than any clock knows is its last."""
    return datetime.fromtimestamp(min(seconds, LAST)).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit, such as `3 d`."""
    unit, length = next(((unit, length) for unit, length in SPANS if seconds >= length), SPANS[-1])
    return f"{max(0, int(seconds // length))} {unit}"


def state(session: BrowserSession, now: float) -> str:
    """`ok`, `expires soon`, `expired`, or `login needed` where a visit has found that only a person can renew it; by
    what is stored, nobody is asked. Soon is when a tenth of its life is left, at most a day."""
    if session.login_needed_at > session.changed_at:
        return "login needed"
    if session.expires_at is None:
        return "ok"
    left, life = session.expires_at - now, session.expires_at - session.harvested_at
    if left <= 0:
        return "expired"
    return "expires soon" if left < min(DAY, life / 10) else "ok"


def validity(session: BrowserSession) -> str:
    """How long `session` is good for, in words."""
    if session.expires_at is None:
        return "no expiry known"
    when = format_time(session.expires_at)
    return f"expired {when}" if session.expired(time.time()) else f"good until {when}"


def summarize(session: BrowserSession, site: str) -> str:
    """How long `session` is good for, and whose it is: its site where that is not `site`, and its account."""
    whose = [session.origin] if session.origin != site else []
    if session.account != "default":
        whose.append(session.account)
    return f"{', '.join(whose)}: {validity(session)}" if whose else validity(session)
