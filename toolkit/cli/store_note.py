"""What is wrong with the store of a server that starts, or that there is nothing in it yet."""

from __future__ import annotations

from toolkit.errors import StoreError
from toolkit.stores.base import SharedStore, Store


async def store_note(store: Store, *, needs_sessions: bool) -> str | None:
    """The words for a `store` that cannot be used, or, where nothing is served without a session (`needs_sessions`),
    for one without any; None where all is well, and for a store of many servers, none of which waits for it in order to
    start. A session may be stored later."""
    if isinstance(store, SharedStore):
        return None
    try:
        sessions = await store.sessions()
    except StoreError as error:
        return f"note: {error}"
    if needs_sessions and not sessions:
        return "note: there are no sessions yet, so no model is served: `toolkit login PROVIDER` makes one"
    return None
