"""Several servers that are one to their clients: a real Redis and a real HAProxy between three replicas that die."""

from __future__ import annotations

import sys

import pytest

from tests.real.replicas.load import SHORT, STUCK, WHOLE
from tests.real.replicas.trial import trial

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="servers for POSIX")


async def test_replicas_that_are_killed_under_load() -> None:
    """No answer is short without an error, and no call is stuck; no account has two calls at once where it may have
    one; a session is renewed once, unless who has renewed it was killed before it was stored; a pause that a site asks
    for is kept by all, unless the one who was asked to was killed before it was noted."""
    figures = await trial(3, clients=24, turns=5, many=2, seed=3)
    assert figures.results[WHOLE] > 20, figures
    assert figures.signals["SIGKILL"] >= 2, figures
    assert (figures.results[SHORT], figures.results[STUCK]) == (0, 0), figures
    assert figures.site["double calls"] == 0, figures
    assert figures.site["renewals"] > 0, figures
    assert figures.repeated == [], figures
    assert figures.site["calls in a pause"] <= figures.signals["SIGKILL"], figures
    known = {WHOLE, "broken", "balancer", "rate_limited", "store_failed", "shutting_down"}  # the last on a busy machine
    assert {result.split()[-1] for result in figures.results} <= known, figures


async def test_a_restart_of_all_replicas() -> None:
    """One after the other: no call fails by that, streamed or not, waiting or under way."""
    figures = await trial(None, clients=8, turns=4, many=2)
    assert figures.signals == {"SIGTERM": 3}
    assert figures.results[WHOLE] > 20, figures
    assert set(figures.results) <= {WHOLE, "429 rate_limited"}, figures
    assert figures.site["double calls"] == 0, figures
    assert figures.repeated == [], figures
    assert figures.site["calls in a pause"] == 0, figures
