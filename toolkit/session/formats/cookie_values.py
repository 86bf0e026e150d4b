"""A JSON object of the names and values of cookies, as scripts keep them. Pure, and only read.

The cookies become host-only ones of the origin, as those of a `Cookie` header do.
"""

from __future__ import annotations

from toolkit.errors import SessionError
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.json_cookies import read_cookies
from toolkit.session.formats.json_text import MEMBERS_THAT_TELL, decode
from toolkit.session.formats.parsed_session import ParsedSession


def detects(text: str) -> bool:
    if not text.startswith("{"):
        return False
    values = decode(text, dict)
    is_flat = bool(values) and all(isinstance(value, str) for value in values.values())
    return is_flat and not MEMBERS_THAT_TELL & values.keys()


def read(text: str, provider: str, origin: str) -> ParsedSession:
    if not origin:
        raise SessionError("Names and values of cookies do not tell which site they are for.")
    cookies, left_out = read_cookies(decode(text, dict), origin)
    return ParsedSession(BrowserSession(provider=provider, origin=origin, cookies=cookies), tuple(left_out))
