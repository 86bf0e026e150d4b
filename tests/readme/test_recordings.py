"""The page on recordings: pytest records, and from then on nothing else is needed."""

from __future__ import annotations

from pathlib import Path

from tests.readme.reader import reading
from tests.sites.aura import AuraSite

SECTIONS = ("recordings.md#Record with pytest", "recordings.md#Any other program", "recordings.md#From Python")
ANSWER = ["Air scatters ", "blue", " light most."]
SCRIPT = """
import toolkit

print(toolkit.chat("aura", "Why is the sky blue?", base_url="https://chat.example.org").text())
"""
CALL = """
import asyncio

print(asyncio.run(replayed("tests/aura.har")))
"""


async def test_recordings(tmp_path: Path) -> None:
    """What is recorded once answers a test, a program and a client, where there is no site and no browser."""
    aura = AuraSite()
    aura.answer = list(ANSWER)
    async with reading(SECTIONS, tmp_path, {"chat.example.org": aura.app()}) as reader:
        reader.write("python", "toolkit_client")
        recording, replaying = reader.take("sh", "pytest").text.splitlines()
        assert "1 passed" in await reader.run(recording)
        asked = len(aura.requests)
        away = reader.without_network()
        assert "1 passed" in await reader.run(replaying, away)

        (tmp_path / "my_script.py").write_text(SCRIPT, encoding="utf-8")
        assert await reader.shell("toolkit replay", away) == "".join(ANSWER) + "\n"

        defined = reader.write("python", "LocalNetwork", "replayed.py")
        with defined.open("a", encoding="utf-8") as file:
            file.write(CALL)
        assert await reader.run(f"python {defined}", away) == "".join(ANSWER) + "\n"
    assert aura.problems == []
    assert len(aura.requests) == asked
