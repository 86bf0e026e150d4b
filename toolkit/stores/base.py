"""The protocol that every store of sessions follows. Each store has a file of its own beside this one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from toolkit.session.browser_session import BrowserSession

Purpose = Literal["harvest", "call", "write"]
"""What a lock is for: visiting the site with a browser, making a call where the provider takes only one at a time, or
changing the stored session."""


class Key(NamedTuple):
    """Identifies a session: the provider's name, the deployment (an origin) and which of the person's accounts it
    is."""

    provider: str
    origin: str
    account: str = "default"


class Store(Protocol):
    """Stores sessions. All methods raise `StoreError` if the place itself cannot be used."""

    async def load(self, key: Key) -> BrowserSession | None:
        """Return the session of `key`, even an expired one; None if there is none."""
        ...

    async def save(self, key: Key, session: BrowserSession) -> None:
        """Store `session`, whole or not at all, in place of an earlier one.

        An earlier one that this version or passphrase cannot read is not overwritten: it raises `StoreError`. A corrupt
        one is set aside, with a warning in the log.
        """
        ...

    async def delete(self, key: Key) -> bool:
        """Delete the session of `key`. Returns whether there was one."""
        ...

    async def sessions(self) -> dict[Key, BrowserSession]:
        """Return all stored sessions by their keys."""
        ...

    def lock(self, key: Key, purpose: Purpose, seconds: float | None = None) -> AbstractAsyncContextManager[None]:
        """Return a lock that only one task holds at a time, among all tasks and processes (with Redis, also machines)
        that use this store.

        It waits at most `seconds` (None: for ever), then raises the builtin `TimeoutError`. The lock of a dead process
        becomes free. It is not reentrant: a holder that asks for the same lock again waits for itself.
        """
        ...


@runtime_checkable
class CheckedStore(Protocol):
    """A store that can tell beforehand whether a session can be saved, which is asked before a person logs in. A store
    need not be one."""

    async def check_writable(self) -> None:
        """Raise `StoreError` if no session could be saved now. Nothing that is stored changes."""
        ...


@runtime_checkable
class SharedStore(Protocol):
    """A store that many machines share, and more than sessions. A store need not be one.

    A lock goes to the one who has waited longest, on whichever machine.
    """

    def lock_in_line(
        self,
        key: Key,
        purpose: Purpose,
        seconds: float | None = None,
        *,
        on_place: Callable[[int, int], None],
        on_lost: Callable[[], None],
    ) -> AbstractAsyncContextManager[None]:
        """As `Store.lock`. While it is waited for, `on_place` is told the place in the line (1 is next), and how many
        stand there. `on_lost` is called where somebody else may hold the lock by now: this process has stood still for
        too long, or the store has not answered for too long, or has lost what it had."""
        ...

    async def pause(self, key: Key, model: str, seconds: float) -> None:
        """Note for all that the site wants no call of the account `key` for `model` for so long. Raises
        `StoreError`."""
        ...

    async def pause_left(self, key: Key, model: str) -> float:
        """Return for how many seconds that still holds; 0 where nothing is noted. Raises `StoreError`."""
        ...
