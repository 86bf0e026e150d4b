"""`python -m tests.faults [PART OF A NAME]`: every fault against every provider, as a table."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from tests.faults.matrix import FAULTS, WIRES, Result, detect_leaks, run

AT_ONCE = 16
STUCK = 120.0  # seconds


async def main(part: str) -> int:
    """Run the faults whose name has `part` in it; the exit code."""
    logging.getLogger("toolkit").setLevel(logging.CRITICAL)
    chosen = [fault for fault in FAULTS.values() if part in fault.name]
    width = max((len(fault.name) for fault in chosen), default=0)
    seats, start = asyncio.Semaphore(AT_ONCE), time.perf_counter()

    async def one(fault: str, wire: int) -> Result:
        async with seats:
            try:
                async with asyncio.timeout(STUCK):
                    return await run(FAULTS[fault], WIRES[wire])
            except Exception as error:  # noqa: BLE001 - the table tells it, and goes on
                return Result(type(error).__name__, 0.0, f"{error!r} escaped.")

    async with detect_leaks() as left:
        pairs = [(fault.name, wire) for fault in chosen for wire in range(len(WIRES))]
        results = dict(zip(pairs, await asyncio.gather(*(one(*pair) for pair in pairs)), strict=True))
    print(f"{'':{width}}", *(f"{wire.name:26}" for wire in WIRES))
    for fault in chosen:
        row = [results[fault.name, wire] for wire in range(len(WIRES))]
        cells = (f"{'!' if result.wrong else ' '}{result.outcome} {result.seconds:.2f}s" for result in row)
        print(f"{fault.name:{width}}", *(f"{cell:26}" for cell in cells))
    wrong = [f"{name}, {WIRES[wire].name}: {result.wrong}" for (name, wire), result in results.items() if result.wrong]
    print(f"\n{len(chosen)} faults, {len(results)} cases, {len(wrong)} wrong, {time.perf_counter() - start:.1f} s")
    print(*wrong, *(f"left behind: {one}" for one in left), sep="\n")
    return 1 if wrong or left else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(" ".join(sys.argv[1:]))))
