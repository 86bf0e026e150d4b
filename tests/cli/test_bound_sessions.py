"""Sessions that their site binds to the browser: each command that shows or hands one out says what that means."""

from __future__ import annotations

import json

from tests.cli.conftest import Toolkit
from tests.cli.test_session import SECRET, SITE, session

TOLD = "binds its session to the browser by a key that stays there: elsewhere it lasts minutes"
TODO = f"`toolkit login openassistant --base-url {SITE} --cdp http://127.0.0.1:9222`"


async def test_a_bound_session_is_told(toolkit: Toolkit) -> None:
    """By `list`, `show`, `doctor` and `export`, with the way to use it; of others nothing is said."""
    await toolkit.keep(session(device_bound=True))
    await toolkit.keep(session("work"))
    for command in ("list", "show openassistant", "export openassistant"):
        result = await toolkit.run("session", *command.split())
        assert result.code == 0
        (note,) = [line for line in result.err.splitlines() if TOLD in line]
        assert note.startswith(f"note: openassistant {SITE}: ")
        assert TODO in note
        assert SECRET not in result.err
    rows = json.loads((await toolkit.run("session", "list", "--json")).out)
    assert [row["kind"] for row in rows] == ["bound", "browser"]
    report = json.loads((await toolkit.run("doctor", "--json", env=toolkit.without_browser())).out)
    (check,) = (check for check in report if TOLD in check["what"])
    assert (check["state"], TODO in check["todo"]) == ("note", True)
    result = await toolkit.run("session", "show", "openassistant", "--account", "work")
    assert TOLD not in result.err


async def test_a_copy_of_a_bound_session_is_known_as_one(toolkit: Toolkit) -> None:
    """What an export of it makes elsewhere is told there too."""
    await toolkit.keep(session(device_bound=True))
    exported = (await toolkit.run("session", "export", "openassistant")).out
    await toolkit.run("session", "import", "openassistant", "--account", "copy", stdin=exported)
    shown = await toolkit.run("session", "show", "openassistant", "--account", "copy")
    assert "kind:      bound\n" in shown.out
    assert TOLD in shown.err
