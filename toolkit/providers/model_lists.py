"""Lists the models that a site offers, and caches the lists.

To ask a site for its list is a whole call, made by the client: with a session, its renewal, deadlines. Nothing here
opens a connection.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from toolkit.chats.stream import ChatStream
from toolkit.errors import BadRequest, ProtocolError
from toolkit.session.browser_session import STORAGES

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.session.browser_session import BrowserSession

log = logging.getLogger("toolkit")

CACHE_SECONDS = 3600.0  # how long a list is cached
NO_LIST = 404

CacheKey = tuple[object, ...]
ModelCache = dict[CacheKey, tuple[float, tuple[str, ...]]]  # the end on the monotonic clock, and the names
_cache: ModelCache = {}
_transport_caches: WeakKeyDictionary[Transport, ModelCache] = WeakKeyDictionary()  # of transports that share no lists


class HasModels(Protocol):
    """The part of `Provider` that is used here."""

    name: ClassVar[str]
    site: str
    api: str
    known_models: ClassVar[tuple[str, ...]]

    @property
    def lists_models(self) -> bool: ...

    async def list_models(self, http: Transport) -> tuple[str, ...]: ...


class ModelsRequest(NamedTuple):
    """A request for the list of models, which a client takes in place of a chat. The answer has one piece for each
    name. `refresh` asks the site even if a list is cached."""

    refresh: bool = False


async def model_names(
    provider: HasModels, call: Callable[[ModelsRequest], ChatStream], *, refresh: bool = False
) -> tuple[str, ...]:
    """The names of the models of `provider`: asked by `call` if its site has a list, else its `known_models`.

    Raises what the call raises.
    """
    if not provider.lists_models:
        return provider.known_models
    return tuple([name async for name in call(ModelsRequest(refresh))])


async def cached_models(provider: HasModels, http: Transport, *, refresh: bool = False) -> tuple[str, ...]:
    """The names of the site's models, its default first. The site is asked at most once an hour for each login, or
    always with `refresh`. If it answers 404, it has no list, and the names are the `known_models`.

    Raises what the request raises, and `ProtocolError` if the site offers no model.
    """
    key, now = _cache_key(provider, http.session), time.monotonic()
    cache = _transport_caches.setdefault(http, {}) if http.uncached else _cache
    until, names = cache.get(key, (now, ()))
    if names and not refresh and now < until:
        log.debug("the models of %s are from the cache", provider.name)
        return names
    log.debug("the models of %s are asked at its site", provider.name)
    try:
        names = tuple(dict.fromkeys(filter(None, await provider.list_models(http))))
    except BadRequest as error:
        if error.status != NO_LIST or not provider.known_models:
            raise
        names = provider.known_models
    if not names:
        raise ProtocolError("The site offers this account no model.", url=provider.api, hint="Ask whoever runs it.")
    for expired in [other for other, (end, _) in cache.items() if end <= now]:
        del cache[expired]
    cache[key] = (now + CACHE_SECONDS, names)
    return names


def _cache_key(provider: HasModels, session: BrowserSession) -> CacheKey:
    """What a cached list belongs to: one login at one site. The login is identified by the time of its harvest, or, for
    a session that no visit has made, by its credentials."""
    storage = repr([sorted(getattr(session, field).items()) for field in STORAGES])
    login = session.harvested_at or hash((session.cookies, storage, session.api_key))
    return (provider.name, provider.site, session.account, login)
