"""The README's "From a shell"."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import absent
from tests.readme.reader import reading
from tests.sites.aura import AuraSite
from tests.sites.openwebui import MODELS, OpenWebUISite
from toolkit.session.value import BrowserSession

CHANGE = "git init -q && echo old > file && git add file && echo new > file"


async def test_from_a_shell(tmp_path: Path) -> None:
    """Where there is a session for one deployment of Open WebUI, and a change in a repository."""
    if shutil.which("git") is None:
        absent("There is no git.")
    webui, aura = OpenWebUISite(), AuraSite()
    apps = {"webui.example.org": webui.app(), "chat.example.org": aura.app()}
    async with reading("From a shell", tmp_path, apps) as reader:
        await reader.run(CHANGE)
        cookies = {"token": webui.new_token()}
        session = BrowserSession.from_cookie_values("openwebui", "https://webui.example.org", cookies)
        await reader.toolkit.keep(session)
        printed = await reader.shell("toolkit providers")
    assert "openwebui" in printed
    _, models = printed.split(f"{''.join(aura.answer)}\n" * 2)
    assert models.startswith(MODELS[0])
    assert models.endswith(f"{''.join(webui.answer)}\n")
    asked = [seen.body for seen in aura.calls("/api/chat")]
    assert asked[1]["prompt"] == "Write a commit message."
    assert "+new" in asked[1]["messages"][0]["content"]
    assert webui.problems + aura.problems == []
