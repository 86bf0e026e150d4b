"""Notes about what is easily overlooked: sessions of the environment, and a store that forgets."""

from __future__ import annotations

import os
from collections.abc import Iterable

from toolkit.cli.terminal import notify
from toolkit.client.environment_session import variable_name
from toolkit.providers import registry
from toolkit.stores.base import Store
from toolkit.stores.memory import MemoryStore


def note_environment_sessions(names: Iterable[str] | None = None, *, stored: bool = False) -> None:
    """Say which variables hold a session of one of the providers `names`, all if None; with `stored`, that the command
    is about the stored one."""
    here = "this is about the stored session; " if stored else ""
    for name in registry.names() if names is None else names:
        for one in session_variables(name):
            notify(f"note: {here}{one} is set: chat and check use that session")


def session_variables(name: str) -> list[str]:
    """The variables that hold a session of the provider `name`, of whatever account."""
    own = variable_name(name)
    return sorted(one for one in os.environ if os.environ[one] and (one == own or one.startswith(f"{own}_")))


def note_memory_store(store: Store) -> None:
    """Say where what was just kept is gone in a moment."""
    if isinstance(store, MemoryStore):
        notify("note: nothing in memory outlasts this command: name another store (TOOLKIT_STORE, --store) to keep it")
