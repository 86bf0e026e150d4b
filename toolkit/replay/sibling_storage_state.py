"""Makes the storage state of a sibling: a context that copies an open one into a replay. Pure.

A recording has placeholders where an open context has real secrets, and a replay has to send what was recorded. So the
cookies, storage items and databases of the recorded session, if there is one, replace those of the open context. And
an HttpOnly cookie that the recorded answers set is left out if the open context has another value of it, because its
pages would be those of another person (see `toolkit.replay.credential_matching`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.replay.credential_matching import CookiePairs


def sibling_state(
    state: Mapping[str, Any], recorded: Mapping[str, Any], http_only_cookies: CookiePairs
) -> dict[str, Any]:
    """The storage state of the sibling. `state` is that of the open context, `recorded` that of the recorded session,
    all in Playwright's form. `http_only_cookies` are the (name, value) pairs of the recorded HttpOnly cookies."""
    replacing = {_cookie_key(cookie): cookie for cookie in recorded.get("cookies", ())}
    names = {name for name, _ in http_only_cookies}
    remaining = [
        cookie
        for cookie in state.get("cookies", ())
        if _cookie_key(cookie) not in replacing
        and (cookie["name"] not in names or (cookie["name"], cookie["value"]) in http_only_cookies)
    ]
    origins: dict[str, dict[str, Any]] = {one["origin"]: dict(one) for one in state.get("origins", ())}
    for one in recorded.get("origins", ()):
        merged = origins.setdefault(one["origin"], {"origin": one["origin"], "localStorage": []})
        items = {item["name"]: item["value"] for item in (*merged["localStorage"], *one["localStorage"])}
        merged["localStorage"] = [{"name": name, "value": value} for name, value in items.items()]
        if "indexedDB" in one:
            merged["indexedDB"] = one["indexedDB"]
    return {"cookies": [*remaining, *replacing.values()], "origins": list(origins.values())}


def _cookie_key(cookie: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(cookie.get(part) for part in ("name", "domain", "path", "partitionKey"))
