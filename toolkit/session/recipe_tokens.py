"""The parts of a recipe that are about tokens, as data: where the site's page keeps a value, which header it sends a
token in, and how the site renews one without a browser.

`toolkit.session.stored_values` reads and writes such values in a session, `toolkit.session.tokens` makes the headers,
and `toolkit.session.renewal_call` the call that renews.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

Place = Literal["cookie", "localstorage", "sessionstorage", "indexeddb"]


class StoredValue(msgspec.Struct, frozen=True, kw_only=True):
    """Where the site's page keeps a value.

    `key` is a regular expression that matches the whole name: that of a cookie, that of an item of the storage, or
    `DATABASE/STORE/KEY` of a record of IndexedDB. `path` is where the value is in the JSON that is stored there, names
    with dots between them, such as `stsTokenManager.accessToken`; without it, what is stored is the value itself.

    Raises `ValueError` for a place that there is not, and for a key that is no regular expression.
    """

    place: Place
    key: str
    path: str = ""

    def __post_init__(self) -> None:
        if self.place not in get_args(Place):
            raise ValueError(f"`place` is one of {', '.join(get_args(Place))}, not {self.place!r}")
        try:
            re.compile(self.key)
        except re.error as error:
            raise ValueError(f"`key` is a regular expression, and {self.key!r} is none: {error}") from None

    def __str__(self) -> str:
        """The place in words, as messages name it."""
        return f"{_PLACES[self.place]} {self.key}"


_PLACES: dict[str, str] = {
    "cookie": "cookie",
    "localstorage": "local storage, key",
    "sessionstorage": "session storage, key",
    "indexeddb": "IndexedDB, record",
}


class Token(StoredValue, frozen=True, kw_only=True):
    """A token that the site's page keeps, and sends in a header.

    `header` is its name, and `template` its value, in which `{token}` stands for the token. `expires` is the path of
    the token's end in the same JSON: in seconds or milliseconds since 1970, or as ISO 8601; without it, or where there
    is nothing, it is the `exp` of the token if that is a JWT (RFC 7519, section 4.1.4).

    `instead_of_cookies` is for sites that take the recipe's cookies or the token, and look at the token first though
    they renew only the cookies, as Open WebUI does: the token is then sent, and needed, only if a cookie is missing.
    """

    header: str = "authorization"
    template: str = "Bearer {token}"
    expires: str = ""
    instead_of_cookies: bool = False

    def __post_init__(self) -> None:
        StoredValue.__post_init__(self)
        if "{token}" not in self.template:
            raise ValueError("`template` of a token says where the token goes: {token}")


class Renew(msgspec.Struct, frozen=True):
    """The call by which a site renews a session without a browser.

    `path` is on the provider's site, or a whole URL for a site that has its tokens from elsewhere. The cookies that the
    answer sets become the session's, as with any call. `form` or `json` is the body, and `headers` are sent besides the
    page's own; in the texts of all of them `{refresh_token}` stands for the value at `refresh_token`, of which there
    then has to be one. In place of the session's token, which is not sent with such a call.

    Where the answer is JSON, `access` is the path in it of the recipe's new token, `rotated` that of the new refresh
    token, and `lasts` that of the token's life in seconds (the names of RFC 6749, section 5.1); what is there is stored
    where the old ones were, and what is not there stays.
    """

    method: str
    path: str
    form: Mapping[str, str] = {}
    json: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    refresh_token: StoredValue | None = None
    access: str = "access_token"
    rotated: str = "refresh_token"
    lasts: str = "expires_in"

    def __str__(self) -> str:
        """The method and the path, as messages name the call."""
        return f"{self.method} {self.path.partition('?')[0]}"
