"""A command that is killed while it visits a site or saves the session that results, at any moment of its life."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from tests.cli import forked
from tests.cli.conftest import Toolkit, python_path
from tests.shared_sessions.conftest import PATIENT, SlowAura
from tests.sites.asking import until
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

DYING = Path(__file__).parent / "dying"
DYING_PROGRAM = DYING / "sitecustomize.py"
Moment = str | tuple[str, str, int]
OLD = 1_000_000_000.0  # when the stored session was harvested

# By its own hand, see `dying/sitecustomize.py`.
STARTING = [
    ("import", "'toolkit.client'", 1),
    ("import", "'aiohttp'", 1),
    ("open", ".harvest.lock", 1),
    ("import", "'playwright.async_api'", 1),
    ("os.mkdir", "toolkit-run-", 1),
    ("fcntl.flock", "", 2),
    ("subprocess.Popen", "run-driver", 1),
]
VISITING = [("message", "", count) for count in (1, 8, 9, 10, 22, 27, 30, 38, 46, 51, 56)]
SAVING = [
    ("open", "saving.lock", 2),
    ("tempfile.mkstemp", ".json.", 1),
    ("open", ".new", 1),
    ("os.rename", ".new", 1),
    ("open", "/sessions'", 2),
]


def runs(mark: str) -> Callable[[Place], bool]:
    return lambda there: any(mark in line for line in there.toolkit.running())


def has(mark: str) -> Callable[[Place], bool]:
    return lambda there: any(mark in path.name for path in there.folders() - there.before)


# By the hand of another, who has seen something.
SEEN = {
    "the driver runs": runs("run-driver"),
    "its folders are there": has("playwright"),
    "the browser runs": runs("--remote-debugging-pipe"),
    "the browser's socket is there": has("org.chromium"),
    "the browser has helpers": runs("--type=zygote"),
    "the page is asked for": lambda there: there.site.visits > there.visits,
    "the page's tab runs": runs("--type=renderer"),
}


# One of each kind: of what is there at that moment, and of what is left to be done.
EXAMPLES: list[Moment] = ["the browser runs", "the page is asked for", *STARTING[-1:], *VISITING[4::6], *SAVING[1::3]]
ALL: list[Moment] = [*SEEN, *STARTING, *VISITING, *SAVING]


class Place:
    """A home, a store with an old session, a folder for temporary files, and a site of its own."""

    def __init__(self, toolkit: Toolkit, site: SlowAura, origin: str) -> None:
        self.toolkit, self.site, self.origin = toolkit, site, origin
        self.key = Key("aura", origin)
        self.old = BrowserSession(provider="aura", origin=origin, headers={"user-agent": "Old/1"}, harvested_at=OLD)
        self.new: list[BrowserSession] = []
        self.before: set[Path] = set()
        self.visits = 0
        profiles = {"default": "it", "profiles": {"it": PATIENT}}
        self.environ = {"TOOLKIT_BROWSERS": toolkit.file("browsers.json", profiles)}

    def folders(self) -> set[Path]:
        return set(self.toolkit.temp.rglob("*chrom*"))

    async def harvest(self, *, anew: bool = False, **environ: str) -> tuple[int, bytes, bytes]:
        """The exit code of a harvest and what it wrote: of a process that is started `anew`, or of one that is forked
        and so has loaded already what it needs. It is killed if it is cancelled."""
        self.before, self.visits = self.folders(), self.site.visits
        args, env = ("harvest", "aura", "--base-url", self.origin), {**self.environ, **environ}
        if not anew:
            env = {**self.toolkit.environ, **env}
            return await forked.run(forked.Command([*args], env, str(self.toolkit.folder), str(DYING_PROGRAM)), b"")
        process = await self.toolkit.start(*args, env={**env, "PYTHONPATH": python_path(DYING)}, start_new_session=True)
        out, err = await process.communicate()
        return process.returncode or 0, out, err

    async def kill(self, when: Moment) -> None:
        """Have a harvest die at that moment; then look at what it has left."""
        await self.toolkit.keep(self.old)
        if isinstance(when, str):
            harvest = asyncio.create_task(self.harvest())
            await until(lambda: SEEN[when](self) or harvest.done())
            assert not harvest.done(), (when, harvest.result())
            harvest.cancel()
            await asyncio.wait({harvest})
        else:
            code, out, err = await self.harvest(anew=when in STARTING, DIE_AT="|".join(map(str, when)))
            assert code == -signal.SIGKILL, (when, out, err)
        await until(lambda: not self.toolkit.running())
        assert self.toolkit.litter() == [], when
        session = await self.toolkit.store.load(self.key)
        assert session is not None
        if session != self.old:
            self.new.append(session)

    async def finish(self) -> None:
        """Whatever the killed ones have left: a harvest works, its session is like theirs, and nothing is left."""
        code, out, err = await self.harvest()
        assert code == 0, (out, err)
        session = await self.toolkit.store.load(self.key)
        assert session is not None
        assert session.harvested_at > OLD
        assert [timeless(one) for one in self.new] == [timeless(session)] * len(self.new)
        await until(lambda: not self.toolkit.running())
        assert self.toolkit.litter() == []
        files = {path.suffix for path in self.toolkit.store.folder.iterdir()}
        assert files == {".json", ".lock"}


def timeless(session: BrowserSession) -> BrowserSession:
    return msgspec.structs.replace(session, harvested_at=0.0, visit_seconds=0.0, changed_at=0.0, clock_skew=0.0)


@pytest.fixture
async def places(tmp_path: Path, toolkit: Toolkit) -> AsyncIterator[list[Place]]:
    """Some that commands run in at the same time."""
    async with AsyncExitStack() as stack:
        found = []
        for name in "ab":
            home, temp = tmp_path / name, toolkit.temp / name
            home.mkdir()
            temp.mkdir()
            site = SlowAura()
            origin = await stack.enter_async_context(serve(site.app()))
            found.append(Place(Toolkit(home, temp), site, origin))
        yield found
        for there in found:
            for process in there.toolkit.started:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


@pytest.mark.parametrize("moments", [EXAMPLES, pytest.param(ALL, marks=pytest.mark.exhaustive)], ids=["some", "all"])
async def test_killed_at_any_moment(places: list[Place], moments: list[Moment]) -> None:
    """By SIGKILL: the store holds the old or the new session whole, neither the driver nor the browser nor a file of
    theirs survives for long, and the next command does its work."""
    left = [*moments]

    async def kill_there(there: Place) -> None:
        while left:
            await there.kill(left.pop())
        await there.finish()

    async with asyncio.TaskGroup() as group:
        for there in places:
            group.create_task(kill_there(there))
    assert len([one for there in places for one in there.new]) == 1, "only what is after the save is new"
