"""A provider that is inferred from a site's traffic gets a new answer of the live site, or none is written, and why is
told."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import pytest

from tests.scaffold.synthetic import asked, besides, read, signed_in, sockets, told, wily
from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import FIRST, FOLLOW_UP, Site
from toolkit.client.client import Client
from toolkit.errors import CannotInfer, StatusError
from toolkit.providers.base import Provider
from toolkit.recording.foreign_har import ForeignHar, parse_foreign_har
from toolkit.replay.local_network import LocalNetwork
from toolkit.scaffold import Findings, infer, prove, write_package
from toolkit.scaffold.proof import load_provider
from toolkit.stores.memory import MemoryStore

MODULES = (asked, told, read, signed_in, besides, wily, sockets)
SITES = {site.__name__: site for module in MODULES for site in module.SITES}
ALONE = [site.__name__ for site in (*told.SITES, *wily.SITES, besides.ProofOfWork)]
IN_FULL = ("LocationId", "SocketSession", "SocketClose")  # the contract takes seconds for each
NEW = "What is the capital of Mongolia?"
TALK = [
    {"role": "user", "content": "Is the moon made of cheese?"},
    {"role": "assistant", "content": "No, of rock and dust."},
    {"role": "user", "content": "And the sun?"},
]


class World(NamedTuple):
    """All sites, each under a host of its own, and the recordings of their pages so far, with what was shown."""

    network: LocalNetwork
    sites: dict[str, Site]
    recordings: dict[str, tuple[ForeignHar, list[str]]]

    async def recorded(self, name: str) -> tuple[ForeignHar, list[str]]:
        """The page's session, as a HAR document, and the answers that it showed."""
        if name not in self.recordings:
            self.recordings[name] = await self.record(name)
        return self.recordings[name]

    async def record(self, name: str, *questions: str) -> tuple[ForeignHar, list[str]]:
        async with aiohttp.ClientSession(**self.network.session_options()) as http:
            page = Page(origin(name), http)
            await self.sites[name].talk(page, *questions)
        log = {"version": "1.2", "creator": {"name": "page", "version": "1"}, "entries": page.entries}
        return parse_foreign_har("page.har", msgspec.json.encode({"log": log}), lambda name: None), page.shown

    @asynccontextmanager
    async def client(self, name: str, kind: type[Provider], findings: Findings) -> AsyncIterator[Client]:
        """A client of the live site, with the session of another visit."""
        async with aiohttp.ClientSession(**self.network.session_options()) as http:
            visit = Page(origin(name), http)
            await self.sites[name].visit(visit)
            session = visit.session(kind.name, findings.harvest)
        async with Client(kind, session=session, route=self.network.route, store=MemoryStore()) as client:
            yield client


def origin(name: str) -> str:
    return f"https://{name.lower()}.example.com"


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    sites = {name: site() for name, site in SITES.items()}
    async with LocalNetwork(apps={f"{name.lower()}.example.com": site.app for name, site in sites.items()}) as network:
        yield World(network, sites, {})


def load(name: str, findings: Findings, folder: Path) -> type[Provider]:
    """The provider that was written."""
    for path, text in write_package(name, findings).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return load_provider(name, folder / f"{name}.py")


def plain(text: str) -> str:
    """The text that a page shows for HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip()


@pytest.mark.parametrize("name", SITES)
async def test_a_written_provider_asks_the_live_site(name: str, world: World, tmp_path: Path) -> None:
    """Never green and wrong: a new question and a talk get what the site has made of them, with the talk before it; or
    there is no provider, and the reason is told."""
    site = world.sites[name]
    har, shown = await world.recorded(name)
    if site.impossible:
        with pytest.raises(CannotInfer, match=site.impossible):
            infer(har, question=FIRST, answer=shown[0])
        return
    findings = infer(har, question=FIRST, answer=shown[0])
    kind = load(name.lower(), findings, tmp_path)
    assert (await prove(kind, har, findings, contract=name in IN_FULL)).failures == ()
    async with world.client(name, kind, findings) as client:
        for question in (NEW, TALK):
            before = len(site.made)
            answer = await client.chat(question).text()
            assert len(site.made) == before + 1
            assert plain(answer) == site.made[-1]
        for text in (turn["content"] for turn in TALK):
            assert text in site.asked[-1]


@pytest.mark.parametrize("name", SITES)
async def test_the_answer_is_found_by_its_form(name: str, world: World) -> None:
    """Without what the page has shown, the same provider is inferred, or none."""
    har, shown = await world.recorded(name)
    try:
        guessed = infer(har, question=FIRST)
    except CannotInfer:
        return
    known = infer(har, question=FIRST, answer=shown[0])
    assert (guessed.steps, guessed.reading) == (known.steps, known.reading)


@pytest.mark.parametrize("name", ALONE)
async def test_one_question_may_be_enough(name: str, world: World, tmp_path: Path) -> None:
    """Of a recording with one question, too, the provider is right; or the site refuses it, where only a second
    question tells a number that is computed from one that stays."""
    site = world.sites[name]
    har, shown = await world.record(name, FIRST)
    findings = infer(har, question=FIRST, answer=shown[0])
    async with world.client(name, load(name.lower(), findings, tmp_path), findings) as client:
        if site.impossible:
            with pytest.raises(StatusError):
                await client.chat(NEW).text()
        else:
            assert plain(await client.chat(NEW).text()) == site.made[-1]


async def test_a_login_behind_a_gate_is_proved_whole(world: World, tmp_path: Path) -> None:
    """A page to log in at, where a call takes a token from the page, is an expired session; and how the browser passes
    a gate is nothing of the session."""
    har, shown = await world.recorded("SignedInToken")
    findings = infer(har, question=FIRST, answer=shown[0])
    assert findings.harvest.headers == ()
    kind = load("signedintoken", findings, tmp_path)
    assert (await prove(kind, har, findings)).failures == ()


async def test_what_was_said_in_the_recording_is_never_sent_again(world: World) -> None:
    """The last question of a conversation alone, or one whose earlier answers the file lacks, gives no provider that
    sends the recording's conversation before each question."""
    har, _ = await world.recorded("OldTalk")
    with pytest.raises(CannotInfer, match="holds what was said earlier in the recording"):
        infer(har, question=FOLLOW_UP)


async def test_another_model_is_asked_for(world: World, tmp_path: Path) -> None:
    """The list of models is the site's, the page's choice is the default, and a call can ask for another."""
    site = world.sites["ModelList"]
    assert isinstance(site, besides.ModelList)
    har, shown = await world.recorded("ModelList")
    findings = infer(har, question=FIRST, answer=shown[0])
    async with world.client("ModelList", load("modellist", findings, tmp_path), findings) as client:
        assert set(await client.models()) == set(site.MODELS)
        await client.chat("Hi").text()
        await client.chat("Hi", model="large-3").text()
    assert site.used[-2:] == ["small-2", "large-3"]
