"""The README's "Chat": from a shell, and from Python with an image."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.conftest import absent
from tests.readme.reader import reading
from tests.readme.whole_site import PNG, WholeSite, answer

CHANGE = "git init -q && echo old > file && git add file && echo new > file"


async def test_chat(tmp_path: Path) -> None:
    """The shell gets text, events and models; Python also what the site has said besides the text."""
    if shutil.which("git") is None:
        absent("There is no git.")
    webui = WholeSite(*[answer({"reasoning_content": "Light."}, {"content": "It is "}, {"content": "blue."})] * 4)
    (tmp_path / "photo.png").write_bytes(PNG)
    async with reading(
        "README.md#Chat", tmp_path, {"webui.example.org": webui.app()}, forking=("toolkit", "python")
    ) as reader:
        await reader.sign_in(webui)
        await reader.run(CHANGE)
        lines = (await reader.shell("toolkit chat", reader.toolkit.without_browser())).splitlines()
        printed = await reader.python("toolkit.Image", reader.toolkit.without_browser())
    assert lines[:2] == ["It is blue."] * 2
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert events[-1] == {"type": "finished", "reason": "stop"}
    assert lines[-len(webui.models) :] == list(webui.models)
    assert printed.startswith("It is blue.stop Usage(prompt_tokens=12,")
    assert "Light. (Source(title='Sky'," in printed
    commit, image = webui.bodies[1]["messages"], webui.bodies[3]["messages"][0]["content"][1]
    assert commit[0] == {"role": "system", "content": "Write a commit message."}
    assert "+new" in commit[1]["content"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert webui.problems == []
