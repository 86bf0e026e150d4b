"""Redacts a Playwright trace: takes over only the fields that hold no secrets, then searches the result for secrets.

Pure: bytes in, bytes out. The trace has no snapshots, and its own network entries are left out, because they hold
bodies and cookies. In their place stand entries with the method, address, status and time of each request.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from toolkit.errors import redact_url
from toolkit.session.encodings.encoded_replacement import Replacer

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
    replacer = Replacer(dict.fromkeys(secrets, HIDDEN), encoded=False)
    steps = [_redact_line(line, replacer) for line in lines if line.get("type") in FIELDS_BY_TYPE]
    network = [_network_line(outcome, options, replacer) for outcome in outcomes]
    files = {name: "\n".join(map(json.dumps, entries)) for name, entries in (("steps", steps), ("network", network))}
    if _holds_secret("\n".join(files.values()), replacer, secrets):
        return None
    redacted = io.BytesIO()
    with zipfile.ZipFile(redacted, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.trace", files["steps"])
        archive.writestr("trace.network", files["network"])
    return redacted.getvalue()


def _holds_secret(text: str, replacer: Replacer, secrets: Collection[str]) -> bool:
    """Whether one of `secrets`, which `replacer` replaces, is in lines of JSON, also in lower case as in host names."""
    in_lower_case = Replacer(dict.fromkeys(map(str.lower, secrets), HIDDEN))
    return bool(replacer.edits(text.encode()) or in_lower_case.edits(text.lower().encode()))


def _redact_line(line: dict[str, Any], replacer: Replacer) -> dict[str, Any]:
    redacted = {name: line[name] for name in FIELDS_BY_TYPE[line["type"]] if name in line}
    if "params" in redacted:
        redacted["params"] = {
            name: _redact_value(value, replacer) for name, value in line["params"].items() if name in SAFE_PARAMS
        }
    if "error" in redacted:
        first_line = line["error"].get("message", "").partition("\n")[0]
        redacted["error"] = {"name": "Error", "message": _redact_value(first_line, replacer)}
    if "message" in redacted:
        message = redacted["message"]
        redacted["message"] = _redact_value(message if SAFE_LOG_MESSAGE.match(message) else HIDDEN, replacer)
    return redacted


def _redact_value(value: Any, replacer: Replacer) -> Any:
    """`value` with addresses cut before their query, and secrets replaced. Only texts are changed."""
    if not isinstance(value, str):
        return value
    return replacer.replace_text(re.sub(r"\b[a-z]+://[^\s\"']+", lambda found: redact_url(found[0]), value))


def _network_line(outcome: RequestOutcome, options: dict[str, Any], replacer: Replacer) -> dict[str, Any]:
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
                "url": _redact_value(outcome.url, replacer),
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
