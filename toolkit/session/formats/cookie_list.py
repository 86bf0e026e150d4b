"""The JSON that extensions and drivers of browsers export: a list of cookies, also wrapped in an object. Pure, and only
read.

Extensions wrap their list with the page's address, the DevTools protocol and WebDriver in their answers
(`{"result": {"cookies": [...]}}`, `{"value": [...]}`).
"""

from __future__ import annotations

from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.json_cookies import read_cookies
from toolkit.session.formats.json_text import MEMBERS_THAT_TELL, decode
from toolkit.session.formats.parsed_session import ParsedSession


def detects(text: str) -> bool:
    if text.startswith("["):
        return True
    document = decode(text, dict)
    return not MEMBERS_THAT_TELL & document.keys() and _find_list(document) is not None


def read(text: str, provider: str, origin: str) -> ParsedSession:
    document = decode(text, list | dict)
    cookies, left_out = read_cookies(_find_list(document), origin)
    return ParsedSession(BrowserSession(provider=provider, origin=origin, cookies=cookies), tuple(left_out))


def _find_list(document: object) -> list[object] | None:
    """The list of cookies that `document` is or holds, in a member or in a member of one."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    for value in document.values():
        if isinstance(value, list) and any(isinstance(one, dict) and {"name", "value"} <= one.keys() for one in value):
            return value
        if isinstance(value, dict) and (found := _find_list(value)) is not None:
            return found
    return None
