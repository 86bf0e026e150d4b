"""What a command leaves of a visit that failed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from tests.browser.places import html, site
from tests.cli.conftest import Toolkit
from tests.sites.serving import serve


async def test_the_error_says_where_to_look(toolkit: Toolkit) -> None:
    """A picture each time, and with `--trace` what was done; both in the state folder."""
    hasty = {"TOOLKIT_BROWSERS": toolkit.file("b.json", {"default": "it", "profiles": {"it": {"ready_timeout_ms": 1}}})}
    async with serve(site(html("closed"))) as origin:
        for wish in ((), ("--trace",)):
            result = await toolkit.run("harvest", "aura", "--base-url", origin, *wish, env=hasty)
            assert result.code == 1
            files = [Path(name) for name in re.findall(r"\S+failures\S+\.(?:png|zip)", result.err)]
            assert [path.suffix for path in files] == [".png", ".zip"][: 1 + len(wish)]
            assert {path.parent for path in files} == {toolkit.state / "failures"}
            assert all(path.is_file() for path in files)
        with zipfile.ZipFile(files[1]) as trace:
            assert f"{origin}/" in trace.read("trace.trace").decode()
