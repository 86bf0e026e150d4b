"""A provider that is inferred from a site's traffic gets a new answer of the live site, or none is written, and why is
told."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.scaffold.synthetic import asked, besides, read, signed_in, told
from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import FIRST, Site
from toolkit.client.client import Client
from toolkit.errors import CannotInfer
from toolkit.providers.base import Provider
from toolkit.recording.foreign_har import ForeignHar, parse_foreign_har
from toolkit.replay.local_network import LocalNetwork
from toolkit.scaffold import Findings, infer, write_package
from toolkit.stores.memory import MemoryStore

SITES = {site.__name__: site for module in (asked, told, read, signed_in, besides) for site in module.SITES}
NEW = "What is the capital of Mongolia?"
TALK = [
    {"role": "user", "content": "Is the moon made of cheese?"},
    {"role": "assistant", "content": "No, of rock and dust."},
    {"role": "user", "content": "And the sun?"},
]


@pytest.fixture(scope="module")
async def network() -> AsyncIterator[tuple[LocalNetwork, dict[str, Site]]]:
    """All sites, each under a host of its own."""
    sites = {name: site() for name, site in SITES.items()}
    async with LocalNetwork(apps={f"{name.lower()}.example.com": site.app for name, site in sites.items()}) as network:
        yield network, sites


async def recorded(page: Page, site: Site) -> ForeignHar:
    """The page's session, as a HAR document."""
    await site.talk(page)
    log = {"version": "1.2", "creator": {"name": "page", "version": "1"}, "entries": page.entries}
    return parse_foreign_har("page.har", msgspec.json.encode({"log": log}), lambda name: None)


def load(name: str, findings: Findings, folder: Path) -> type[Provider]:
    """The provider that was written."""
    for path, text in write_package(name, findings).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"synthetic_{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where types are looked up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    (kind,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Provider) and value.__module__ == spec.name
    )
    return kind


def plain(text: str) -> str:
    """The text that a page shows for HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip()


@pytest.mark.parametrize("name", SITES)
async def test_a_written_provider_asks_the_live_site(
    name: str, network: tuple[LocalNetwork, dict[str, Site]], tmp_path: Path
) -> None:
    """Never green and wrong: a new question and a talk get what the site has made of them, with the talk before it; or
    there is no provider, and the reason is told."""
    local, sites = network
    site, origin = sites[name], f"https://{name.lower()}.example.com"
    options = local.session_options()
    async with aiohttp.ClientSession(**options) as http:
        page = Page(origin, http)
        har = await recorded(page, site)
        if site.impossible:
            with pytest.raises(CannotInfer, match=site.impossible):
                infer(har, question=FIRST, answer=page.shown[0])
            return
        findings = infer(har, question=FIRST, answer=page.shown[0])
        kind = load(name.lower(), findings, tmp_path)
    async with aiohttp.ClientSession(**local.session_options()) as http:  # another visit, of another day
        visit = Page(origin, http)
        await site.visit(visit)
        session = visit.session(kind.name, findings.harvest)
    async with Client(kind, session=session, route=local.route, store=MemoryStore()) as client:
        for question in (NEW, TALK):
            before = len(site.made)
            answer = await client.chat(question).text()
            assert len(site.made) == before + 1
            assert plain(answer) == site.made[-1]
        for text in (turn["content"] for turn in TALK):
            assert text in site.asked[-1]


@pytest.mark.parametrize("name", SITES)
async def test_the_answer_is_found_by_its_form(name: str, network: tuple[LocalNetwork, dict[str, Site]]) -> None:
    """Without what the page has shown, the same provider is inferred, or none."""
    local, sites = network
    site = sites[name]
    async with aiohttp.ClientSession(**local.session_options()) as http:
        page = Page(f"https://{name.lower()}.example.com", http)
        har = await recorded(page, site)
    try:
        guessed = infer(har, question=FIRST)
    except CannotInfer:
        return
    known = infer(har, question=FIRST, answer=page.shown[0])
    assert (guessed.steps, guessed.reading) == (known.steps, known.reading)
