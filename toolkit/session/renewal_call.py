"""The call by which a site renews a session without a browser: what is sent, and what its answer makes of the session.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from toolkit.errors import LoginRequired
from toolkit.session.browser_session import BrowserSession
from toolkit.session.expiry import expiry
from toolkit.session.json_paths import look_up
from toolkit.session.recipe import Harvest
from toolkit.session.recipe_tokens import Renew
from toolkit.session.stored_values import find_stored, replace_stored
from toolkit.session.tokens import replace_token

PLACEHOLDER = "{refresh_token}"


class RenewalCall(NamedTuple):
    """What is sent: `json` or `form` is the body, None for none."""

    method: str
    url: str
    json: Any
    form: dict[str, str] | None
    headers: dict[str, str]

    def __repr__(self) -> str:  # the body holds a refresh token
        return f"<RenewalCall {self.method}>"


def renewal_call(renew: Renew, site: str, session: BrowserSession) -> RenewalCall:
    """The call that renews `session` at `site`, the provider's address. Raises `LoginRequired` if the recipe needs a
    refresh token and the session has none."""
    refresh_token = ""
    if renew.refresh_token is not None:
        found = next(find_stored(session, renew.refresh_token), None)
        value = look_up(found.document, renew.refresh_token.path) if found is not None else None
        if not isinstance(value, str):
            raise LoginRequired(f"There is no refresh token in the {renew.refresh_token}.")
        refresh_token = value
    url = renew.path if "://" in renew.path else site + renew.path
    form: dict[str, str] = _filled(dict(renew.form), refresh_token)
    headers: dict[str, str] = _filled(dict(renew.headers), refresh_token)
    return RenewalCall(renew.method, url, _filled(dict(renew.json), refresh_token) or None, form or None, headers)


def apply_renewal(session: BrowserSession, recipe: Harvest, renew: Renew, answer: Any, now: float) -> BrowserSession:
    """`session`, which has the cookies of the answer already, with what `answer`, its decoded JSON, holds besides.

    `now` is in seconds since 1970. None stands for an answer that is not JSON.
    """
    before = session
    access, rotated, lasts = (look_up(answer, path) for path in (renew.access, renew.rotated, renew.lasts))
    if recipe.token is not None and isinstance(access, str):
        ends = now + lasts if isinstance(lasts, int | float) and not isinstance(lasts, bool) else None
        session = replace_token(session, recipe.token, access, ends)
    if renew.refresh_token is not None and isinstance(rotated, str):
        session = replace_stored(session, renew.refresh_token, rotated)
    changed_at = now if session != before else before.changed_at
    return msgspec.structs.replace(session, changed_at=changed_at, expires_at=expiry(session, recipe))


def _filled(template: Any, refresh_token: str) -> Any:
    """`template` with the refresh token in the place of its name."""
    if isinstance(template, str):
        return template.replace(PLACEHOLDER, refresh_token)
    if isinstance(template, Mapping):
        return {name: _filled(value, refresh_token) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [_filled(value, refresh_token) for value in template]
    return template
