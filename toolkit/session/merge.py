"""What a site changes in a session that is in use, brought together with what others have changed meanwhile. Pure."""

from __future__ import annotations

import msgspec

from toolkit.session.value import BrowserSession, Cookie


def merge_sessions(stored: BrowserSession, before: BrowserSession, after: BrowserSession) -> BrowserSession:
    """The session `stored`, with what one user of it changed in its cookies: it had `before`, and now has `after`.

    Another user may have changed `stored` since. What only one of both changed, or deleted, holds. Where both changed
    the same cookie, the later change does (`changed_at`). Where `stored` is of another visit than
    `before`, it holds as it is: the cookies are of another login.
    """
    if stored.harvested_at != before.harvested_at:
        return stored
    if stored.cookies == before.cookies:
        return _changed(stored, after, after.cookies)
    old, theirs, ours = (_by_identity(session) for session in (before, stored, after))
    changed = [identity for identity in old | ours if old.get(identity) != ours.get(identity)]
    later = after.changed_at >= stored.changed_at
    taken = [identity for identity in changed if later or theirs.get(identity) == old.get(identity)]
    if not taken:
        return stored
    jar = theirs
    for identity in taken:
        if identity in ours:
            jar[identity] = ours[identity]  # one that is there keeps its place: cookies are sent in the order of theirs
        else:
            jar.pop(identity, None)
    return _changed(stored, after, tuple(jar.values()))


def _changed(stored: BrowserSession, after: BrowserSession, cookies: tuple[Cookie, ...]) -> BrowserSession:
    return msgspec.structs.replace(stored, cookies=cookies, changed_at=max(stored.changed_at, after.changed_at))


def _by_identity(session: BrowserSession) -> dict[tuple[object, ...], Cookie]:
    return {cookie.identity: cookie for cookie in session.cookies}
