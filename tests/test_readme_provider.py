"""The README's "Writing a provider" works as it stands: its files, its commands, its test."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tomllib
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from tests.sites.asking import SECONDS
from tests.sites.mysite import ANSWER, PASSWORD, USER, application
from tests.sites.serving import serve
from tests.test_readme import README
from toolkit.session import BrowserSession
from toolkit.stores import Key
from toolkit.stores.file import FileStore

SECTION = README.split("## Writing a provider")[1].split("\n## ")[0]
PLACE = "https://chat.example.org"


async def logged_in(origin: str) -> BrowserSession:
    """What `toolkit login` would have kept; a window is not opened here."""
    async with aiohttp.ClientSession() as http:
        form = {"email": USER, "password": PASSWORD}
        async with http.post(f"{origin}/login", data=form, allow_redirects=False) as answer:
            return BrowserSession.from_cookie_values("mysite", origin, {"session": answer.cookies["session"].value})


def write_files(folder: Path, origin: str) -> list[str]:
    """The files that the section shows, by the name in their first line, with the address of the site. What pip makes
    of the package is written here: nothing is fetched in a test."""
    written = []
    for text in re.findall(r"```(?:python|toml)\n(.*?)```", SECTION, re.DOTALL):
        name = text.split("\n")[0].removeprefix("# ")
        (folder / name).write_text(text.replace(PLACE, origin), encoding="utf-8")
        written.append(name)
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (registered,) = project["entry-points"].items()
    info = folder / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{registered[0]}]", *(f"{name} = {place}" for name, place in registered[1].items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return written


async def run(line: str, folder: Path) -> str:
    """Run a line of a shell block as a reader does, with the environment active, and give what it printed."""
    known = {name: os.environ[name] for name in ("SYSTEMROOT", "PLAYWRIGHT_BROWSERS_PATH") if name in os.environ}
    environ = {
        **known,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
        "HOME": str(folder),
        "TOOLKIT_STATE_DIR": str(folder / "state"),
        "LANG": "C.UTF-8",
    }
    process = await asyncio.create_subprocess_shell(line, cwd=folder, env=environ, stdout=PIPE, stderr=STDOUT)
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, f"{line}\n{output.decode()}"
    return output.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are a shell's")
async def test_writing_a_provider(tmp_path: Path, chromium: Browser) -> None:
    """Followed line by line, but for the installation and the window: the provider is listed, answers, is recorded by a
    real browser, and keeps the contract."""
    (block,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    install, login, *lines = block.splitlines()
    assert install.startswith("python3 -m venv")
    assert login == "toolkit login mysite"
    async with serve(application()) as origin:
        assert write_files(tmp_path, origin) == ["mysite.py", "pyproject.toml", "test_mysite.py"]
        await FileStore(tmp_path / "state" / "sessions").save(Key("mysite", origin), await logged_in(origin))
        assert f"mysite {origin}" in " ".join((await run("toolkit providers", tmp_path)).split())
        told = [await run(line, tmp_path) for line in lines]
    assert told[0].strip() == "".join(ANSWER)
    assert "".join(ANSWER) in told[1]
    assert "1 passed" in told[2]


def test_the_provider_is_about_thirty_lines() -> None:
    """As it is promised."""
    text = re.findall(r"```python\n# mysite.py\n(.*?)```", SECTION, re.DOTALL)[0]
    assert len([line for line in text.splitlines() if line]) < 31
