"""Playwright's storage state (https://playwright.dev/python/docs/api/class-browsercontext#browser-context-storage-state).

The fields of a session that it has no word for are in its member `_toolkit`, which Playwright ignores: the session
storage, for example. Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.session.browser_session import BrowserSession, Cookie, SameSite
from toolkit.session.formats.json_text import VERSION, Versioned, check_version, decode, encode, malformed, members

TOOLKIT_MEMBER = "_toolkit"


class _Cookie(msgspec.Struct):
    """The types of a cookie's fields; `Cookie.from_playwright` reads their values."""

    name: str
    value: str
    domain: str
    path: str = "/"
    expires: float = -1
    http_only: bool = msgspec.field(name="httpOnly", default=False)
    secure: bool = False
    same_site: SameSite | None = msgspec.field(name="sameSite", default=None)
    partition_key: str | None = msgspec.field(name="partitionKey", default=None)
    ancestor: bool | None = msgspec.field(name="_crHasCrossSiteAncestor", default=None)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<cookie {self.name}>"


class _Item(msgspec.Struct):
    name: str
    value: str

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<item {self.name}>"


class _Origin(msgspec.Struct):
    origin: str
    items: list[_Item] = msgspec.field(name="localStorage", default_factory=list)
    databases: list[dict[str, Any]] = msgspec.field(name="indexedDB", default_factory=list)

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<origin {self.origin}>"


class _State(msgspec.Struct):
    cookies: list[_Cookie] = []
    origins: list[_Origin] = []
    toolkit: Versioned | None = msgspec.field(name=TOOLKIT_MEMBER, default=None)


def detects(text: str) -> bool:
    if not text.startswith("{"):
        return False
    names = members(text)
    return "session" not in names and ("cookies" in names or "origins" in names)


def read(text: str, provider: str, origin: str) -> BrowserSession:
    toolkit_part = decode(text, _State).toolkit
    check_version(toolkit_part.version if toolkit_part is not None else VERSION)
    state: dict[str, Any] = msgspec.json.decode(text)
    given = {"provider": provider, "origin": origin, **(state.get(TOOLKIT_MEMBER) or {})}
    try:
        fields = msgspec.convert(given, BrowserSession)
    except msgspec.ValidationError as error:
        raise malformed(text, error, f"{TOOLKIT_MEMBER} of the storage state") from None
    playwright_part = BrowserSession.from_storage_state(fields.provider, fields.origin, state)
    return msgspec.structs.replace(
        fields,
        cookies=playwright_part.cookies,
        local_storage=playwright_part.local_storage,
        indexed_db=playwright_part.indexed_db,
    )


def write(session: BrowserSession, page: str, now: float) -> str:
    fields = msgspec.to_builtins(session)
    del fields["cookies"], fields["local_storage"], fields["indexed_db"]
    return encode({**session.to_storage_state(), TOOLKIT_MEMBER: {"version": VERSION, **fields}})


def can_represent(cookie: Cookie, page: str, now: float) -> bool:
    return True
