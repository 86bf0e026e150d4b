"""A harvest: `tests.sessions.benchmark`, whose exit code tells whether its own bounds are kept."""

from __future__ import annotations

import asyncio
import sys

from tests.benchmarks.results import OURS, Bar, Result, Scale

MISSED = "bounds missed"


async def harvest(_: str, scale: Scale) -> list[Result]:
    """Cold, warm, and many at once, against a bare Playwright script."""
    command = (sys.executable, "-m", "tests.sessions.benchmark", str(scale.rounds))
    process = await asyncio.create_subprocess_exec(*command)
    failed = float(await process.wait() != 0)
    return [Result("harvest", "harvest (the lines above)", "missed", {OURS: [failed], MISSED: [0.0]},
                   (Bar(MISSED, 0, over=True),))]  # fmt: skip
