"""Whether a session that comes from elsewhere, a file or a secret, can be one of a provider. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from toolkit.errors import SessionError
from toolkit.session import bearer_token
from toolkit.session.cookie_rules import validate_cookie
from toolkit.session.expiry import expiry
from toolkit.session.headers import is_browser_header, origin_of
from toolkit.session.hosts import restrict_to_hosts
from toolkit.session.recipe import example_name
from toolkit.session.value import BrowserSession

if TYPE_CHECKING:
    from toolkit.providers.base import Provider

HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")  # a token, RFC 9110 section 5.6.2
HEADER_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")  # what is no control character, and can be sent as UTF-8
SHOWN = 40  # letters of a name that nobody could have


def validate_session(
    session: BrowserSession, provider: Provider, source: str, *, now: float
) -> tuple[BrowserSession, list[str], list[str]]:
    """What of `session` belongs to `provider`, with its expiry; the hosts of what does not; and what a browser could
    not have or would not send with a call: "cookie NAME" or "header NAME".

    `source` is where the session is from, for the errors; `now` is in seconds since 1970. Raises `SessionError` for the
    session of another provider or site, and for one without what the recipe needs.
    """
    recipe, origin = provider.harvest, origin_of(provider.page)
    if session.provider not in ("", provider.name):
        raise SessionError(f"{source} holds a session of {session.provider}.", provider=provider.name)
    if session.origin not in ("", origin):
        raise SessionError(
            f"{source} holds a session of {session.origin}, not of {origin}.",
            provider=provider.name,
            hint="Name that deployment: `base_url`." if session.provider else None,
        )
    own, foreign = restrict_to_hosts(session, provider.hosts)
    own, unusable = _usable(own, recipe.headers, now)
    own = msgspec.structs.replace(own, provider=provider.name, origin=origin)
    wanted = bearer_token.missing_credentials(own, recipe, now=0)
    missing = [f"cookie like {example_name(one)}" for one in wanted]
    missing += [f"storage key {key}" for key in recipe.storage if key not in own.local_storage.get(origin, {})]
    if missing:
        has = ", ".join(dict.fromkeys([*(cookie.domain for cookie in own.cookies), *foreign]))
        raise SessionError(
            f"{source} has no login of {origin}{': what it has is of ' if has else ''}{has}.",
            provider=provider.name,
            hint=f"(looked for a {' and a '.join(missing)})",
        )
    return msgspec.structs.replace(own, expires_at=expiry(own, recipe)), foreign, unusable


def _usable(session: BrowserSession, headers: tuple[str, ...], now: float) -> tuple[BrowserSession, list[str]]:
    """`session` with the cookies that a browser can hold, and with the standing headers and those of `headers`; and
    what that leaves out."""
    held = [(cookie, validate_cookie(cookie, now)) for cookie in session.cookies]
    kept: dict[str, str] = {}
    unusable = [f"cookie {_shown(cookie.name)}" for cookie, usable in held if usable is None]
    for given, value in session.headers.items():
        name = given.lower()
        wanted = HEADER_NAME.fullmatch(name) and (is_browser_header(name) or name in headers)
        if wanted and HEADER_VALUE.fullmatch(value):
            kept.setdefault(name, value)
        else:
            unusable.append(f"header {_shown(name)}")
    cookies = tuple(usable for _, usable in held if usable is not None)
    return msgspec.structs.replace(session, cookies=cookies, headers=kept), unusable


def _shown(name: str) -> str:
    """A name without what may be a value in it."""
    return re.split("[=;:]", name)[0][:SHOWN] or "without a name"
