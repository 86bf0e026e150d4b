"""Takes the session of a call from the requests of a foreign recording, as far as these show it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from toolkit.client.imported_session_validation import validate_session
from toolkit.errors import SessionError
from toolkit.har.model import Entry
from toolkit.providers.base import Provider
from toolkit.session.browser_headers import is_browser_header, origin_of
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats import har


def adopted_session(provider: Provider, entries: Sequence[Entry], call: Entry) -> tuple[BrowserSession, str]:
    """Returns the session that `call`, the first request of the call, was made with, and what it lacks, in words.

    It is what `entries` sent up to `call` and their answers set, and no more than what belongs to `provider`. Where
    that is no login, as of an export without cookies, it is what a browser tells every site.
    """
    before = [entry for entry in entries if entry.started <= call.started]
    origin = origin_of(provider.page)
    try:
        parsed = har.read(_document([*before, call]), provider.name, origin)
        moved = msgspec.structs.replace(parsed.session, origin=origin)
        parsed = msgspec.structs.replace(parsed, session=moved)
        validated = validate_session(parsed, provider, "The file", now=call.started.timestamp())
    except SessionError:
        headers = {
            pair.name.lower(): pair.value for pair in call.request.headers if is_browser_header(pair.name.lower())
        }
        lacks = "no login" if provider.needs_auth else ""
        return BrowserSession(provider=provider.name, origin=origin, headers=headers), lacks
    return validated.session, ""


def _document(entries: Sequence[Entry]) -> str:
    """Returns a HAR of what `toolkit.session.formats.har` reads of `entries`."""
    raw: list[dict[str, Any]] = [
        {
            "startedDateTime": entry.started,
            "request": {"url": entry.request.url, "headers": entry.request.headers},
            "response": {"headers": entry.response.headers},
        }
        for entry in entries
    ]
    return msgspec.json.encode({"log": {"entries": raw}}).decode()
