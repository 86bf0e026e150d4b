"""Takes values out of a site's answers, for providers that send them again: ids, tokens, names of models. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toolkit.errors import ProtocolError, SessionExpired
from toolkit.http.gate_answers import is_html
from toolkit.http.login_words import looks_like_login
from toolkit.providers.dialects.frames import value_at
from toolkit.session.browser_session import BrowserSession

PASSWORD = re.compile(r"<input[^>]*\btype=[\"']?password", re.IGNORECASE)


def value_in(document: Any, path: str) -> Any:
    """The text or the number at `path` of a JSON document: names and indexes with dots between them, `data.0.id`.

    Raises `ProtocolError` where there is none.
    """
    found = value_at(document, *_keys(path))
    if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
        raise ProtocolError(f"The site's answer has nothing at {path}.")
    return found


def names_in(document: Any, path: str) -> tuple[str, ...]:
    """The texts at `path` of a JSON document, in which `[]` stands for each item of a list: `data.[].id`.

    Raises `ProtocolError` where there is no such list, or nothing in it.
    """
    before, _, after = path.partition("[]")
    listed = value_at(document, *_keys(before.strip(".")))
    if isinstance(listed, list):
        found = [value_at(item, *_keys(after.strip("."))) for item in listed]
        if names := tuple(name for name in found if isinstance(name, str) and name):
            return names
    raise ProtocolError(f"The site's answer has no names at {path}.")


def match_in(text: str, pattern: str, what: str) -> str:
    """The first group of the regular expression `pattern` in `text`. `what` is the name of the value, for errors.

    Raises `SessionExpired` without a match where `text` is a page to log in at, else `ProtocolError`.
    """
    if (match := re.search(pattern, text)) is not None:
        return match[1]
    if looks_like_login(text.encode()):
        raise SessionExpired(f"The site answered with a page to log in at, where {what} was due.")
    raise ProtocolError(f"The site's answer has no {what} where its page finds it.")


def page_in(body: bytes) -> str:
    """The text of a page. Raises `SessionExpired` for one to log in at, which has a field for a password, and
    `ProtocolError` for an empty one."""
    text = body.decode(errors="replace")
    if PASSWORD.search(text):
        raise SessionExpired("The site answered with a page to log in at.")
    if not text.strip():
        raise ProtocolError("The site's page is empty.")
    return text


def header_in(headers: Mapping[str, str], name: str) -> str:
    """The header `name` of an answer. Raises `SessionExpired` where a page comes without it, as that to log in at does,
    and `ProtocolError` where another answer does."""
    if found := headers.get(name):
        return found
    if is_html(headers):
        raise SessionExpired(f"The site answered with a web page, where the header {name} was due.")
    raise ProtocolError(f"The site's answer has no header {name}.")


def cookie_in(session: BrowserSession, name: str) -> str:
    """The value of the session's cookie `name`. Raises `SessionExpired` where there is none."""
    for cookie in session.cookies:
        if cookie.name == name:
            return cookie.value
    raise SessionExpired(f"The session has no cookie {name}, which the call sends again.")


def _keys(path: str) -> list[str | int]:
    return [int(key) if key.lstrip("-").isdecimal() else key for key in path.split(".") if key]
