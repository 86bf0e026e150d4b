"""Finds and replaces what a site's page keeps in a session's cookies and storage, by the place that a recipe names.

Records of IndexedDB are as Playwright's storage state has them: what is not JSON there, such as a date or `undefined`,
is in an encoding of Playwright's, in the members `keyEncoded` and `valueEncoded`. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.json_paths import look_up, put
from toolkit.session.recipe_tokens import StoredValue


class Found(NamedTuple):
    """One thing that a page keeps: its name as `StoredValue.key` matches it, and what is stored, text or JSON.

    `replace` gives the session with something else in its place. `expires` is when the browser drops it, in seconds
    since 1970.
    """

    name: str
    document: Any
    replace: Callable[[Any], BrowserSession]
    expires: float = math.inf


def find_stored(session: BrowserSession, where: StoredValue) -> Iterator[Found]:
    """What `session` has of the page's own origin at the place and under the key of `where`; of cookies, those of all
    of its hosts. What holds nothing at the path of `where` is left out."""
    for found in _FINDERS[where.place](session, re.compile(where.key)):
        if look_up(found.document, where.path) not in (None, ""):
            yield found


def replace_stored(session: BrowserSession, where: StoredValue, value: Any) -> BrowserSession:
    """`session` with `value` wherever it has one at `where`. What is kept there else stays as it is."""
    for found in list(find_stored(session, where)):
        # Looked up anew, since each replacement starts with what the one before has made of the session.
        current = next(one for one in find_stored(session, where) if one.name == found.name)
        session = current.replace(put(current.document, where.path, value))
    return session


def _cookies(session: BrowserSession, key: re.Pattern[str]) -> Iterator[Found]:
    for cookie in session.cookies:
        if key.fullmatch(cookie.name):
            expires = math.inf if cookie.expires is None else cookie.expires
            yield Found(cookie.name, unquote(cookie.value.strip('"')), _cookie_replacer(session, cookie), expires)


def _cookie_replacer(session: BrowserSession, cookie: Cookie) -> Callable[[Any], BrowserSession]:
    def replace(document: Any) -> BrowserSession:
        changed = msgspec.structs.replace(
            cookie, value=str(document), expires=None
        )  # the old one's is not the new one's
        cookies = tuple(changed if one == cookie else one for one in session.cookies)
        return msgspec.structs.replace(session, cookies=cookies)

    return replace


def _local_items(session: BrowserSession, key: re.Pattern[str]) -> Iterator[Found]:
    return _items(session, "local_storage", key)


def _session_items(session: BrowserSession, key: re.Pattern[str]) -> Iterator[Found]:
    return _items(session, "session_storage", key)


def _items(session: BrowserSession, field: str, key: re.Pattern[str]) -> Iterator[Found]:
    storage: dict[str, dict[str, str]] = getattr(session, field)
    for name, value in storage.get(session.origin, {}).items():
        if key.fullmatch(name):

            def replace(document: Any, name: str = name) -> BrowserSession:
                items = storage[session.origin] | {name: str(document)}
                return msgspec.structs.replace(session, **{field: storage | {session.origin: items}})

            yield Found(name, value, replace)


def _records(session: BrowserSession, key: re.Pattern[str]) -> Iterator[Found]:
    databases = session.indexed_db.get(session.origin, [])
    stores = ((database, store) for database in databases for store in objects_in(database, "stores"))
    for database, store, record in ((*where, record) for where in stores for record in objects_in(where[1], "records")):
        document = record["value"] if "value" in record else decode_value(record.get("valueEncoded"))
        name = f"{database.get('name')}/{store.get('name')}/{_record_key(store, record, document)}"
        if key.fullmatch(name):
            yield Found(name, document, _record_replacer(session, record))


def _record_key(store: dict[str, Any], record: dict[str, Any], document: Any) -> Any:
    """The key of a record: its own, or the part of its value that the store's `keyPath` names."""
    if isinstance(path := store.get("keyPath"), str):
        return look_up(document, path)
    return record["key"] if "key" in record else decode_value(record.get("keyEncoded"))


def _record_replacer(session: BrowserSession, record: dict[str, Any]) -> Callable[[Any], BrowserSession]:
    def replace(document: Any) -> BrowserSession:
        changed = {name: value for name, value in record.items() if name != "valueEncoded"} | {"value": document}
        databases = [
            database
            | {
                "stores": [
                    store | {"records": [changed if one is record else one for one in objects_in(store, "records")]}
                    for store in objects_in(database, "stores")
                ]
            }
            for database in session.indexed_db[session.origin]
        ]
        return msgspec.structs.replace(session, indexed_db=session.indexed_db | {session.origin: databases})

    return replace


_FINDERS: dict[str, Callable[[BrowserSession, re.Pattern[str]], Iterator[Found]]] = {
    "cookie": _cookies,
    "localstorage": _local_items,
    "sessionstorage": _session_items,
    "indexeddb": _records,
}


def objects_in(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list `holder[name]`: the stores of a database, the records of a store. What others have
    written may have anything there; what is no object is left out."""
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def decode_value(encoded: Any) -> Any:
    """What Playwright's encoding of a value holds that JSON can hold; None in place of everything else.

    Members that are `undefined` are left out, and a date is its text.
    """
    if isinstance(encoded, dict):
        if isinstance(members := encoded.get("o"), list):
            pairs = [(one.get("k"), one.get("v")) for one in members if isinstance(one, dict)]
            return {name: decode_value(value) for name, value in pairs if value != {"v": "undefined"}}
        if isinstance(items := encoded.get("a"), list):
            return [decode_value(item) for item in items]
        return encoded.get("d")
    return encoded
