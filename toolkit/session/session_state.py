"""The state of a stored session in words, by what is stored: no site is asked. Pure."""

from __future__ import annotations

from toolkit.session.browser_session import BrowserSession

DAY = 86400.0  # seconds


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
