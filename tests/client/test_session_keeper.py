"""A session is shared: taken up from others, renewed by one of all, and never replaced by something worse."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from toolkit.client.client import Client
from toolkit.client.session_keeper import SessionKeeper, Visit
from toolkit.errors import BrowserMissing, DriverFailed, HarvestFailed, LoginRequired, SessionExpired, StoreError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest
from toolkit.stores.base import Key, Store
from toolkit.stores.file import FileStore
from toolkit.stores.memory import MemoryStore

KEY = Key("place", "https://chat.example")
RECIPE = Harvest(cookies=("sid",))


def session(sid: str, *, at: float = 1.0, expires: float | None = None) -> BrowserSession:
    """One of the visit `at`, whose cookie says which it is."""
    cookie = Cookie(name="sid", value=sid, domain="chat.example", expires=expires)
    return BrowserSession(
        provider=KEY.provider, origin=KEY.origin, cookies=(cookie,), harvested_at=at, expires_at=expires
    )


def sid(of: BrowserSession | None) -> str | None:
    return of.cookies[0].value if of is not None and of.cookies else None


class Site:
    """Where visits go to. Each leaves a session of its own; `on_visit` is called in the middle of it."""

    def __init__(self, on_visit: Callable[[], object] | None = None) -> None:
        self.visits: list[str | None] = []
        self.refusal: Exception | None = None
        self._on_visit = on_visit

    async def visit(self, previous: BrowserSession | None) -> BrowserSession:
        self.visits.append(sid(previous))
        await asyncio.sleep(0)
        if self._on_visit is not None and asyncio.iscoroutine(waiting := self._on_visit()):
            await waiting
        if self.refusal is not None:
            raise self.refusal
        return session(f"visit {len(self.visits)}", at=10.0 + len(self.visits))


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "sessions")


def keeper(visit: Visit, store: Store | None = None, given: BrowserSession | None = None) -> SessionKeeper:
    return SessionKeeper(KEY, RECIPE, visit, store=store, given=given)


async def test_a_stored_session_is_used_and_one_that_ends_is_not(store: Store) -> None:
    """No visit for a good one; for one that is past its end, a visit that begins with it."""
    site = Site()
    await store.save(KEY, session("stored", at=time.time(), expires=time.time() + 3600))
    assert await keeper(site.visit, store).acquire() == (await store.load(KEY), False)
    await store.save(KEY, session("old", expires=time.time() + 1))
    found, fresh = await keeper(site.visit, store).acquire()
    assert (sid(found), fresh, site.visits) == ("visit 1", True, ["old"])
    assert sid(await store.load(KEY)) == "visit 1"


async def test_of_many_who_need_one_one_visits(store: Store) -> None:
    """Keepers of their own, as in other processes: the others wait, and get what the visit has left."""
    site = Site()
    found = await asyncio.gather(*(keeper(site.visit, store).acquire() for _ in range(20)))
    assert {sid(one) for one, _ in found} == {"visit 1"}
    assert [fresh for _, fresh in found].count(True) == 1
    assert len(site.visits) == 1


async def test_of_many_who_are_refused_one_visits(store: Store) -> None:
    """Of one keeper's calls, and of several keepers, that all had the same session."""
    site = Site()
    await store.save(KEY, session("stored"))
    keepers = [keeper(site.visit, store) for _ in range(3)]
    refused = [(await one.acquire())[0] for one in keepers]
    renewed = await asyncio.gather(
        *(one.renew(old) for one, old in zip(keepers, refused, strict=True) for _ in range(4))
    )
    assert ({sid(one) for one in renewed}, site.visits) == ({"visit 1"}, ["stored"])


async def test_another_keepers_renewal_is_taken_up(store: Store) -> None:
    """At the next call, and instead of a visit where the session that was refused is no longer the stored one."""
    site = Site()
    await store.save(KEY, session("first"))
    mine = keeper(site.visit, store)
    first, _ = await mine.acquire()
    await store.save(KEY, msgspec.structs.replace(session("rotated"), changed_at=5.0))
    assert sid(await mine.renew(first)) == "rotated"
    await store.save(KEY, session("elsewhere", at=9.0))
    assert sid((await mine.acquire())[0]) == "elsewhere"
    assert site.visits == []


async def test_calls_that_ask_at_once_share_a_reading() -> None:
    """Of the store: none that began before one of them has asked, so that what was stored before that is found."""

    class Counting(MemoryStore):
        loads = 0

        async def load(self, key: Key) -> BrowserSession | None:
            self.loads += 1
            found = await super().load(key)
            await asyncio.sleep(0)
            return found

    store = Counting()
    await store.save(KEY, session("first"))
    mine = keeper(Site().visit, store)
    early = asyncio.create_task(mine.acquire())
    while not store.loads:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await store.save(KEY, session("second", at=2.0))
    found = await asyncio.gather(*(mine.acquire() for _ in range(20)))
    assert sid((await early).session) == "first"
    assert {sid(one.session) for one in found} == {"second"}
    assert store.loads <= 3  # the early one, the first of the others, and one for the rest


async def test_a_login_that_is_needed_changes_nothing(store: Store) -> None:
    """The stored session stays what it was, however the visit ended, and the error says that it had been good."""
    site = Site()
    site.refusal = LoginRequired("The site wants a login.")
    with pytest.raises(LoginRequired) as never:
        await keeper(site.visit, store).acquire()
    assert not isinstance(never.value, SessionExpired)
    await store.save(KEY, session("stored"))
    mine = keeper(site.visit, store)
    stored, _ = await mine.acquire()
    with pytest.raises(SessionExpired):
        await mine.renew(stored)
    kept = await store.load(KEY)
    assert kept is not None
    assert msgspec.structs.replace(kept, login_needed_at=0.0) == stored
    site.refusal = HarvestFailed("no")
    with pytest.raises(HarvestFailed):
        await mine.harvest()
    assert await store.load(KEY) == kept == (await mine.acquire())[0]


async def test_where_no_browser_is_the_end_of_the_session_is_told() -> None:
    """Whoever only calls, as on a server, has not asked for a browser; a first session does without the sentence."""
    store, site = MemoryStore(), Site()
    for missing in (BrowserMissing, DriverFailed):
        site.refusal = missing("There is no Chromium.")
        with pytest.raises(missing) as first:
            await keeper(site.visit).acquire()
        assert str(first.value).startswith("There is no Chromium.")
        await store.save(KEY, session("stored"))
        mine = keeper(site.visit, store)
        with pytest.raises(missing) as told:
            await mine.renew((await mine.acquire())[0])
        assert "The session has expired" in str(told.value)
        assert "There is no Chromium." in str(told.value)
        assert told.value.hint == missing.hint


async def test_where_a_person_is_needed_not_everyone_tries(store: Store) -> None:
    """Of many who are refused one visits the site; the others are told what it found. A login ends that."""
    site = Site()
    site.refusal = LoginRequired("The site wants a login.")
    await store.save(KEY, session("stored"))
    keepers = [keeper(site.visit, store) for _ in range(5)]
    refused = [(await one.acquire())[0] for one in keepers]
    outcomes = await asyncio.gather(
        *(one.renew(old) for one, old in zip(keepers, refused, strict=True)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {SessionExpired}
    assert site.visits == ["stored"]
    await keepers[0].replace(session("by hand", at=50.0))
    assert sid(await keepers[1].renew(refused[1])) == "by hand"


async def test_somebody_who_logged_in_meanwhile_is_not_overwritten(store: Store) -> None:
    """A visit that takes long gives way to a login that was made while it went on."""
    login = session("by hand", at=5.0)
    site = Site(lambda: store.save(KEY, login))
    await store.save(KEY, session("stored"))
    mine = keeper(site.visit, store)
    assert await mine.harvest() == login == await store.load(KEY)


async def test_what_others_changed_during_a_visit_is_not_lost(store: Store) -> None:
    """The visit began with the old cookie; the site has given somebody else a new one since."""
    before = session("1")
    await store.save(KEY, before)
    rotated = msgspec.structs.replace(session("2"), changed_at=7.0)

    async def visit(previous: BrowserSession | None) -> BrowserSession:
        await keeper(Site().visit, store).merge_changes(before, rotated)
        assert previous is not None
        return msgspec.structs.replace(previous, harvested_at=12.0)

    result = await keeper(visit, store).harvest()
    assert (sid(result), result.harvested_at) == ("2", 12.0)
    assert await store.load(KEY) == result


async def test_what_was_removed_during_a_visit_stays_removed(store: Store) -> None:
    """The one who visited gets its session, and nobody else."""
    await store.save(KEY, session("stored"))
    site = Site(lambda: store.delete(KEY))
    assert sid(await keeper(site.visit, store).harvest()) == "visit 1"
    assert await store.load(KEY) is None


async def test_what_the_site_changes_flows_into_the_store(store: Store) -> None:
    """And what another has changed meanwhile flows back; the end is that of the new cookie."""
    before = session("1", expires=5000.0)
    await store.save(KEY, before)
    mine, other = keeper(Site().visit, store), keeper(Site().visit, store)
    for one in (mine, other):
        await one.reload()
    renewed = session("2", expires=9000.0)
    kept = await mine.merge_changes(before, msgspec.structs.replace(renewed, changed_at=2.0))
    assert (sid(kept), kept.expires_at) == ("2", 9000.0)
    slow = await other.merge_changes(before, msgspec.structs.replace(session("slow"), changed_at=1.0))
    assert slow == kept == await store.load(KEY) == other.session


async def test_what_was_removed_stays_removed(store: Store) -> None:
    """A process that still uses a session does not bring it back, and uses it no longer than for the call that it is
    in: the next one begins as if there had been none."""
    site = Site()
    before = session("1")
    await store.save(KEY, before)
    mine = keeper(site.visit, store)
    await mine.reload()
    await store.delete(KEY)
    after = msgspec.structs.replace(session("2"), changed_at=2.0)
    assert sid(await mine.merge_changes(before, after)) == "2"
    assert await store.load(KEY) is None
    assert (sid((await mine.acquire())[0]), site.visits) == ("visit 1", [None])


async def test_a_given_session_is_used_as_it_is(store: Store) -> None:
    """Whatever the store has; what the site changes in it is known to this keeper alone."""
    site, given = Site(), session("given", expires=1.0)
    await store.save(KEY, session("stored"))
    mine = keeper(site.visit, store, given)
    assert await mine.acquire() == (given, True)
    changed = await mine.merge_changes(given, msgspec.structs.replace(session("changed"), changed_at=2.0))
    assert (await mine.acquire())[0] == changed
    assert (sid(changed), sid(await store.load(KEY)), site.visits) == ("changed", "stored", [])


async def test_without_a_store_the_session_lives_as_long_as_the_keeper() -> None:
    """One visit, until it is refused."""
    site = Site()
    mine = keeper(site.visit)
    first, fresh = await mine.acquire()
    assert fresh
    assert await mine.acquire() == (first, False)
    assert sid(await mine.renew(first)) == sid(await mine.renew(first)) == "visit 2"


async def test_a_store_that_cannot_write_loses_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the site changed is still used by this process, ahead of the older one in the store."""
    store = MemoryStore()
    before = session("1")
    await store.save(KEY, before)
    mine = keeper(Site().visit, store)
    await mine.reload()

    async def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, "save", full)
    with caplog.at_level(logging.WARNING, "toolkit"):
        await mine.merge_changes(before, msgspec.structs.replace(session("2"), changed_at=2.0))
    assert "not kept: The disk is full." in caplog.text
    assert sid((await mine.acquire())[0]) == "2"


async def test_a_visit_is_of_use_where_the_store_cannot_write(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """For this process, and without another visit; who asked for the visit itself is told."""
    store, site = MemoryStore(), Site()

    async def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, "save", full)
    mine = keeper(site.visit, store)
    with caplog.at_level(logging.WARNING, "toolkit"):
        assert sid((await mine.acquire())[0]) == sid((await mine.acquire())[0]) == "visit 1"
    assert caplog.text.count("not kept: The disk is full.") == 1
    with pytest.raises(StoreError):
        await mine.harvest()
    with pytest.raises(StoreError):
        await mine.replace(session("by hand"))
    assert sid((await mine.acquire())[0]) == "by hand"


async def test_a_store_that_takes_nothing_is_told_before_a_visit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a person does in a window is not lost for a disk that was full all the time."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    site, store = Site(), FileStore(tmp_path / "sessions")
    with pytest.raises(StoreError, match="No space left"):
        await keeper(site.visit, store).harvest()
    assert site.visits == []
    with pytest.raises(StoreError, match="No space left"):
        await Client("openwebui", base_url="https://chat.example", store=store).login()


async def test_a_session_without_what_the_site_needs_is_not_used(store: Store) -> None:
    """Nor one whose needed cookie is past its end."""
    site = Site()
    for cookies in ((), (Cookie(name="sid", value="x", domain="chat.example", expires=5.0),)):
        await store.save(KEY, msgspec.structs.replace(session("stored"), cookies=cookies))
        assert sid((await keeper(site.visit, store).acquire())[0]) == f"visit {len(site.visits)}"
    assert len(site.visits) == 2


def test_a_keeper_serves_one_event_loop_after_another() -> None:
    """A lock that several calls had to wait for in one loop is none of the next."""
    mine = keeper(Site().visit, MemoryStore())

    async def crowd() -> None:
        await asyncio.gather(*(mine.harvest() for _ in range(3)))

    asyncio.run(crowd())
    asyncio.run(crowd())


async def test_a_change_that_somebody_else_makes_for_ever_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A process that is stopped while it writes keeps nobody from an answer."""
    store, before = MemoryStore(), session("1")
    await store.save(KEY, before)
    mine = keeper(Site().visit, store)
    await mine.reload()
    monkeypatch.setattr("toolkit.client.session_storage.WRITE_SECONDS", 0.01)
    async with store.lock(KEY, "write"):
        assert sid(await mine.merge_changes(before, msgspec.structs.replace(session("2"), changed_at=2.0))) == "2"
    assert "Another process has held the stored session" in caplog.text
