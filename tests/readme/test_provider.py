"""The README's "Your own site", and the page that goes on from there: their files, commands and test. A reader who
installs the provider and logs in in a window, nothing left out, is in `tests/real/test_readme.py`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tests.cli.conftest import python_path
from tests.providers.dialects.samples import SAMPLES
from tests.providers.dialects.samples.sample import TEXT
from tests.readme.blocks import PROVIDER, blocks, section
from tests.readme.reader import FORKING, Reader, reading
from tests.scaffold.synthetic.page import Page
from tests.sites.mysite import ANSWER, PASSWORD, USER, application
from tests.sites.token_pages import PAGES
from toolkit.client.client import Client
from toolkit.providers.dialects import DIALECTS
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe_tokens import Token
from toolkit.stores.memory import MemoryStore

SITE = "https://chat.example.org"


async def logged_in(reader: Reader) -> BrowserSession:
    """What `toolkit login` would have kept; a window is not opened here."""
    async with aiohttp.ClientSession(**reader.network.session_options()) as http:
        form = {"email": USER, "password": PASSWORD}
        async with http.post(f"{SITE}/login", data=form, allow_redirects=False) as answer:
            return BrowserSession.from_cookie_values("mysite", SITE, {"session": answer.cookies["session"].value})


def install(pyproject: Path) -> None:
    """What pip makes of the package is written here: nothing is fetched in a test."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    (registered,) = project["entry-points"].items()
    info = pyproject.parent / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{registered[0]}]", *(f"{name} = {place}" for name, place in registered[1].items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))


async def test_writing_a_provider(tmp_path: Path) -> None:
    """Followed line by line, but for the installation and the window: the provider is listed, answers, is recorded by a
    real browser, and keeps the contract."""
    async with reading(PROVIDER, tmp_path, {"chat.example.org": application()}, forking=FORKING) as reader:
        files = [reader.write(block.language, block.text) for block in [*reader.left] if block.file]
        assert [file.name for file in files] == ["mysite.py", "pyproject.toml", "test_mysite.py"]
        install(tmp_path / "pyproject.toml")
        await reader.toolkit.keep(await logged_in(reader))
        installing, login, *lines = reader.take("sh", "toolkit login mysite").text.splitlines()
        assert installing.startswith("python3 -m venv")
        assert login == "toolkit login mysite"
        path = {"PYTHONPATH": python_path(tmp_path)}
        assert f"mysite {SITE}" in " ".join((await reader.run("toolkit providers", path)).split())
        told = [await reader.run(line, path) for line in lines]
    assert told[0].strip() == "".join(ANSWER)
    assert "".join(ANSWER) in told[1]
    assert "1 passed" in told[2]


async def test_a_provider_from_a_recording(tmp_path: Path) -> None:
    """Followed line by line, with what a page of that site asks as the export: the provider is proved, and asks."""
    sections = "writing-a-provider.md#From a recording"
    async with reading(sections, tmp_path, {"chat.example.org": application()}, forking=FORKING) as reader:
        async with aiohttp.ClientSession(**reader.network.session_options()) as http:
            page = Page(SITE, http)
            await page.open("/login")
            await page.post_form("/login", {"email": USER, "password": PASSWORD})
            await page.get("/api/me")
            for question in ("Why is the sky blue?", "How many legs has a spider?"):
                await page.post("/api/chat", {"messages": [{"role": "user", "content": question}]})
        log = {"version": "1.2", "creator": {"name": "page", "version": "1"}, "entries": page.entries}
        (tmp_path / "page.har").write_bytes(msgspec.json.encode({"log": log}))
        assert (await reader.shell("toolkit new")).strip().endswith("".join(ANSWER))
        test = await reader.run("cd mysite && pytest -q", {"PYTHONPATH": python_path(tmp_path / "mysite")})
        assert "1 passed" in test


@pytest.mark.parametrize("kind", ["firebase", "supabase", "msal"])
def test_recipes_for_tokens(kind: str) -> None:
    """Those of the page find the tokens where the pages of these libraries keep them."""
    page = "writing-a-provider.md#Where the login is no cookie"
    names: dict[str, Any] = {}
    (block,) = (block for block in blocks() if block.section == page)
    exec(block.text, names)
    token: Token = names["harvest"].token
    if kind != "firebase":
        row = next(row for row in section(page).splitlines() if row.lower().startswith(f"| {kind}"))
        token = eval(row.split("`")[1], names)
    assert token == PAGES[kind].token
    assert names["harvest"].renewal.refresh_token == PAGES["firebase"].refresh


async def test_a_provider_for_a_dialect() -> None:
    """The page's provider reads the answer of such a site; its table names each dialect, and what marks no end."""
    page = "writing-a-provider.md#Where a site speaks a dialect"
    names: dict[str, Any] = {}
    (block,) = (block for block in blocks() if block.section == page)
    exec(block.text, names)

    async def answer(request: web.Request) -> web.Response:
        assert (await request.json())["query"] == "Hi"
        return web.Response(body=b"".join(SAMPLES["dify"].frames), content_type="text/event-stream")

    app = web.Application()
    app.router.add_post("/api/chat-messages", answer)
    async with LocalNetwork(apps={"dify.example.org": app}) as network:
        session = BrowserSession(provider="mydify", origin="https://dify.example.org")
        async with Client(names["MyDify"], session=session, route=network.route, store=MemoryStore()) as client:
            assert await client.chat("Hi").text() == TEXT
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \| (.*) \|$", section(page), re.MULTILINE)
    assert [(name, title, end != "none") for name, title, end in rows] == [
        (name, dialect.title, dialect.marks_end) for name, dialect in DIALECTS.items()
    ]


def test_the_provider_is_about_thirty_lines() -> None:
    """As the README promises."""
    (text,) = (block.text for block in blocks() if block.file == "mysite.py")
    assert len([line for line in text.splitlines()[1:] if line]) < 31
