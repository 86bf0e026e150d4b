"""A Playwright trace without secrets: only what is known to hold none is taken over, and then it is searched.

Pure: from the trace that Playwright wrote, without snapshots, to the one that is kept. Its network entries hold bodies
and cookies, so they are not asked for; what is told of the network is method, address, status and time.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, unquote

from toolkit.errors import redact_url

# Which fields of which lines. Not among them: what calls returned, what pages logged, expressions and their arguments.
LINES: dict[str, tuple[str, ...]] = {
    "context-options": (
        *("type", "version", "origin", "browserName", "playwrightVersion", "platform", "wallTime", "monotonicTime"),
        "sdkLanguage",
    ),
    "before": ("type", "callId", "startTime", "class", "method", "title", "params"),
    "after": ("type", "callId", "endTime", "error"),
    "log": ("type", "callId", "time", "message"),
    "event": ("type", "time", "class", "method"),
}
PARAMS = ("url", "selector", "timeout", "waitUntil", "state")
TOLD = re.compile(r"\s*(navigat|waiting for|taking|\"?(dom)?content|load)")  # logs that show no element of the page
HIDDEN = "(hidden)"


class Answer(NamedTuple):
    """How a request went: `status` is 0 where there was no answer; `started` is in ms since the epoch."""

    method: str
    url: str
    status: int
    started: float


def redact_trace(raw: bytes, answers: Iterable[Answer], secrets: Collection[str]) -> bytes | None:
    """The trace to keep, a ZIP; None where one of `secrets` is in it all the same, or `raw` is no trace."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            lines = [json.loads(line) for line in archive.read("trace.trace").splitlines() if line]
    except (zipfile.BadZipFile, KeyError, ValueError):
        return None
    begun: dict[str, Any] = next((line for line in lines if line.get("type") == "context-options"), {})
    steps = [_kept(line, secrets) for line in lines if line.get("type") in LINES]
    network = [_entry(answer, begun, secrets) for answer in answers]
    files = {name: "\n".join(map(json.dumps, kept)) for name, kept in (("steps", steps), ("network", network))}
    written = "\n".join(files.values()).lower()
    for _ in range(3):  # an address can be in an address, and that one in another
        if any(spelling.lower() in written for secret in secrets for spelling in spellings(secret)):
            return None
        written = unquote(written).lower()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.trace", files["steps"])
        archive.writestr("trace.network", files["network"])
    return whole.getvalue()


def spellings(secret: str) -> Iterator[str]:
    """How a text can stand in a line of JSON, or in an address in it."""
    for text in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}:
        yield json.dumps(text)[1:-1]


def _kept(line: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    kept = {name: line[name] for name in LINES[line["type"]] if name in line}
    if "params" in kept:
        kept["params"] = {name: _shown(value, secrets) for name, value in line["params"].items() if name in PARAMS}
    if "error" in kept:
        kept["error"] = {"name": "Error", "message": _shown(_first(line["error"].get("message", "")), secrets)}
    if "message" in kept:
        kept["message"] = _shown(kept["message"] if TOLD.match(kept["message"]) else HIDDEN, secrets)
    return kept


def _first(text: str) -> str:
    return text.partition("\n")[0]


def _shown(value: Any, secrets: Collection[str]) -> Any:
    """A value as it may be shown: addresses without their query, and nothing secret."""
    if not isinstance(value, str):
        return value
    text = re.sub(r"\b[a-z]+://[^\s\"']+", lambda found: redact_url(found[0]), value)
    for secret in sorted(secrets, key=len, reverse=True):
        for spelling in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret)):
            text = text.replace(spelling, HIDDEN)
    return text


def _entry(answer: Answer, begun: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """A line of the network's file: an entry of HAR with only what is said of the answer."""
    at = datetime.fromtimestamp(max(answer.started, 0) / 1000, UTC).isoformat()
    nothing: dict[str, Any] = {"httpVersion": "", "cookies": [], "headers": [], "headersSize": -1, "bodySize": -1}
    return {
        "type": "resource-snapshot",
        "snapshot": {
            "_monotonicTime": begun.get("monotonicTime", 0) + answer.started - begun.get("wallTime", 0),
            "startedDateTime": at,
            "time": 0,
            "request": {"method": answer.method, "url": _shown(answer.url, secrets), "queryString": [], **nothing},
            "response": {
                "status": answer.status,
                "statusText": "",
                "redirectURL": "",
                "content": {"size": -1, "mimeType": ""},
                **nothing,
            },
            "cache": {},
            "timings": {"send": -1, "wait": -1, "receive": -1},
        },
    }
