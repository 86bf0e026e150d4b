"""The page on sessions: its commands, here and at CI."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.readme.blocks import section
from tests.readme.reader import reading
from tests.sites.openassistant import OpenAssistantSite
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats.format_table import WRITABLE

SECTIONS = ("sessions.md#Look at sessions, export and import them", "sessions.md#In CI")
SITE = "https://assistant.example.org"


async def test_sessions(tmp_path: Path) -> None:
    """With one session, of somebody who is signed in: it is told, asked for, renewed, written and read; and handed to
    another machine, which has none."""
    assistant = OpenAssistantSite()
    async with reading(
        SECTIONS, tmp_path, {"assistant.example.org": assistant.app()}, forking=("toolkit", "python")
    ) as reader:
        cookies = {"__Secure-next-auth.session-token": assistant.login.new_token()}
        await reader.toolkit.keep(BrowserSession.from_cookie_values("openassistant", SITE, cookies))
        printed = await reader.shell("toolkit session list")
        assert SITE in printed
        assert json.loads((tmp_path / "state.json").read_text("utf-8"))["cookies"]

        here, there = reader.take("sh", "base64").text.splitlines()
        secret = {"TOOLKIT_SESSION_OPENASSISTANT": await reader.run(here)}
        printed = await reader.run(there, secret | {"TOOLKIT_STATE_DIR": str(tmp_path / "there")})
        assert printed.strip() == "".join(assistant.answer).strip()
        assert not (tmp_path / "there" / "sessions").exists()
    assert assistant.problems == []


def test_every_format_is_in_the_table() -> None:
    """Each that `export` writes, and what it holds."""
    rows = dict(re.findall(r"^\| `([a-z.-]+)`.* \| (everything|the cookies)", section(SECTIONS[0]), re.MULTILINE))
    assert rows == {known.name: "the cookies" if known.only_cookies else "everything" for known in WRITABLE}
