"""What the tests of this folder have in common: small recordings, and reading an answer chunk by chunk."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from toolkit.har.message_builders import Headers, make_request, make_response
from toolkit.har.model import Entry, Recording, Timings
from toolkit.replay.local_network import LocalNetwork

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
SITE = "https://chat.example"
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
CHUNKED = [("Transfer-Encoding", "chunked")]


def captures() -> list[Any]:
    """Every recorded exchange beside the project, as a pytest parameter; one that is skipped where there are none.

    Not `page-traffic`: what a page sent by and by, shortened by hand, so that its bodies have other sizes than it says.
    Nor files of WebSockets alone, which are not read yet.
    """
    files = sorted(file for file in CAPTURES.glob("*/*.har") if file.stem != "page-traffic" and _has_http(file))
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no folder of captures beside the project"))]
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in files]


def _has_http(file: Path) -> bool:
    entries = json.loads(file.read_bytes())["log"]["entries"]
    return any(one["request"]["url"].startswith("http") for one in entries)


def entry(
    method: str = "GET",
    url: str = f"{SITE}/",
    *,
    sent: bytes = b"",
    sent_type: str = "application/json",
    status: int = 200,
    reason: str = "OK",
    headers: Headers = (),
    body: bytes | list[tuple[float, bytes]] = b"",
    error: str | None = None,
    wait: float = 0.0,
) -> Entry:
    """One recorded exchange; a `body` of pieces is a chunked answer."""
    headers = [*headers, *(CHUNKED if isinstance(body, list) else [("Content-Length", str(len(body)))])]
    return Entry(
        started=STARTED,
        request=make_request(method, url, [("Content-Type", sent_type)] if sent else [], sent),
        response=make_response(status, reason, headers, body),
        timings=Timings(wait=wait),
        error=error,
    )


def replaying(*entries: Entry, **options: Any) -> LocalNetwork:
    return LocalNetwork(recording=Recording(entries=list(entries)), **options)


def client(network: LocalNetwork) -> aiohttp.ClientSession:
    """A bare aiohttp session in `network`."""
    return aiohttp.ClientSession(**network.session_options(), cookie_jar=aiohttp.DummyCookieJar())


async def read_chunks(response: aiohttp.ClientResponse, into: list[bytes], until: int | None = None) -> None:
    """Read the body to its end, or until it has `until` bytes, one item per HTTP chunk. What arrived stays in `into`
    when it raises."""
    fresh = True
    async for data, complete in response.content.iter_chunks():
        if data:
            if fresh:
                into.append(data)
            else:
                into[-1] += data
            fresh = False
        fresh = fresh or complete
        if until is not None and sum(map(len, into)) >= until:
            return


async def assert_hangs(response: aiohttp.ClientResponse) -> None:
    """Neither more of the body nor its end comes."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(response.content.readany(), 0.05)
