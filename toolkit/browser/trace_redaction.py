"""Redacts a Playwright trace: takes over only the fields that hold no secrets, then searches the result for secrets.

Pure: bytes in, bytes out. The trace has no snapshots, and its own network entries are left out, because they hold
bodies and cookies. In their place stand entries with the method, address, status and time of each request.
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

# The fields to take over from each type of line. Results of calls, console messages of pages, and evaluated expressions
# with their arguments are not among them.
FIELDS_BY_TYPE: dict[str, tuple[str, ...]] = {
    "context-options": (
        *("type", "version", "origin", "browserName", "playwrightVersion", "platform", "wallTime", "monotonicTime"),
        "sdkLanguage",
    ),
    "before": ("type", "callId", "startTime", "class", "method", "title", "params"),
    "after": ("type", "callId", "endTime", "error"),
    "log": ("type", "callId", "time", "message"),
    "event": ("type", "time", "class", "method"),
}
SAFE_PARAMS = ("url", "selector", "timeout", "waitUntil", "state")
SAFE_LOG_MESSAGE = re.compile(r"\s*(navigat|waiting for|taking|\"?(dom)?content|load)")  # shows no element of the page
HIDDEN = "(hidden)"


class RequestOutcome(NamedTuple):
    """How a request ended. `status` is 0 where there was no response; `started` is in ms since the epoch."""

    method: str
    url: str
    status: int
    started: float


def redact_trace(raw: bytes, outcomes: Iterable[RequestOutcome], secrets: Collection[str]) -> bytes | None:
    """The redacted trace, as a ZIP file. None where it still holds one of `secrets`, or `raw` is no trace."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            lines = [json.loads(line) for line in archive.read("trace.trace").splitlines() if line]
    except (zipfile.BadZipFile, KeyError, ValueError):
        return None
    options: dict[str, Any] = next((line for line in lines if line.get("type") == "context-options"), {})
    steps = [_redact_line(line, secrets) for line in lines if line.get("type") in FIELDS_BY_TYPE]
    network = [_network_line(outcome, options, secrets) for outcome in outcomes]
    files = {name: "\n".join(map(json.dumps, entries)) for name, entries in (("steps", steps), ("network", network))}
    if _holds_secret("\n".join(files.values()), secrets):
        return None
    redacted = io.BytesIO()
    with zipfile.ZipFile(redacted, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.trace", files["steps"])
        archive.writestr("trace.network", files["network"])
    return redacted.getvalue()


def _holds_secret(text: str, secrets: Collection[str]) -> bool:
    """Whether one of `secrets` is in lines of JSON, also URL-encoded up to three times, as in an address in another."""
    text = text.lower()
    for _ in range(3):
        if any(encoding.lower() in text for secret in secrets for encoding in _json_encodings(secret)):
            return True
        text = unquote(text).lower()
    return False


def _url_encodings(secret: str) -> tuple[str, ...]:
    """The ways in which `secret` can be written in an address."""
    return secret, quote(secret, safe=""), quote(secret), quote_plus(secret)


def _json_encodings(secret: str) -> Iterator[str]:
    """The ways in which `secret` can be written in a JSON string, or in an address there."""
    for text in set(_url_encodings(secret)):
        yield json.dumps(text)[1:-1]


def _redact_line(line: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    redacted = {name: line[name] for name in FIELDS_BY_TYPE[line["type"]] if name in line}
    if "params" in redacted:
        redacted["params"] = {
            name: _redact_value(value, secrets) for name, value in line["params"].items() if name in SAFE_PARAMS
        }
    if "error" in redacted:
        first_line = line["error"].get("message", "").partition("\n")[0]
        redacted["error"] = {"name": "Error", "message": _redact_value(first_line, secrets)}
    if "message" in redacted:
        message = redacted["message"]
        redacted["message"] = _redact_value(message if SAFE_LOG_MESSAGE.match(message) else HIDDEN, secrets)
    return redacted


def _redact_value(value: Any, secrets: Collection[str]) -> Any:
    """`value` with addresses cut before their query, and secrets replaced. Only texts are changed."""
    if not isinstance(value, str):
        return value
    text = re.sub(r"\b[a-z]+://[^\s\"']+", lambda found: redact_url(found[0]), value)
    for secret in sorted(secrets, key=len, reverse=True):
        for encoding in _url_encodings(secret):
            text = text.replace(encoding, HIDDEN)
    return text


def _network_line(outcome: RequestOutcome, options: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """A line of the network file: a HAR entry with only the outcome. `options` is the line "context-options"."""
    started = datetime.fromtimestamp(max(outcome.started, 0) / 1000, UTC).isoformat()
    nothing: dict[str, Any] = {"httpVersion": "", "cookies": [], "headers": [], "headersSize": -1, "bodySize": -1}
    return {
        "type": "resource-snapshot",
        "snapshot": {
            "_monotonicTime": options.get("monotonicTime", 0) + outcome.started - options.get("wallTime", 0),
            "startedDateTime": started,
            "time": 0,
            "request": {
                "method": outcome.method,
                "url": _redact_value(outcome.url, secrets),
                "queryString": [],
                **nothing,
            },
            "response": {
                "status": outcome.status,
                "statusText": "",
                "redirectURL": "",
                "content": {"size": -1, "mimeType": ""},
                **nothing,
            },
            "cache": {},
            "timings": {"send": -1, "wait": -1, "receive": -1},
        },
    }
