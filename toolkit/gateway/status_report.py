"""What the page shows of a server: its accounts with their sessions, and its last calls, as a JSON document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.client.hints import renewal_command
from toolkit.gateway.call_log import CallLog, CallRecord
from toolkit.gateway.logins import Login
from toolkit.gateway.served_models import ServedSite
from toolkit.providers import registry
from toolkit.session.browser_session import BrowserSession
from toolkit.session.session_state import session_kind, session_state
from toolkit.stores.base import Key

NO_SESSION = "no session yet"  # the site works without a login, and the first call makes one


def report(
    sites: Mapping[ServedSite, tuple[Key, BrowserSession | None]],
    calls: CallLog,
    logins: Mapping[ServedSite, Login],
    *,
    now: float,
    can_log_in: bool,
) -> dict[str, Any]:
    """The document. Times are in seconds since 1970, as `now` is, lengths of time in seconds; `can_log_in` says that
    the server can open a window."""
    return {
        "now": now,
        "waiting": calls.waiting,
        "streams": calls.streams,
        "sites": [
            _site(site, key, session, logins.get(site), now=now, can_log_in=can_log_in)
            for site, (key, session) in sites.items()
        ],
        "calls": [_call(record) for record in reversed(calls.recent)],
    }


def _site(
    site: ServedSite, key: Key, session: BrowserSession | None, login: Login | None, *, now: float, can_log_in: bool
) -> dict[str, Any]:
    kind = registry.find(site.provider)
    is_key = session is not None and session.api_key is not None
    return {
        "name": site.name,
        "provider": key.provider,
        "origin": key.origin,
        "account": key.account,
        "identity": session.identity if session else None,
        "kind": session_kind(session) if session else None,
        "state": session_state(session, now) if session else NO_SESSION,
        "expires_at": session.expires_at if session else None,
        "command": renewal_command(key, kind, api_key=is_key),
        "can_log_in": can_log_in and kind.harvest.can_detect_login and not is_key,
        "login": login and {"state": login.state, "message": login.message},
    }


def _call(record: CallRecord) -> dict[str, Any]:
    return {
        "began": record.began,
        "model": record.model,
        "site": record.site.name,
        "client": record.client,
        "stream": record.stream,
        "outcome": record.outcome,
        "first_piece": record.first_piece,
        "seconds": record.seconds,
        "prompt_tokens": record.prompt_tokens,
        "completion_tokens": record.completion_tokens,
        "estimated": record.estimated,
    }
