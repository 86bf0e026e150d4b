"""Makes the demo recordings that ship with the package, from the stand-in sites: `python -m tests.record_demos`.

`toolkit record` runs for each, inside a local network: a real browser visits the stand-in under its real host name,
the client makes one call, and both are recorded.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import toolkit
from tests.cli import forked
from tests.providers.conftest import DEPLOYMENTS, SITES, session_for
from toolkit.replay.local_network import LocalNetwork

FOLDER = Path(toolkit.__file__).parent / "recording" / "demos"
PROMPT = "Why is the sky blue? Answer in one sentence, with an emoji."
ANSWER = (
    *("Sun", "light", " is", " every", " colour", " at", " once", ",", " and", " the", " air", " scatters", " its"),
    *(" blue", " most", ":", " so", " blue", " comes", " from", " all", " over", " the", " sky", " 🌍", "☀️", "."),
)


async def record(name: str, folder: Path, gap: float = 0.04) -> Path:
    """Record the provider `name` into a file of `folder` by the command, and return its path. `gap` is the time between
    pieces, in seconds."""
    site = SITES[name]()
    site.answer, site.gap = list(ANSWER), gap
    path = folder / f"{name}.har"
    comment = f"The stand-in for {name} of this project's tests, under the site's real host name; made by a program."
    command = ["record", name, PROMPT, "-o", str(path), "--mode", "all", "--page", "--comment", comment]
    with TemporaryDirectory() as state:
        if name in DEPLOYMENTS:
            command += ["--base-url", DEPLOYMENTS[name]]
        if (session := session_for(name, site)).cookies:
            file = Path(state) / "state.json"
            file.write_text(json.dumps(session.to_storage_state()))
            command += ["--session", str(file)]
        async with LocalNetwork(apps=site.hosts()) as network:
            environ = {**os.environ, **network.environ(), "TOOLKIT_STATE_DIR": state}
            code, out, err = await forked.run(forked.Command(command, environ, os.getcwd()), b"")
    assert code == 0, err.decode()
    assert "".join(ANSWER) in out.decode()
    assert site.problems == [], site.problems
    path.chmod(0o644)  # it is made to be shipped
    return path


async def main() -> None:
    for name in SITES:
        print(await record(name, FOLDER))


if __name__ == "__main__":
    asyncio.run(main())
