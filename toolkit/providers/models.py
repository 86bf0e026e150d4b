"""Which models a site offers: asked there where it has a list, and remembered for a while.

Asking is a whole call like any other, made by the client: a session, its renewal, deadlines. Nothing here opens a
connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from toolkit.chats.stream import ChatStream
from toolkit.errors import BadRequest, ProtocolError

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.session.value import BrowserSession

CACHE_SECONDS = 3600.0  # seconds that a list is good for
NO_LIST = 404

Whose = tuple[object, ...]
Lists = dict[Whose, tuple[float, tuple[str, ...]]]  # until when on the monotonic clock, and the names
_cache: Lists = {}
_apart: WeakKeyDictionary[Transport, Lists] = WeakKeyDictionary()


class HasModels(Protocol):
    """What is asked here of a provider; see `Provider`."""

    name: ClassVar[str]
    site: str
    api: str
    known_models: ClassVar[tuple[str, ...]]

    @property
    def lists_models(self) -> bool: ...

    async def list_models(self, http: Transport) -> tuple[str, ...]: ...


class ModelsRequest(NamedTuple):
    """What a client is asked in place of a chat: its answer has one piece for each name. `refresh` is to ask the site,
    whatever is remembered."""

    refresh: bool = False


async def model_names(
    provider: HasModels, call: Callable[[ModelsRequest], ChatStream], *, refresh: bool = False
) -> tuple[str, ...]:
    """The names of the models of `provider`, by a `call` where its site has a list, else the known ones."""
    if not provider.lists_models:
        return provider.known_models
    return tuple([name async for name in call(ModelsRequest(refresh))])


async def cached_models(provider: HasModels, http: Transport, *, refresh: bool = False) -> tuple[str, ...]:
    """The names of the site's models, the first being its default; asked for once an hour at most, for each account,
    unless `refresh` says otherwise. A site that answers 404 has no list: those are the known ones, then.

    Raises whatever the call raises, and `ProtocolError` where the site offers no model at all.
    """
    whose, now = _whose(provider, http.session), time.monotonic()
    kept = _apart.setdefault(http, {}) if http.uncached else _cache
    until, found = kept.get(whose, (now, ()))
    if found and not refresh and now < until:
        return found
    try:
        found = tuple(dict.fromkeys(filter(None, await provider.list_models(http))))
    except BadRequest as error:
        if error.status != NO_LIST or not provider.known_models:
            raise
        found = provider.known_models
    if not found:
        raise ProtocolError("The site offers this account no model.", url=provider.api, hint="Ask whoever runs it.")
    for gone in [key for key, (end, _) in kept.items() if end <= now]:
        del kept[gone]
    kept[whose] = (now + CACHE_SECONDS, found)
    return found


def _whose(provider: HasModels, session: BrowserSession) -> Whose:
    """Whose list it is: of one login. One that was handed in tells no visit, and is known by its credentials."""
    stored = tuple((origin, *sorted(items.items())) for origin, items in sorted(session.local_storage.items()))
    own = session.harvested_at or hash((session.cookies, stored))
    return (provider.name, provider.site, session.account, own)
