"""Where a visit that failed can be looked at."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from tests.browser.places import HOST, TRUSTING, html, site
from toolkit.client import failed_visit_files
from toolkit.client.client import Client
from toolkit.errors import HarvestFailed
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLKIT_STATE_DIR", str(tmp_path))
    return tmp_path / "failures"


def test_few_are_kept_and_for_nobody_else(state: Path) -> None:
    """The latest stay; files are 0600 in a folder that is 0700, whoever made it."""
    state.mkdir(mode=0o755)
    paths = [failed_visit_files.save(f"{number}.png", b"x") for number in range(failed_visit_files.MAX_FILES + 3)]
    assert sum(path.exists() for path in paths) == failed_visit_files.MAX_FILES
    assert paths[-1].read_bytes() == b"x"
    if sys.platform != "win32":
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}


async def test_the_error_of_a_client_says_where(chromium: Browser, state: Path) -> None:
    """A picture and, where one is wanted, a trace."""
    profile = replace(TRUSTING, ready_timeout_ms=1)
    async with LocalNetwork(apps={HOST: site(html("no chat here"))}) as local:
        client = Client(
            "aura",
            base_url=f"https://{HOST}",
            browser=chromium,
            profile=profile,
            route=local.route,
            store=MemoryStore(),
        )
        with pytest.raises(HarvestFailed, match="A picture of the page: ") as caught:
            await client.harvest()
    (path,) = map(Path, re.findall(r"\S+\.png", str(caught.value)))
    assert path.parent == state
    assert path.read_bytes().startswith(b"\x89PNG")
