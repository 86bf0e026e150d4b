"""Says at the start of `toolkit serve` what is wrong with its store, or that there is nothing in it yet."""

from __future__ import annotations

from toolkit.cli.status_line import notify
from toolkit.errors import StoreError
from toolkit.stores.base import Store


async def tell_of_store(store: Store, *, needs_sessions: bool) -> None:
    """Tell that `store` cannot be used, and, where nothing is served without a session (`needs_sessions`), that there
    is none. The server runs all the same: a store may come back, and a session may be stored later."""
    try:
        sessions = await store.sessions()
    except StoreError as error:
        notify(f"note: {error}")
        return
    if needs_sessions and not sessions:
        notify("note: there are no sessions yet, so no model is served: `toolkit login PROVIDER` makes one")
