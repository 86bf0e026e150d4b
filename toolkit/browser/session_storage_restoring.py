"""Puts a session's sessionStorage into the tabs of a new context, as Playwright's storage state cannot. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

RESTORED = "toolkit-restored"  # the item that marks a tab into which the session storage has been put


def restoring_script(storage: Mapping[str, Mapping[str, str]]) -> str:
    """A script for `context.add_init_script` that gives each tab the items of its origin, before its first page's own
    scripts run. `storage` is {origin: {key: value}}.

    Only once for each tab: what the page has taken away since, by signing out for example, does not come back.
    """
    items = {origin: list(stored.items()) for origin, stored in storage.items()}
    return f"""(() => {{
    const items = {json.dumps(items)}[location.origin]
    try {{
        if (!items || sessionStorage.getItem("{RESTORED}") !== null) return
        sessionStorage.setItem("{RESTORED}", "1")
        for (const [key, value] of items) sessionStorage.setItem(key, value)
    }} catch {{}}
}})()"""
