"""The values of a session that must not be shown, as a site may repeat them: whole, or what is in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from toolkit.session.browser_headers import is_browser_header
from toolkit.session.browser_session import BrowserSession

# The shortest values that count as credentials, in characters: shorter cookies are words such as `en`, and pages keep
# names and settings in their storage.
SHORTEST_COOKIE, SHORTEST_STORED = 6, 16
LONGEST_JSON = 1 << 20  # characters; a longer document is a cache
# The schemes of credentials in headers (RFC 9110, section 11.4), which are no part of the secret.
SCHEMES = ("bearer ", "basic ", "token ", "dpop ")


def secret_values(session: BrowserSession, headers: Mapping[str, str]) -> set[str]:
    """The API key of the session, the values of its cookies, storage, own headers and proxy password, and of a
    request's `headers`.

    Values that a site stores encoded or within JSON are also given as what they decode to.
    """
    found: set[str] = {session.api_key} if session.api_key else set()
    for cookie in session.cookies:
        found |= {text for text in _inside(cookie.value.strip('"')) if len(text) >= SHORTEST_COOKIE}
    storages = (*session.local_storage.values(), *session.session_storage.values())
    stored = [value for items in storages for value in items.values()]
    stored += _words(session.indexed_db)
    own = (value for name, value in session.headers.items() if not is_browser_header(name))
    for value in (*stored, *map(_without_scheme, (*own, *headers.values()))):
        found |= {text for text in _inside(value) if len(text) >= SHORTEST_STORED}
    if session.proxy and (password := urlsplit(session.proxy).password):
        found.add(unquote(password))
    return found


def _inside(value: str) -> Iterator[str]:
    """`value`, what it decodes to, and the words in it where that is JSON."""
    yield value
    plain = unquote(value) if "%" in value else value
    if plain != value:
        yield plain
    if plain.startswith(("{", "[", '"')) and len(plain) <= LONGEST_JSON:
        try:
            yield from _words(json.loads(plain))
        except (ValueError, RecursionError):
            return


def _words(document: Any) -> Iterator[str]:
    """The strings of a JSON document that are one long word, as tokens are."""
    todo = [document]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            if len(node) >= SHORTEST_STORED and not node.startswith("http") and not any(map(str.isspace, node)):
                yield node
        elif isinstance(node, dict | list):
            todo += node.values() if isinstance(node, dict) else node


def _without_scheme(value: str) -> str:
    return value.partition(" ")[2] if value.lower().startswith(SCHEMES) else value
