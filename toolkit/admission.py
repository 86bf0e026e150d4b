"""Whether a session that comes from elsewhere, a file or a secret, can be one of a provider. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toolkit.errors import SessionError
from toolkit.expiry import expiry
from toolkit.headers import origin_of
from toolkit.interchange import own_part
from toolkit.recipe import readable
from toolkit.session import BrowserSession

if TYPE_CHECKING:
    from toolkit.providers.base import Provider


def admitted(session: BrowserSession, provider: Provider, source: str) -> tuple[BrowserSession, list[str]]:
    """What of `session` belongs to `provider`, with its expiry; and the hosts of what does not.

    `source` is where the session is from, for the errors. Raises `SessionError` for the session of another provider or
    site, and for one without what the recipe needs.
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
    own, foreign = own_part(session, provider.hosts)
    own = msgspec.structs.replace(own, provider=provider.name, origin=origin)
    wanted = recipe.missing_cookies(cookie.name for cookie in own.cookies)
    missing = [f"cookie like {readable(one)}" for one in wanted]
    missing += [f"storage key {key}" for key in recipe.storage if key not in own.local_storage.get(origin, {})]
    if missing:
        has = ", ".join(dict.fromkeys([*(cookie.domain for cookie in own.cookies), *foreign]))
        raise SessionError(
            f"{source} has no login of {origin}{': what it has is of ' if has else ''}{has}.",
            provider=provider.name,
            hint=f"(looked for a {' and a '.join(missing)})",
        )
    return msgspec.structs.replace(own, expires_at=expiry(own, recipe)), foreign
