"""Merges the changes that two users of one session received from its site at the same time. Pure."""

from __future__ import annotations

import msgspec

from toolkit.session.browser_session import STORAGES, BrowserSession, Cookie


def merge_sessions(stored: BrowserSession, before: BrowserSession, after: BrowserSession) -> BrowserSession:
    """`stored` with one user's changes to its cookies and storage: a three-way merge, in which the user loaded `before`
    and now has `after`, while another user may have changed `stored`.

    A cookie that only one of the two has changed or deleted is taken from that one; a cookie that both have changed is
    taken from the later one (`changed_at`). Storage is merged as a whole, by its kind. If `stored` comes from another
    visit than `before`, it is returned unchanged: its cookies belong to another login.
    """
    if stored.harvested_at != before.harvested_at:
        return stored
    if after.changed_at >= stored.changed_at:
        stored = _with_storage(stored, before, after)
    if stored.cookies == before.cookies:
        return _with_cookies(stored, after, after.cookies)
    old, theirs, ours = (_by_identity(session) for session in (before, stored, after))
    changed = [identity for identity in old | ours if old.get(identity) != ours.get(identity)]
    ours_is_later = after.changed_at >= stored.changed_at
    applied = [identity for identity in changed if ours_is_later or theirs.get(identity) == old.get(identity)]
    if not applied:
        return stored
    jar = theirs
    for identity in applied:
        if identity in ours:
            jar[identity] = ours[identity]  # keeps its position, which decides about the order of sending
        else:
            jar.pop(identity, None)
    return _with_cookies(stored, after, tuple(jar.values()))


def _with_cookies(stored: BrowserSession, after: BrowserSession, cookies: tuple[Cookie, ...]) -> BrowserSession:
    return msgspec.structs.replace(stored, cookies=cookies, changed_at=max(stored.changed_at, after.changed_at))


def _with_storage(stored: BrowserSession, before: BrowserSession, after: BrowserSession) -> BrowserSession:
    changed = {field: getattr(after, field) for field in STORAGES if getattr(after, field) != getattr(before, field)}
    return msgspec.structs.replace(stored, **changed, changed_at=after.changed_at) if changed else stored


def _by_identity(session: BrowserSession) -> dict[tuple[object, ...], Cookie]:
    return {cookie.identity: cookie for cookie in session.cookies}
