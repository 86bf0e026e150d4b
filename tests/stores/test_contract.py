"""What every store does, wherever it keeps its sessions, sealed or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from tests.stores.sessions import ORIGIN, SECRET, key, session
from toolkit.session.browser_session import Cookie
from toolkit.stores.base import CheckedStore, Key, Store

Opened = Callable[[], Store]


async def test_what_is_saved_is_loaded(opened: Opened) -> None:
    """A store gives back every field, replaces what was there, and forgets once; another client sees it the same."""
    store, other = opened(), opened()
    assert await store.load(key()) is None
    assert await store.sessions() == {}
    await store.save(key(), session())
    assert await other.load(key()) == session()
    await other.save(key(), session(expires_at=5.5))
    assert await store.sessions() == {key(): session(expires_at=5.5)}
    assert await store.delete(key())
    assert not await other.delete(key())
    assert await store.load(key()) is None


async def test_a_string_that_is_not_utf_8_is_kept(opened: Opened) -> None:
    """A cookie's bytes are the site's choice, and JavaScript's strings may hold half a character: all comes back."""
    odd = session(
        cookies=(Cookie(name="name", value="Andr\udce9 \U0001f600 \\ud83d", domain="chat.example.org"),),
        local_storage={ORIGIN: {"half": "\ud83d", "whole": "\U0001f600"}},
    )
    for one in (key(), key("Andr\udce9")):
        await opened().save(one, odd)
        assert await opened().load(one) == odd
    assert set(await opened().sessions()) == {key(), key("Andr\udce9")}


async def test_every_key_has_its_own_session(opened: Opened) -> None:
    """Accounts, sites and providers are told apart, also where their names run into each other."""
    keys = [
        *(key(account) for account in ("", "ada", "Ada", "ада", 'a"b', "a:b", "*", "../x", "x" * 300)),
        *(Key("a", "b--c", "d"), Key("a", "b", "c--d"), Key("a--b", "c", "d"), Key("", "a", "b")),
    ]
    for number, one in enumerate(keys):
        await opened().save(one, session(str(number)))
    expected = {one: session(str(number)) for number, one in enumerate(keys)}
    assert await opened().sessions() == expected
    assert {one: await opened().load(one) for one in keys} == expected


async def test_trying_to_write_changes_nothing(opened: Opened) -> None:
    """A store that can be asked whether it takes a session says so, and has nothing more in it afterwards."""
    await opened().save(key(), session())
    store = opened()
    if isinstance(store, CheckedStore):
        await store.check_writable()
    assert await opened().sessions() == {key(): session()}


async def test_a_lock_is_held_by_one(opened: Opened) -> None:
    """Of many tasks, each with a store of its own, one at a time is inside, and all get in."""
    inside, most, entered = 0, 0, 0

    async def enter() -> None:
        nonlocal inside, most, entered
        async with opened().lock(key(), "harvest"):
            inside, entered = inside + 1, entered + 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(12)))
    assert (most, entered) == (1, 12)


async def test_no_change_under_a_lock_is_lost(opened: Opened) -> None:
    """Many read, change and save at once: every change is there at the end."""

    async def change() -> None:
        store = opened()
        async with store.lock(key(), "write"):
            before = await store.load(key()) or session()
            await store.save(key(), session(harvested_at=before.harvested_at + 1))

    await asyncio.gather(*(change() for _ in range(12)))
    after = await opened().load(key())
    assert after is not None
    assert after.harvested_at == 12


async def test_a_lock_is_of_one_key_and_purpose(opened: Opened) -> None:
    """Who holds one for a harvest keeps nobody from writing, nor from another account; loading needs none."""
    store = opened()
    await store.save(key(), session())
    async with (
        store.lock(key(), "harvest", 0),
        store.lock(key(), "call", 0),
        store.lock(key(), "write", 0),
        store.lock(key("ada"), "harvest", 0),
    ):
        assert await opened().load(key()) == session()


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_waiting_ends(opened: Opened, seconds: float) -> None:
    """A lock that is not free in time is a `TimeoutError`, which shows nothing secret; later it is free again."""
    async with opened().lock(key(), "call"):
        with pytest.raises(TimeoutError) as caught:
            async with opened().lock(key(), "call", seconds):
                pytest.fail("two hold it")
    assert SECRET not in repr(caught.value)
    async with opened().lock(key(), "call", 0):
        pass


async def test_a_failure_inside_frees_the_lock(opened: Opened) -> None:
    """What is raised inside comes out as it is, a `TimeoutError` too, and the lock is free."""
    for error in (KeyError("mine"), TimeoutError("mine"), OSError("mine")):
        with pytest.raises(type(error)) as caught:
            async with opened().lock(key(), "write"):
                raise error
        assert caught.value is error
    async with opened().lock(key(), "write", 0):
        pass


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "free"])
async def test_who_is_cancelled_holds_nothing(opened: Opened, busy: bool) -> None:
    """Wherever it is cancelled, waiting, taking or leaving, the lock is free right after."""

    async def enter() -> None:
        async with opened().lock(key(), "harvest"):
            await asyncio.sleep(0)

    for steps in range(40):
        if busy:
            async with opened().lock(key(), "harvest"):
                await cancelled(enter(), steps)
        else:
            await cancelled(enter(), steps)
        async with opened().lock(key(), "harvest", 0):
            pass


async def cancelled(work: Coroutine[None, None, None], steps: int) -> None:
    """Do `work` for so many turns of the event loop, then cancel it."""
    task = asyncio.create_task(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


async def test_nothing_secret_is_shown(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the store, nor what it holds, nor the log of all loggers shows a cookie, a token or a password."""
    caplog.set_level(0)
    store = opened()
    async with store.lock(key(), "write"):
        await store.save(key(), session())
    for shown in (store, await store.load(key()), await store.sessions(), key()):
        assert SECRET not in repr(shown)
    assert SECRET not in caplog.text
    assert ORIGIN in repr(key())
