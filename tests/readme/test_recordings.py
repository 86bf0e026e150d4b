"""The page on recordings: pytest records, and from then on nothing else is needed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.adoption.programs import ANSWER as CHROME_ANSWER
from tests.adoption.programs import chrome
from tests.readme.reader import FORKING, reading
from tests.sites.aura import AuraSite
from toolkit.cli.replay_source import load_demo
from toolkit.recording.files import save

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
AGED = "recordings.md#Recordings that age"
AGED_TEST = """
import pytest

@pytest.mark.asyncio
@pytest.mark.recording("aura.har")
async def test_the_sky(toolkit_client):
    await toolkit_client.chat("Why is the sky blue? Answer in one sentence, with an emoji.").text()
"""


async def test_recordings(tmp_path: Path) -> None:
    """What is recorded once answers a test, a program and a client, where there is no site and no browser."""
    aura = AuraSite()
    aura.answer = list(ANSWER)
    async with reading(SECTIONS, tmp_path, {"chat.example.org": aura.app()}, forking=FORKING) as reader:
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


async def test_a_recording_of_another_program(tmp_path: Path) -> None:
    """Two commands make one of ours of it, and play it."""
    (tmp_path / "devtools.har").write_bytes(chrome())
    (tmp_path / "tests").mkdir()
    async with reading("recordings.md#Recordings of other programs", tmp_path, {}, forking=["toolkit"]) as reader:
        told = await reader.shell("recording adopt", reader.without_network())
        assert told == f'answer="{CHROME_ANSWER}"\n{CHROME_ANSWER}\n'


async def test_a_recording_that_has_aged(tmp_path: Path) -> None:
    """With the ini file's lines, a test of an old recording fails."""
    recorded = load_demo("aura")
    for entry in recorded.entries:
        entry.started -= timedelta(days=9999)
    save(recorded, tmp_path / "aura.har")
    (tmp_path / "test_aura.py").write_text(AGED_TEST, encoding="utf-8")
    async with reading(AGED, tmp_path, {}, forking=["pytest"]) as reader:
        process = await reader.start("pytest test_aura.py")
        assert b"1 passed" in (await process.communicate())[0]
        reader.write("ini", "toolkit_max_age", "pytest.ini")
        process = await reader.start("pytest test_aura.py")
        assert b"90 days are allowed" in (await process.communicate())[0]
