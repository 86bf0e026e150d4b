"""Notes on stderr about sessions in places that are easily overlooked: environment variables, and memory."""

from __future__ import annotations

import os
from collections.abc import Iterable

from toolkit.cli.status_line import notify
from toolkit.client.environment_session import variable_name
from toolkit.providers import registry
from toolkit.stores.base import Store
from toolkit.stores.memory import MemoryStore


def note_environment_sessions(providers: Iterable[str] | None = None, *, stored: bool = False) -> None:
    """Notes which variables hold a session of one of the `providers` (names; None for all).

    With `stored`, each note adds that the command is about the stored session instead.
    """
    prefix = "this is about the stored session; " if stored else ""
    for provider in registry.names() if providers is None else providers:
        for variable in session_variables(provider):
            notify(f"note: {prefix}{variable} is set: chat and check use that session")


def session_variables(provider: str) -> list[str]:
    """Returns the names of the variables that hold a session of `provider`, of any account."""
    default = variable_name(provider)
    return sorted(
        name for name in os.environ if os.environ[name] and (name == default or name.startswith(f"{default}_"))
    )


def note_memory_store(store: Store) -> None:
    """Notes, if `store` is in memory, that what was just stored is lost when the command ends."""
    if isinstance(store, MemoryStore):
        notify("note: nothing in memory outlasts this command: name another store (TOOLKIT_STORE, --store) to keep it")
