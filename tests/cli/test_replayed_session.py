"""Replay of recordings that were made with a session that there was already: what gives none is not visited for it."""

from __future__ import annotations

import json
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Toolkit
from tests.record_demos import ANSWER
from toolkit.har.model import RecordedSession
from toolkit.recording.files import load, save
from toolkit.session.browser_session import BrowserSession

DEMOS = files("toolkit") / "recording" / "demos"


def of_calls_alone(name: str, path: Path) -> str:
    """The demo as a client records it that has its session already: the page is not visited."""
    recording = load(Path(str(DEMOS / f"{name}.har")))
    recording.entries = [entry for entry in recording.entries if not isinstance(entry.pageref, str)]
    recording.session = recording.session or RecordedSession.from_session(
        BrowserSession(provider=name, origin="https://a.example")
    )
    save(recording, path)
    return str(path)


def of_a_page_that_sets_nothing(name: str, path: Path) -> str:
    """The demo as it is of a site that sets no cookie to somebody who is signed in."""
    document: dict[str, Any] = json.loads((DEMOS / f"{name}.har").read_text(encoding="utf-8"))
    for entry in document["log"]["entries"]:
        kept = [one for one in entry["response"]["headers"] if one["name"].lower() != "set-cookie"]
        entry["response"].update(headers=kept, cookies=[])
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["aura", "openassistant", "openwebui"])
async def test_a_recording_without_a_visit(toolkit: Toolkit, tmp_path: Path, name: str) -> None:
    """A chat begins with the session of the recording. There is nothing to harvest: that is said before any browser is
    started, with the command that does work."""
    file = of_calls_alone(name, tmp_path / "my calls.har")
    nobody = toolkit.without_browser()
    result = await toolkit.run("harvest", name, f"--replay={file}", env=nobody)
    assert (result.code, result.out) == (1, "")
    (told,) = result.errors
    assert told.startswith(f"error: {name}: No visit of the page is recorded. `toolkit chat {name} --replay=")
    assert told.endswith("` asks with the session that the recording has.")
    result = await toolkit.run(*shlex.split(told.split("`")[1])[1:], env=nobody)
    assert (result.code, result.out, result.errors) == (0, "".join(ANSWER) + "\n", [])
    assert await toolkit.store.sessions() == {}


async def test_a_page_that_gives_no_session(toolkit: Toolkit, tmp_path: Path) -> None:
    """The recorded session stands in for the login that its page had; nobody waits for a cookie that does not come."""
    file = of_a_page_that_sets_nothing("openassistant", tmp_path / "quiet.har")
    result = await toolkit.run("chat", "openassistant", f"--replay={file}", env=toolkit.without_browser())
    assert (result.code, result.out, result.errors) == (0, "".join(ANSWER) + "\n", [])
    result = await toolkit.run("harvest", "openassistant", f"--replay={file}")
    assert (result.code, result.errors) == (0, [])
    assert "__Secure-next-auth.session-token" in result.out


async def test_a_visit_of_somewhere_else(toolkit: Toolkit, tmp_path: Path) -> None:
    """A request that a visit lacks is told with what the recording is good for: a chat."""
    path = tmp_path / "else.har"
    path.write_text((DEMOS / "aura.har").read_text(encoding="utf-8"), encoding="utf-8")
    result = await toolkit.run("harvest", "aura", "--base-url", "https://openchat.team/none", f"--replay={path}")
    assert (result.code, result.out) == (1, "")
    assert "No recorded exchange answers this GET" in result.errors[0]
    assert result.errors[0].endswith(
        f"`toolkit chat aura --replay={path}` asks with the session that the recording has."
    )
