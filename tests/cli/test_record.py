"""`toolkit record`: the answer on stdout as `toolkit chat` prints it, everything of its own on stderr."""

from __future__ import annotations

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.sites.aura import AuraSite
from toolkit.recording.files import load

Aura = tuple[AuraSite, str]


async def test_the_answer_is_all_of_stdout(toolkit: Toolkit, aura: Aura) -> None:
    """What the command says itself are notes; so too where there is nothing to do."""
    site, origin = aura
    command = ("record", "aura", "Hi", "-o", "a.har", "--base-url", origin)
    result = await toolkit.run(*command)
    assert (result.code, result.errors) == (0, [])
    assert result.out == "".join(site.answer) + "\n"
    entries = load(toolkit.folder / "a.har").entries
    visit = sum(isinstance(entry.pageref, str) for entry in entries)
    told = f"note: recorded in a.har: {len(entries)} exchanges, {visit} of them of the page"
    assert result.err.splitlines()[-1] == told
    again = await toolkit.run(*command)
    assert again == (0, "", "note: a.har is there already; --mode all records it anew\n")


async def test_a_terminal_shows_which_is_which(toolkit: Toolkit, aura: Aura) -> None:
    """The answer has lines of its own there as well."""
    site, origin = aura
    async with terminal(toolkit, "record", "aura", "Hi", "-o", "a.har", "--base-url", origin) as shown:
        assert await shown.end() == 0
    assert f"{''.join(site.answer)}\nnote: recorded in a.har: " in shown.screen
