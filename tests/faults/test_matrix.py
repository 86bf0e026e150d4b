"""Every fault against every provider, at the call that streams and at the first one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.faults import statuses
from tests.faults.matrix import FAULTS, WIRES, detect_leaks, run
from tests.faults.outcomes import EXCEPTIONS
from tests.faults.wires import Wire

STATUSES = [name for name, fault in FAULTS.items() if fault.strike.__module__ == statuses.__name__]
SHARE = 3  # of the providers a third gets a status every day, another third the next one


@pytest.mark.parametrize(
    ("name", "wires"),
    [
        *(pytest.param(name, WIRES, id=name) for name in FAULTS if name not in STATUSES),
        *(pytest.param(name, WIRES[n % SHARE :: SHARE], id=name) for n, name in enumerate(STATUSES)),
        *(pytest.param(name, WIRES, id=f"{name}, all", marks=pytest.mark.exhaustive) for name in STATUSES),
    ],
)
async def test_a_fault_has_its_outcome(name: str, wires: Sequence[Wire]) -> None:
    """The error that is declared for it, within its deadline, with what it has to tell; a next call is answered well,
    and no connection, task or warning is left."""
    async with detect_leaks() as left:
        results = await asyncio.gather(*(run(FAULTS[name], wire) for wire in wires))
    assert {wire.name: result.wrong for wire, result in zip(wires, results, strict=True) if result.wrong} == {}
    assert left == []


def test_there_are_many_faults() -> None:
    """At least 40, and the table of exceptions names none that there is not."""
    assert len(FAULTS) >= 40
    assert set(EXCEPTIONS) <= set(FAULTS)
