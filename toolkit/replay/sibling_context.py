"""What an open context's sibling under replay begins with. Pure.

A recording knows secrets by placeholders only, an open context has the real ones. Who plays the recording has to have
what it was recorded with: so where the recording tells the session that its calls began with, that session's cookies
and items come in the place of the open context's; and a cookie that the recording's own answers set, out of reach of
scripts, is left out where it has a value of its own, because pages with it would be those of somebody else (see
`toolkit.replay.credentials`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.replay.credentials import CookiePairs


def sibling_state(state: Mapping[str, Any], began: Mapping[str, Any], http_only_cookies: CookiePairs) -> dict[str, Any]:
    """The storage state to begin with, all in Playwright's form: `state` is the open context's, `began` that of the
    recorded session. `http_only_cookies` are the recorded values of cookies that are out of reach of scripts."""
    placed = {_place(cookie): cookie for cookie in began.get("cookies", ())}
    names = {name for name, _ in http_only_cookies}
    kept = [
        cookie
        for cookie in state.get("cookies", ())
        if _place(cookie) not in placed
        and (cookie["name"] not in names or (cookie["name"], cookie["value"]) in http_only_cookies)
    ]
    origins: dict[str, dict[str, Any]] = {one["origin"]: dict(one) for one in state.get("origins", ())}
    for one in began.get("origins", ()):
        open_one = origins.setdefault(one["origin"], {"origin": one["origin"], "localStorage": []})
        items = {item["name"]: item["value"] for item in (*open_one["localStorage"], *one["localStorage"])}
        open_one["localStorage"] = [{"name": name, "value": value} for name, value in items.items()]
    return {"cookies": [*kept, *placed.values()], "origins": list(origins.values())}


def _place(cookie: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(cookie.get(part) for part in ("name", "domain", "path", "partitionKey"))
