"""Keeps a pause that a site asks for: until it is over, the site is not called for that account and model.

Where the store is shared, servers on all machines keep it, whichever of them was asked to.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from toolkit.errors import RateLimited, StoreError
from toolkit.gateway.served import session_key
from toolkit.gateway.served_models import ServedModel
from toolkit.stores.base import SharedStore, Store

LONGEST_SECONDS = 3600.0  # after which a site is asked again, whatever it has said
KEPT = 1_000  # pauses in memory, of which all but a few are over

log = logging.getLogger("toolkit")


class SitePauses:
    """The pauses that one server keeps, and shares by `store` where that is a `SharedStore`."""

    def __init__(self, store: Store) -> None:
        self._store = store if isinstance(store, SharedStore) else None
        self._ends: dict[ServedModel, float] = {}  # in seconds of `time.monotonic`

    def kept(self, model: ServedModel) -> _Kept:
        """For `async with`, around a call of `model`. Raises `RateLimited` at once where a pause is not over, and
        `StoreError`; one that the call itself raises is noted."""
        return _Kept(self, model)

    async def check(self, model: ServedModel) -> None:
        """Raise `RateLimited` where a pause is not over, and `StoreError`."""
        if (left := await self._left(model)) > 0:
            error = RateLimited(f"{model.site.name} has asked to be left alone for a while.")
            error.status, error.reason = 429, "Too Many Requests"
            error.ask_to_wait(left)
            raise error

    async def note(self, model: ServedModel, error: RateLimited) -> None:
        """Note the pause that a call of `model` was told to keep, if it was told one."""
        if error.retry_after:
            await self._note(model, min(error.retry_after, LONGEST_SECONDS))

    async def _left(self, model: ServedModel) -> float:
        own = self._ends.get(model, 0.0) - time.monotonic()
        if own > 0 or self._store is None:
            return own
        return await self._store.pause_left(session_key(model.site), model.model or "")

    async def _note(self, model: ServedModel, seconds: float) -> None:
        now = time.monotonic()
        if len(self._ends) >= KEPT:
            self._ends = {one: end for one, end in self._ends.items() if end > now}
        self._ends[model] = now + seconds
        if self._store is not None:
            try:
                await self._store.pause(session_key(model.site), model.model or "", seconds)
            except StoreError as error:
                log.warning("Other servers do not know that %s wants a pause: %s", model.site.name, error)


class _Kept(NamedTuple):
    """See `SitePauses.kept`. No generator, as `site_clients` says."""

    pauses: SitePauses
    model: ServedModel

    async def __aenter__(self) -> None:
        await self.pauses.check(self.model)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, RateLimited):
            await self.pauses.note(self.model, error)
