"""The contract of providers, for a test of any framework."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from toolkit.errors import RecordingError
from toolkit.har.model import Recording
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.recording.files import load
from toolkit.testing.contract_checks import SHOWN, ContractCheck


def provider_contract(
    provider: str | type[Provider],
    recording: Path | str | Recording,
    *,
    answer: str | None = None,
    error_events: Iterable[bytes] = (),
) -> None:
    """Check that `provider` fulfils the contract of providers. To be called in a test, of any framework:

        def test_contract():
            provider_contract(MySite, "mysite.har", answer="The answer that was recorded.")

    `recording` is a recording, or the path of a file that `toolkit record` made, relative to the file of the caller.
    `answer` is the recorded answer; without it, any text will do. `error_events` are bytes by which the site reports a
    failure within an answer, besides those that the provider names itself (`Provider.error_events`). The contract has
    these laws:

    - the replayed call sends the recorded requests and gives the recorded answer;
    - the text does not depend on the chunks in which the bodies arrive;
    - an answer that ends after any of its last frames, though the connection ends well, is an error unless its text is
      whole; not checked of a site without an end marker (`Provider.marks_end`);
    - a WebSocket that ends after any of its last frames, by whatever code, or is lost, is an error likewise; where the
      site marks no end in its frames, code 1000 is the end;
    - a failure that the site reports within an answer is an error;
    - a session that the site refuses at any request of the call is a `LoginRequired`;
    - a call that is cancelled at any of its requests, or whose answer is left half-read, ends at once: it closes its
      connection and deletes what it created at the site (by the requests that were recorded after the answer);
    - whatever goes wrong at any of its requests (see `toolkit.testing.fault_injection`), the call raises a
      `ToolkitError`, and neither another error nor an answer that looks complete;
    - the call leaves no task and no warning behind.

    Raises `AssertionError` with each violation, its request and its fault; `RecordingError` and `UsageError` if the
    recording cannot be used. The checks run in a thread and an event loop of their own.
    """
    if not isinstance(recording, Recording):
        caller = sys._getframe(1).f_globals.get("__file__")
        path = Path(caller).parent / recording if caller else Path(recording)
        if not path.exists():
            raise RecordingError(f"There is no recording {path}.", hint="Make it by `toolkit record`.")
        recording = load(path)
    kind = registry.find(provider) if isinstance(provider, str) else provider
    check = ContractCheck(kind, recording, answer, tuple(error_events))
    with ThreadPoolExecutor(1) as pool:
        violations = pool.submit(asyncio.run, check.run()).result()
    if violations:
        more = [f"and {len(violations) - SHOWN} more"] if len(violations) > SHOWN else []
        raise AssertionError("\n- ".join([f"{kind.__name__} does not keep to:", *violations[:SHOWN], *more]))
