"""Makes the demo recordings that ship with the package, from the stand-in sites: `python -m tests.record_demos`.

`toolkit record` runs for each, inside a local network: a real browser visits the stand-in under its real host name,
the client makes one call, and both are recorded.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from tempfile import TemporaryDirectory

import toolkit
from tests.sites.aichatonline import AiChatOnlineSite
from tests.sites.aura import AuraSite
from tests.sites.base import Site
from tests.sites.codelinkava import CodeLinkAvaSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.recording.network import LocalNetwork
from toolkit.session import BrowserSession

FOLDER = Path(toolkit.__file__).parent / "recordings"
PROMPT = "Why is the sky blue? Answer in one sentence, with an emoji."
ANSWER = (
    *("Sun", "light", " is", " every", " colour", " at", " once", ",", " and", " the", " air", " scatters", " its"),
    *(" blue", " most", ":", " so", " blue", " comes", " from", " all", " over", " the", " sky", " 🌍", "☀️", "."),
)
SITES: dict[str, type[Site]] = {
    "aura": AuraSite,
    "codelinkava": CodeLinkAvaSite,
    "aichatonline": AiChatOnlineSite,
    "openassistant": OpenAssistantSite,
}


async def record(name: str, folder: Path, gap: float = 0.04) -> Path:
    """Record the provider `name` into a file of `folder` by the command, and return its path. `gap` is the time between
    pieces, in seconds."""
    site = SITES[name]()
    site.answer, site.gap = list(ANSWER), gap
    path = folder / f"{name}.har"
    comment = f"The stand-in for {name} of this project's tests, under the site's real host name; made by a program."
    command = ["record", name, PROMPT, "-o", str(path), "--mode", "all", "--comment", comment]
    with TemporaryDirectory() as state:
        if isinstance(site, OpenAssistantSite):
            command += ["--session", str(signed_in(site, Path(state)))]
        async with LocalNetwork(apps=site.hosts()) as network:
            environ = {**os.environ, **network.environ(), "TOOLKIT_STATE_DIR": state}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "toolkit", *command, env=environ, stdout=PIPE, stderr=STDOUT
            )
            output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "".join(ANSWER) in output.decode()
    assert site.problems == [], site.problems
    path.chmod(0o644)  # it is made to be shipped
    return path


def signed_in(site: OpenAssistantSite, folder: Path) -> Path:
    """A storage state of somebody who has logged in, as a file."""
    cookies = {"__Secure-next-auth.session-token": site.login.new_token()}
    session = BrowserSession.from_cookie_values("openassistant", "https://open-assistant.io", cookies)
    file = folder / "state.json"
    file.write_text(json.dumps(session.to_storage_state()))
    return file


async def main() -> None:
    for name in SITES:
        print(await record(name, FOLDER))


if __name__ == "__main__":
    asyncio.run(main())
