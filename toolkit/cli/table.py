"""What tables say about sessions."""

from __future__ import annotations

import time
from datetime import datetime

from toolkit.session import BrowserSession


def until(session: BrowserSession) -> str:
    """How long `session` is good for, in words."""
    if session.expires_at is None:
        return "no expiry known"
    when = datetime.fromtimestamp(session.expires_at).strftime("%Y-%m-%d %H:%M")
    return f"expired {when}" if session.expired(time.time()) else f"good until {when}"


def state(session: BrowserSession, site: str) -> str:
    """How long `session` is good for, and whose it is: its site where that is not `site`, and its account."""
    whose = [session.origin] if session.origin != site else []
    if session.account != "default":
        whose.append(session.account)
    return f"{', '.join(whose)}: {until(session)}" if whose else until(session)
