"""Every fault against every provider, at the call that streams and at the first one."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.matrix import FAULTS, WIRES, detect_leaks, run
from tests.faults.outcomes import EXCEPTIONS


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_has_its_outcome(name: str) -> None:
    """The error that is declared for it, within its deadline, with what it has to tell; a next call is answered well,
    and no connection, task or warning is left."""
    async with detect_leaks() as left:
        results = await asyncio.gather(*(run(FAULTS[name], wire) for wire in WIRES))
    assert {wire.name: result.wrong for wire, result in zip(WIRES, results, strict=True) if result.wrong} == {}
    assert left == []


def test_there_are_many_faults() -> None:
    """At least 40, and the table of exceptions names none that there is not."""
    assert len(FAULTS) >= 40
    assert set(EXCEPTIONS) <= set(FAULTS)
