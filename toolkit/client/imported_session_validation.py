"""Decides whether an imported session, from a file or an environment variable, belongs to a provider.

Nothing here reads files or the environment, or sends anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from toolkit.errors import SessionError
from toolkit.session.api_key import KEY, takes_keys
from toolkit.session.browser_headers import is_browser_header, origin_of
from toolkit.session.browser_session import BrowserSession
from toolkit.session.cookie_rules import validate_cookie
from toolkit.session.expiry import expiry
from toolkit.session.host_restriction import restrict_to_hosts
from toolkit.session.sites import Target
from toolkit.session.tokens import missing_credentials, store_token

if TYPE_CHECKING:
    from toolkit.providers.base import Provider
    from toolkit.session.formats.parsed_session import ParsedSession

HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")  # a token in lower case; RFC 9110, section 5.6.2
HEADER_VALUE = re.compile(
    r"[^\x00-\x1f\x7f\ud800-\udfff]*"
)  # no control characters, and nothing that UTF-8 cannot hold
MAX_SHOWN_NAME = 40  # characters of an unusable name that a message shows


class ValidatedSession(NamedTuple):
    """A session that belongs to a provider, and what was left out of the imported one.

    `foreign_hosts` are the hosts of cookies and storage of other sites. `unusable` lists what no browser could have or
    send, as "cookie NAME" or "header NAME". `unread` lists, in words, what could not be read or has no place.
    """

    session: BrowserSession
    foreign_hosts: list[str]
    unusable: list[str]
    unread: list[str]


def validate_session(parsed: ParsedSession, provider: Provider, source: str, *, now: float) -> ValidatedSession:
    """Return the part of the session in `parsed` that belongs to `provider`, and what was left out.

    `source` names where the session is from, for errors; `now` is in seconds since 1970. Raises `SessionError` if the
    session is of another provider or site, or lacks what the recipe needs.
    """
    recipe, origin, session = provider.harvest, origin_of(provider.page), parsed.session
    if session.provider not in ("", provider.name):
        raise SessionError(f"{source} holds a session of {session.provider}.", provider=provider.name)
    if session.origin not in ("", origin):
        raise SessionError(
            f"{source} holds a session of {session.origin}, not of {origin}.",
            provider=provider.name,
            hint="Name that deployment: `base_url`." if session.provider else None,
        )
    own, foreign = restrict_to_hosts(session, provider.hosts)
    wanted = {name: parsed.sent_headers[name] for name in recipe.headers if name in parsed.sent_headers}
    own = msgspec.structs.replace(own, headers=own.headers | wanted)
    own, unusable = _drop_unusable(own, recipe.headers, provider.page, now)
    if own.api_key is not None and not (takes_keys(recipe) and KEY.fullmatch(own.api_key)):
        own, unusable = msgspec.structs.replace(own, api_key=None), [*unusable, "API key"]
    own = msgspec.structs.replace(own, provider=provider.name, origin=origin)
    unread = list(parsed.left_out)
    if parsed.bearer is not None and recipe.token is not None:
        own = store_token(own, recipe.token, parsed.bearer)
    elif parsed.bearer is not None and "authorization" not in wanted:
        unread.append("a bearer token (the site's page has no place for one)")
    missing = missing_credentials(own, recipe, now=0)
    missing += [f"storage key {key}" for key in recipe.storage if key not in own.local_storage.get(origin, {})]
    if missing:
        left_out = [f"{name} (the site's page would not have or send it)" for name in unusable] + unread
        has = ", ".join(dict.fromkeys([*(cookie.domain for cookie in own.cookies), *foreign]))
        raise SessionError(
            f"{source} has no login of {origin}{'; its other cookies are of ' if has else ''}{has}.",
            provider=provider.name,
            hint=f"(looked for a {' and a '.join(missing)}{'; left out: ' if left_out else ''}{', '.join(left_out)})",
        )
    return ValidatedSession(msgspec.structs.replace(own, expires_at=expiry(own, recipe)), foreign, unusable, unread)


def _drop_unusable(
    session: BrowserSession, headers: tuple[str, ...], page: str, now: float
) -> tuple[BrowserSession, list[str]]:
    """Return `session` with the cookies that a browser can hold and `page` can have sent, its browser headers and those
    that `headers` names, and a list of what was dropped."""
    partitions = (None, Target.of(page).site)
    checked = [
        (cookie, validate_cookie(cookie, now) if cookie.partition_key in partitions else None)
        for cookie in session.cookies
    ]
    usable_headers: dict[str, str] = {}
    unusable = [f"cookie {_shorten_name(cookie.name)}" for cookie, usable in checked if usable is None]
    for original_name, value in session.headers.items():
        name = original_name.lower()
        wanted = HEADER_NAME.fullmatch(name) and (is_browser_header(name) or name in headers)
        if wanted and HEADER_VALUE.fullmatch(value):
            usable_headers.setdefault(name, value)
        else:
            unusable.append(f"header {_shorten_name(name)}")
    cookies = tuple(usable for _, usable in checked if usable is not None)
    return msgspec.structs.replace(session, cookies=cookies, headers=usable_headers), unusable


def _shorten_name(name: str) -> str:
    """Return the start of `name`, without what could be a value: the name may be a misread header line."""
    return re.split("[=;:]", name)[0][:MAX_SHOWN_NAME] or "without a name"
