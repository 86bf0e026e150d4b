"""Many streams at once in one process. `python -m tests.benchmarks.crowd PEER URL STREAMS` is such a process."""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.results import OURS, Bar, Result, Scale
from tests.benchmarks.upstream import PIECE

FRAMES, GAP = 20, 500
NAMES = (OURS, peers.RAW, peers.HAND)


async def crowd(root: str, scale: Scale, streams: int) -> list[Result]:
    """`streams` at once, each of a frame every half second, in a new process for each peer and round."""
    url = f"{root}/sse/{scale.of(FRAMES)}/1/{GAP}"
    cpu: dict[str, list[float]] = {name: [] for name in NAMES}
    memory: dict[str, list[float]] = {name: [] for name in NAMES}
    grown: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(max(1, scale.rounds // 2)):
        for name in NAMES:
            command = (sys.executable, "-m", "tests.benchmarks.crowd", name, url, str(streams))
            process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
            output, _ = await process.communicate()
            told = json.loads(output)
            due = 0 if name == peers.RAW else scale.of(FRAMES) * len(PIECE)
            assert told["read"] == [due] * streams, f"{name} did not complete {streams} streams"
            cpu[name].append(told["cpu"] / streams * 1000)
            memory[name].append(told["peak"] / 1024)
            grown[name].append((told["peak"] - told["before"]) / streams)
    bars = (Bar(peers.RAW, 1.3),) if streams == 1000 else ()
    name, title = f"streams-{streams}", f"{streams:,} paced streams in one process"
    return [
        Result(name, f"{title}, CPU per stream", "ms", cpu, bars),
        Result(f"{name}-memory", f"{title}, peak memory of the process", "MB", memory, bars),
        Result(f"{name}-each", f"{title}, memory per stream", "KB", grown),
    ]


async def one(root: str, scale: Scale) -> list[Result]:
    return await crowd(root, scale, 1)


async def hundred(root: str, scale: Scale) -> list[Result]:
    return await crowd(root, scale, 100)


async def thousand(root: str, scale: Scale) -> list[Result]:
    return await crowd(root, scale, 1000)


def memory_now() -> int:
    """The resident memory of this process in KB (the peak so far where the system does not tell)."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmRSS:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def peak_memory() -> int:
    """The most resident memory that this process has had, in KB."""
    status = Path("/proc/self/status")  # what `getrusage` says includes the process that started this one
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def worker(name: str, url: str, streams: int) -> None:
    async with peers.opened(url, (name,)) as readers:
        gc.collect()
        gc.freeze()  # what is loaded is not what is measured
        before, start = memory_now(), time.process_time()
        read = await asyncio.gather(*(readers[name]() for _ in range(streams)))
        cpu = time.process_time() - start
    print(json.dumps({"read": read, "cpu": cpu, "before": before, "peak": peak_memory()}))


def main() -> None:
    name, url, streams = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(worker(name, url, int(streams)))


if __name__ == "__main__":
    main()
