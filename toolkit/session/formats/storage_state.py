"""Playwright's storage state (https://playwright.dev/python/docs/api/class-browsercontext#browser-context-storage-state).

The fields of a session that it has no word for, such as the session storage, are in its member `_toolkit`, which
Playwright ignores. What it has that a session has no place for is left out, in words. Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.errors import SessionError
from toolkit.session.browser_headers import page_origin
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats.json_cookies import read_cookies
from toolkit.session.formats.json_text import VERSION, Versioned, check_version, decode, encode, malformed, members
from toolkit.session.formats.parsed_session import ParsedSession

TOOLKIT_MEMBER = "_toolkit"

# Members of a storage state, or of its origins, that a session has no place for, and why.
PASSKEYS = "passkeys (put back into a browser, they would switch the person's own authenticator off)"


class _Origin(msgspec.Struct):
    """The types of what is read of an origin; `localStorage` is a list of items, or an object in other programs."""

    origin: str
    items: list[dict[str, Any]] | dict[str, Any] | None = msgspec.field(name="localStorage", default=None)
    tab_items: list[dict[str, Any]] | dict[str, Any] | None = msgspec.field(name="sessionStorage", default=None)
    databases: list[dict[str, Any]] | None = msgspec.field(name="indexedDB", default=None)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<origin {self.origin}>"


class _State(msgspec.Struct):
    toolkit: Versioned | None = msgspec.field(name=TOOLKIT_MEMBER, default=None)


def detects(text: str) -> bool:
    if not text.startswith("{"):
        return False
    names = members(text)
    return "session" not in names and ("cookies" in names or "origins" in names)


def read(text: str, provider: str, origin: str) -> ParsedSession:
    toolkit_part = decode(text, _State).toolkit
    check_version(toolkit_part.version if toolkit_part is not None else VERSION)
    state: dict[str, Any] = decode(text, dict[str, Any])
    given = {"provider": provider, "origin": origin or _wrapped_origin(state), **(state.get(TOOLKIT_MEMBER) or {})}
    try:
        fields = msgspec.convert(given, BrowserSession)
    except msgspec.ValidationError as error:
        raise malformed(text, error, f"{TOOLKIT_MEMBER} of the storage state") from None
    cookies, left_out = read_cookies(state.get("cookies") or [], fields.origin)
    origins = _read_origins(state.get("origins"), left_out)
    if state.get("credentials"):
        left_out.append(PASSKEYS)
    local = {one.origin: _texts(one, "local storage", one.items, left_out) for one in origins}
    tab = {one.origin: _texts(one, "session storage", one.tab_items, left_out) for one in origins}
    databases = {one.origin: one.databases for one in origins if one.databases}
    session = msgspec.structs.replace(
        fields,
        cookies=cookies,
        local_storage={origin: items for origin, items in local.items() if items or origin not in databases},
        session_storage=fields.session_storage | {origin: items for origin, items in tab.items() if items},
        indexed_db=databases,
    )
    return ParsedSession(session, tuple(left_out))


def write(session: BrowserSession, page: str, now: float) -> str:
    fields = msgspec.to_builtins(session)
    del fields["cookies"], fields["local_storage"], fields["indexed_db"]
    return encode({**session.to_storage_state(), TOOLKIT_MEMBER: {"version": VERSION, **fields}})


def can_represent(cookie: Cookie, page: str, now: float) -> bool:
    return True


def _wrapped_origin(state: dict[str, Any]) -> str:
    """The origin of the page that an extension has exported the cookies of; "" if `state` names none."""
    url = state.get("url")
    return page_origin(url) if isinstance(url, str) else ""


def _read_origins(origins: object, left_out: list[str]) -> list[_Origin]:
    """Those of `origins`, the member of a storage state, that can be read. The others go to `left_out`."""
    if not isinstance(origins, list | None):
        raise SessionError("The storage state is malformed: its `origins` are no list.")
    read: list[_Origin] = []
    for number, raw in enumerate(origins or [], 1):
        try:
            read.append(msgspec.convert(raw, _Origin))
        except msgspec.ValidationError:
            left_out.append(f"origin {number} (it has another shape than those of a storage state)")
    return read


def _texts(
    origin: _Origin, what: str, items: list[dict[str, Any]] | dict[str, Any] | None, left_out: list[str]
) -> dict[str, str]:
    """The texts among `items`, which are those of a storage of `origin`. What is no text goes to `left_out`."""
    if isinstance(items, list):
        pairs = [(item.get("name"), item.get("value")) for item in items]
    else:
        pairs = list((items or {}).items())
    texts = {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}
    if len(texts) < len(pairs):
        left_out.append(f"items of the {what} of {origin.origin} (they are no texts)")
    return texts
