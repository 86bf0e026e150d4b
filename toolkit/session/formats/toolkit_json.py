"""The toolkit's own JSON: a version and the session with every field. Pure."""

from __future__ import annotations

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats.json_text import Versioned, check_version, decode, encode, members
from toolkit.session.formats.parsed_session import ParsedSession


class _Document(Versioned, kw_only=True):
    session: BrowserSession


def detects(text: str) -> bool:
    return text.startswith("{") and "session" in members(text)


def read(text: str, provider: str, origin: str) -> ParsedSession:
    check_version(decode(text, Versioned).version)
    return ParsedSession(decode(text, _Document).session)


def write(session: BrowserSession, page: str, now: float) -> str:
    return encode(_Document(session=session))


def can_represent(cookie: Cookie, page: str, now: float) -> bool:
    return True
