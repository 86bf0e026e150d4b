"""`toolkit new`: from a recording to a provider that every command finds; and what is said where there can be none."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.cli.conftest import Toolkit
from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.read import Snapshots
from tests.scaffold.synthetic.sites import FIRST, SECOND, say
from toolkit.replay.local_network import LocalNetwork


@pytest.fixture
async def recorded(toolkit: Toolkit) -> Path:
    """What the developer tools export of a page that asks three questions."""
    site, path = Snapshots(), toolkit.folder / "page.har"
    async with (
        LocalNetwork(apps={"snapshots.example.com": site.app}) as network,
        aiohttp.ClientSession(**network.session_options()) as http,
    ):
        page = Page("https://snapshots.example.com", http)
        await site.talk(page)
    log = {"version": "1.2", "creator": {"name": "page", "version": "1"}, "entries": page.entries}
    path.write_bytes(msgspec.json.encode({"log": log}))
    return path


@pytest.mark.usefixtures("recorded")
async def test_a_provider_that_every_command_finds(toolkit: Toolkit) -> None:
    """It is proved, its facts are told as JSON, and it answers by its name, not installed; edits count at once."""
    made = await toolkit.run("new", "mysite", "--from", "page.har", "--question", FIRST, "--json")
    assert (made.code, made.errors) == (0, [])
    assert "proved offline: 3 of 3 answers are the page's" in made.err
    facts = json.loads(made.out)
    assert facts["failures"] == []
    assert [one["answer"] for one in facts["asked"]][:2] == [say(FIRST), say(SECOND)]
    folder = toolkit.folder / "mysite"
    names = ["README.md", "mysite.har", "mysite.py", "pyproject.toml", "test_mysite.py"]
    assert sorted(path.name for path in folder.iterdir()) == names
    answer = await toolkit.run("chat", "mysite", FIRST, "--replay", "mysite/mysite.har")
    assert (answer.code, answer.out.strip()) == (0, say(FIRST))
    (folder / "mysite.py").write_text("import nowhere_at_all\n", encoding="utf-8")
    listed = await toolkit.run("providers")
    assert "No module named 'nowhere_at_all'" in " ".join((listed.out + listed.err).split())
    assert "aura" in listed.out


@pytest.mark.usefixtures("recorded")
async def test_where_there_is_no_provider(toolkit: Toolkit) -> None:
    """The reason is one line, nothing is written, and what is there is kept."""
    (toolkit.folder / "there").mkdir()
    (toolkit.folder / "there" / "mine").write_text("mine", encoding="utf-8")
    for arguments, why in (
        (("mysite", "--question", "Who asked that?"), "No request of the file carries the question"),
        (("mysite", "--question", FIRST, "--answer", "Something else."), "holds the answer that was named"),
        (("gradio", "--question", FIRST), "The toolkit has a provider gradio itself."),
        (("My-Site", "--question", FIRST), "is no name of a provider"),
        (("there", "--question", FIRST), "there is there already."),
        (("mysite", "--question", FIRST, "-o", "page.har/mysite"), "cannot be made"),
        (("mysite", "--base-url", "nowhere"), "is not the address of a site"),
        (("mysite", "--base-url", "https://chat.example.org", "--question", FIRST), "go with --from"),
    ):
        from_file = () if "--base-url" in arguments else ("--from", "page.har")
        result = await toolkit.run("new", *arguments, *from_file)
        assert result.code in (1, 2)
        assert len(result.errors) == 1
        assert why in result.errors[0]
    assert sorted(path.name for path in toolkit.folder.iterdir() if path.is_dir() and path != toolkit.state) == [
        "there"
    ]
    assert [path.name for path in (toolkit.folder / "there").iterdir()] == ["mine"]


async def test_without_a_display_a_file_is_named(toolkit: Toolkit) -> None:
    """Where no window can be opened, the hint is the way that needs none."""
    result = await toolkit.run("new", "mysite", "--base-url", "https://chat.example.org", env={"DISPLAY": ""})
    assert result.code == 1
    assert "There is no display for the browser's window." in result.err
    assert "--from FILE.har --question TEXT" in " ".join(result.err.split())


@pytest.mark.usefixtures("recorded")
async def test_what_was_inferred_can_be_read(toolkit: Toolkit) -> None:
    """`--explain` prints a row for each fact, with its evidence and how certain it is."""
    arguments = ("--from", "page.har", "--question", FIRST, "--explain", "-o", "elsewhere")
    explained = await toolkit.run("new", "othersite", *arguments)
    assert explained.code == 0
    header, *rows = explained.out.splitlines()
    assert header.split() == ["fact", "evidence", "certainty"]
    assert any("The answer is read by its form: sse" in row and row.endswith("sure") for row in rows)
    assert (toolkit.folder / "elsewhere" / "othersite.py").exists()
