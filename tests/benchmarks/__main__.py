"""Peers side by side on one local upstream: `python -m tests.benchmarks [ROW ...] [--json FILE]`.

CPU time and memory are compared within one run only, all peers in turns. The exit code is 1 where a bar is missed.
What is not installed is left out and said: `pip install 'provider-toolkit[bench]'`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import crowd, decoding, latency, processes, redacting, replaying, serving, sockets, thinking
from tests.benchmarks.allocator import keep_freed_memory
from tests.benchmarks.harvesting import harvest
from tests.benchmarks.peers import ABSENT
from tests.benchmarks.results import Result, Scale
from tests.benchmarks.servers import LITELLM, LITELLM_VARIABLE, litellm, raise_file_limit
from tests.benchmarks.table import show
from tests.benchmarks.upstream import upstream

Row = Callable[[str, Scale], Awaitable[list[Result]]]

ROWS: dict[str, Row] = {
    "bursts": decoding.bursts,
    "reasoning": thinking.bursts,
    "paced": decoding.paced,
    "text": decoding.plain,
    "linear": decoding.linear,
    "socket": sockets.socket,
    "redaction": redacting.redaction,
    "first-piece": latency.first_piece,
    "replayed-socket": replaying.replayed_socket,
    "streams-1": crowd.one,
    "streams-100": crowd.hundred,
    "streams-1000": crowd.thousand,
    "chat-process": processes.chat,
    "help-process": processes.help_,
    "serve": serving.serving,
    "serve-many": serving.many,
    "serve-first-piece": serving.first_piece,
    "harvest": harvest,
}
PACKAGES = ("provider-toolkit", "aiohttp", "msgspec", "httpx", "httpx-sse", "openai")


async def run(rows: Iterable[str], scale: Scale) -> list[Result]:
    """The results of `rows`, each shown as soon as it is there."""
    results: list[Result] = []
    async with upstream() as root:
        for row in rows:
            gc.collect()
            gc.freeze()  # what is loaded is not what is measured
            found = await ROWS[row](root, scale)
            for result in found:
                show(result)
            results += found
    return results


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which to run (all): {', '.join(ROWS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, every sample of them")
    parser.add_argument("--rounds", type=int, default=9, help="how often each peer has its turn (%(default)s)")
    parser.add_argument("--size", type=float, default=1.0, help="how much work a turn is, as a share of the usual")
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if ABSENT:
        print(f"not installed, left out: {', '.join(ABSENT)} (pip install 'provider-toolkit[bench]')")
    absent = list(ABSENT)
    if litellm() is None:
        absent.append(LITELLM)
        print(f"not installed, left out: {LITELLM} ({LITELLM_VARIABLE} names its command)")
    keep_freed_memory()
    raise_file_limit()
    results = asyncio.run(run(options.rows or ROWS, Scale(options.rounds, options.size)))
    if options.json:
        document = {"versions": versions(), "absent": absent, "results": [result.as_dict() for result in results]}
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    missed = [result.name for result in results if result.missed()]
    print(f"missed: {', '.join(missed)}" if missed else "every bar is kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
