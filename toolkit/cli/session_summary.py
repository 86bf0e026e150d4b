"""The state of a stored session in words, as tables and messages show it."""

from __future__ import annotations

import time

from toolkit.cli.time_format import DAY, format_duration, format_time
from toolkit.session.browser_session import BrowserSession


def session_state(session: BrowserSession, now: float) -> str:
    """Returns `ok`, `expires soon`, `expired` or `login needed`, from what is stored; no site is asked.

    `login needed` means that a visit has found that only a person can renew the session. A session expires soon when a
    tenth of its lifetime is left, at most a day. `now` is in seconds since 1970.
    """
    if session.login_needed_at > session.changed_at:
        return "login needed"
    if session.expires_at is None:
        return "ok"
    left, lifetime = session.expires_at - now, session.expires_at - session.harvested_at
    if left <= 0:
        return "expired"
    return "expires soon" if left < min(DAY, lifetime / 10) else "ok"


def session_kind(session: BrowserSession) -> str:
    """Returns what `session` is: `API key`; `bound`, where the site binds it to its browser; else `browser`, of a visit
    or an import of what a browser had."""
    if session.api_key is not None:
        return "API key"
    return "bound" if session.device_bound else "browser"


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
