"""What a site says about a refusal, as an error may repeat it: short, in one line, without credentials. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.errors import one_line
from toolkit.session.browser_session import HIDDEN, BrowserSession
from toolkit.streams.json_decoding import JSON_ERRORS

EXCERPT_LENGTH = 300  # characters

# The shortest values that count as credentials, in characters: shorter cookies are words such as `en`, and pages keep
# names and settings in their storage.
SHORTEST_COOKIE, SHORTEST_STORED = 6, 16

# The fields in which sites put the sentence that explains a refusal, the most specific first.
_EXPLAINING_FIELDS = ("message", "error", "detail", "msg")


def explanation(reason: str, body: bytes) -> str:
    """What a site says about its refusal, as `format_excerpt` writes it: the reason phrase and what the body adds.

    `reason` is the reason phrase of the status line. The body adds the sentence of a JSON document, or itself if it is
    plain text that says more than the phrase.
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        sentence = _sentence(msgspec.json.decode(body))
    except JSON_ERRORS:
        sentence = "" if text.startswith("<") or text.lower() in ("", "error") else text
    parts = [reason.strip(), sentence]
    return format_excerpt(": ".join(part for i, part in enumerate(parts) if part and part not in parts[:i]))


def _sentence(document: Any) -> str:
    """The sentence in a JSON document, or "". Validation errors are lists of {loc, msg, type}, as Open Assistant's."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(filter(None, map(_sentence, document)))
    if isinstance(document, dict):
        where = ".".join(str(part) for part in document.get("loc", ())) if isinstance(document.get("loc"), list) else ""
        for field in _EXPLAINING_FIELDS:
            if sentence := _sentence(document.get(field)):
                return f"{where}: {sentence}" if where else sentence
    return ""


def format_excerpt(text: str) -> str:
    """`text` in one line of at most `EXCERPT_LENGTH` characters.

    U+FFFD replaces characters that are not printable, such as those that would move a terminal's cursor.
    """
    beginning = " ".join(text[: 2 * EXCERPT_LENGTH].split())
    line = one_line(beginning)
    return line if len(line) <= EXCERPT_LENGTH else line[: EXCERPT_LENGTH - 1] + "…"


def redact_credentials(text: str, session: BrowserSession) -> str:
    """Remove the values of the session's cookies and local storage from text that a site echoed."""
    stored = (value for items in session.local_storage.values() for value in items.values())
    secrets = {cookie.value for cookie in session.cookies if len(cookie.value) >= SHORTEST_COOKIE}
    secrets |= {value for value in stored if len(value) >= SHORTEST_STORED}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
