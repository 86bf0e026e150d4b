"""The note on sessions that their site has bound to a browser."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.cli.status_line import notify
from toolkit.client.hints import BOUND, bound_session_hint, command_arguments
from toolkit.doctor.sessions import about_session
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key


def note_binding(sessions: Iterable[tuple[Key, BrowserSession]]) -> None:
    """Notes which of `sessions` last minutes outside their browser, and how they are used all the same."""
    for key, session in sessions:
        if session.device_bound:
            notify(f"note: {about_session(key)}: {BOUND} {bound_session_hint(command_arguments(key))}")
