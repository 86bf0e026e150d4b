"""Providers of other packages: they appear everywhere by name, and a broken one breaks nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Toolkit, python_path
from tests.cli.pseudo_terminal import CTRL_D, terminal
from tests.sites.aura import AuraSite
from tests.sites.base import PIECES
from toolkit.session.browser_session import BrowserSession

Aura = tuple[AuraSite, str]

MODULE = """
from toolkit import Aura, Provider

class MySite(Aura):
    name = "mysite"

class Nameless(Aura):
    pass

class Dumb(Provider):
    name = "dumb"
    url = "https://dumb.example.org"

class Nowhere(Aura):
    name = "nowhere"
    url = "nowhere"

class Portless(Aura):
    name = "portless"
    url = "https://a.example:bad/"

class Unmade(Aura):
    name = "unmade"
    def __init__(self, base_url=None):
        raise LookupError("\\x1b[2Jnobody\\nis here")

class Bare(Aura):
    name = "bare"
    harvest = None

class Buggy(Aura):
    name = "buggy"
    async def stream(self, request, http):
        yield "so far"
        if request.messages[-1].content == "break":
            raise LookupError("a bug")
"""

# Modules that end in an exception of their own, which is none of `Exception`, or cannot be told.
OUTCOME = "class Outcome(BaseException): pass\nraise Outcome('skipped')"
DUMBFOUNDED = "class Dumbfounded(Exception):\n    def __str__(self): raise self\nraise Dumbfounded"

BROKEN = {
    "missing": ("gone:MySite", "ModuleNotFoundError: No module named 'gone'"),
    "leaving": ("leaving:MySite", "SystemExit: 3"),
    "absent": ("mypackage:Absent", "AttributeError: module 'mypackage' has no attribute 'Absent'"),
    "number": ("json:__all__", "is not a subclass of toolkit.Provider"),
    "nameless": ("mypackage:Nameless", 'Nameless needs the same name, so: name = "nameless"'),
    "dumb": ("mypackage:Dumb", "Dumb has no `stream` method"),
    "nowhere": ("mypackage:Nowhere", "Nowhere has a `url` that is not the address of a site"),
    "portless": ("mypackage:Portless", "Portless has a `url` that is not the address of a site"),
    "unmade": ("mypackage:Unmade", "LookupError: \ufffd[2Jnobody is here"),
    "bare": ("mypackage:Bare", "Bare needs a `Harvest` as `harvest`"),
    "outcome": ("outcome:MySite", "Outcome: skipped"),
    "dumbfounded": ("dumbfounded:MySite", ": Dumbfounded"),
    "aura": ("mypackage:MySite", "the toolkit has a provider of that name itself"),
    "My-Site": ("mypackage:MySite", "a provider's name consists of small letters and digits"),
}

Install = Callable[..., None]


@pytest.fixture
def install(toolkit: Toolkit, tmp_path: Path) -> Install:
    """`install(package, NAME="module:Class", ...)`: a package that registers these, as pip leaves it."""
    (tmp_path / "mypackage.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "leaving.py").write_text("import sys; sys.exit(3)", encoding="utf-8")
    (tmp_path / "outcome.py").write_text(OUTCOME, encoding="utf-8")
    (tmp_path / "dumbfounded.py").write_text(DUMBFOUNDED, encoding="utf-8")
    (tmp_path / "talking.py").write_text("print('Good morning')\nfrom mypackage import MySite", encoding="utf-8")
    toolkit.environ["PYTHONPATH"] = python_path(tmp_path)

    def installed(package: str, **registered: str) -> None:
        folder = tmp_path / f"{package}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {place}" for name, place in registered.items()]
        (folder / "entry_points.txt").write_text("\n".join(["[toolkit.providers]", *lines, ""]))

    return installed


async def test_a_provider_of_another_package_is_there_by_name(toolkit: Toolkit, aura: Aura, install: Install) -> None:
    """In the list, in a call, from a recording that was made with it; and it comes near when a name is mistyped."""
    install("mypackage", mysite="mypackage:MySite")
    _, origin = aura
    listed = await toolkit.run("providers")
    assert (listed.code, listed.err) == (0, "")
    assert "mysite " in listed.out
    await toolkit.keep(BrowserSession(provider="mysite", origin=origin))
    result = await toolkit.run("chat", "My-Site", "Hi", "--base-url", origin)
    assert (result.code, result.err, result.out) == (0, "", "".join(PIECES) + "\n")
    recorded = await toolkit.run("record", "mysite", "Hi", "-o", "mysite.har", "--base-url", origin)
    assert recorded.code == 0, recorded.err
    result = await toolkit.run("chat", "mysite", "Hi", "--replay", "mysite.har", "--base-url", origin)
    assert (result.code, result.out) == (0, "".join(PIECES) + "\n"), result.err
    assert "Did you mean mysite?" in (await toolkit.run("chat", "mysit", "Hi")).err


async def test_broken_ones_are_told_and_break_nothing(toolkit: Toolkit, aura: Aura, install: Install) -> None:
    """A note and a row for each; the good ones are there, of the same package too; who asks for it learns why."""
    install("mypackage", **{name: place for name, (place, _) in BROKEN.items()}, mysite="talking:MySite")
    listed = await toolkit.run("providers")
    assert listed.code == 0, listed.err
    assert ("Good morning" in listed.out, "Good morning" in listed.err) == (False, True)
    rows = [" ".join(line.split()) for line in listed.out.splitlines()]
    for name, (_, problem) in BROKEN.items():
        note = f"the provider {name} of the package mypackage cannot be used: "
        (told,) = [line for line in listed.err.splitlines() if note in line]
        assert problem in told
        assert [row for row in rows if row.startswith(f"{name} cannot be used: ")], listed.out
    for name in ("mysite", "aura"):
        assert [row for row in rows if row.startswith(f"{name} https://openchat.team")]
    asked = await toolkit.run("chat", "missing", "Hi")
    assert asked.code == 2
    assert "The provider 'missing' of the package mypackage cannot be used: ModuleNotFoundError" in asked.err
    _, origin = aura
    assert (await toolkit.run("chat", "aura", "Hi", "--base-url", origin)).code == 0


async def test_a_name_belongs_to_one_package(toolkit: Toolkit, install: Install) -> None:
    """Which of two would get the session is not left to chance."""
    install("one", mysite="mypackage:MySite")
    install("two", mysite="mypackage:MySite")
    result = await toolkit.run("chat", "mysite", "Hi")
    assert result.code == 2
    assert "of the package one and two cannot be used: only one package can register a name" in result.err


async def test_a_name_of_our_own_asks_no_other_package(toolkit: Toolkit, install: Install) -> None:
    """Nothing is looked up among the installed packages, and nothing imported."""
    install("mypackage", mysite="mypackage:MySite")
    code = (
        "import sys, toolkit.providers.registry as registry; registry.find('aura');"
        "print([name for name in ('mypackage', 'importlib.metadata') if name in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), env=toolkit.environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.split() == [b"[]"]


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals as POSIX has them")
async def test_a_bug_of_a_provider_ends_its_answer_alone(toolkit: Toolkit, aura: Aura, install: Install) -> None:
    """A conversation goes on after it, with the answers before it; and `--json` ends with its event."""
    install("mypackage", buggy="mypackage:Buggy")
    _, origin = aura
    await toolkit.keep(BrowserSession(provider="buggy", origin=origin))
    async with terminal(toolkit, "chat", "buggy", "--base-url", origin) as screen:
        for number, line in enumerate(("first", "break", "third"), 1):
            await screen.shows("\n> ", times=number)
            screen.type(f"{line}\n")
        await screen.shows("\n> ", times=4)
        screen.type(CTRL_D)
        assert await screen.end() == 0
    assert "error: LookupError: a bug\nThis is a bug, of the toolkit or of the provider" in screen.screen
    result = await toolkit.run("chat", "buggy", "break", "--json", "--base-url", origin)
    assert result.code == 1
    text, error = map(json.loads, result.out.splitlines())
    assert text == {"type": "text", "text": "so far"}
    assert error == {"type": "error", "error": "LookupError", "message": "LookupError: a bug", "text": ""}
