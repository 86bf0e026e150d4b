"""What the `Set-Cookie` headers of an answer make of a session. Pure but for the clock."""

from __future__ import annotations

import time

import msgspec
from multidict import CIMultiDictProxy

from toolkit.session.browser_session import BrowserSession
from toolkit.session.cookie_storing import merge_set_cookies

TICK = 0.001  # seconds


def apply_set_cookies(
    session: BrowserSession, url: str, headers: CIMultiDictProxy[str], *, page: str
) -> BrowserSession:
    """`session` with the cookies that the answer from `url` sets in its `headers`, as a browser would take them on
    `page`. It is the same value where no cookie changes."""
    set_cookies, now = headers.getall("Set-Cookie", []), time.time()
    if not set_cookies:
        return session
    jar = merge_set_cookies(session.cookies, url, set_cookies, page=page, now=now, date=headers.get("Date"))
    if jar == session.cookies:
        return session
    changed = max(now, session.changed_at + TICK)  # later than the session that it follows, even if a clock goes back
    return msgspec.structs.replace(session, cookies=jar, changed_at=changed)
