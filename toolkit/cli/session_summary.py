"""The state of a stored session in words, as tables and messages show it."""

from __future__ import annotations

import time

from toolkit.cli.time_format import format_duration, format_time
from toolkit.session.browser_session import BrowserSession


def last_check(session: BrowserSession, now: float) -> str:
    """Says what the site said when it was last asked about `session`, and how long ago: `ok, 5 min ago`; `never` if it
    was not asked. `now` is in seconds since 1970."""
    if session.last_check is None:
        return "never"
    return f"{session.last_check.state}, {format_duration(now - session.last_check.at)} ago"


def validity(session: BrowserSession) -> str:
    """Says until when `session` is good, or since when it has expired."""
    if session.expires_at is None:
        return "no expiry known"
    when = format_time(session.expires_at)
    return f"expired {when}" if session.expired(time.time()) else f"good until {when}"


def summarize(session: BrowserSession, site: str) -> str:
    """Says how long `session` is good, after its origin where that is not `site`, and its account if it has a name."""
    labels = [session.origin] if session.origin != site else []
    if session.account != "default":
        labels.append(session.account)
    return f"{', '.join(labels)}: {validity(session)}" if labels else validity(session)
