"""Reads the frames of a WebSocket in the HAR of another program, whichever way it writes them. Pure.

- Chrome's DevTools and mitmproxy list them in `_webSocketMessages`, mitmproxy in an entry of an `https:` URL.
- Playwright does so too, with times in milliseconds, or -1; where it attaches bodies, it writes each frame as a line of
  the file that `response.content._file` names.

Frames of the developer tools that are none (errors), and control frames, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from toolkit.har.websockets import BINARY, MILLISECONDS, RECEIVED, SENT, TEXT, is_socket_url
from toolkit.streams.json_decoding import JSON_ERRORS

MESSAGES, CLOSE = "_webSocketMessages", "_webSocketClose"
LINES = ".jsonl"


def read_frames(
    raw: dict[str, Any], attachment: Callable[[str], bytes | None], note: Callable[[str], None]
) -> dict[str, Any]:
    """Returns what the entry `raw` tells of the frames of a WebSocket, as our own fields, and an empty dictionary for
    another exchange. An `https:` URL of one becomes a `wss:` one in `raw`. `attachment` and `note` are those of
    `toolkit.recording.foreign_har`."""
    request, response, messages = raw["request"], raw.get("response"), raw.get(MESSAGES)
    content = response.get("content") if isinstance(response, dict) else None
    if MESSAGES in raw:
        request["url"] = re.sub(r"^http(?=s?:)", "ws", request["url"])
    elif not is_socket_url(request["url"]):
        return {}
    elif isinstance(content, dict) and isinstance(file := content.get("_file"), str) and file.endswith(LINES):
        del content["_file"]
        data = attachment(file)
        if data is None:
            note(f"its frames are in the file {file}, which is not there")
        messages = _lines(data or b"")
    fields: dict[str, Any] = {
        "_resourceType": "websocket",
        MESSAGES: _frames(messages if isinstance(messages, list) else []),
    }
    close = raw.get(CLOSE)
    return fields | {CLOSE: close} if isinstance(close, dict) and isinstance(close.get("by"), str) else fields


def _lines(data: bytes) -> list[Any]:
    try:
        return msgspec.json.Decoder(dict[str, Any]).decode_lines(data)
    except JSON_ERRORS:
        return []


def _frames(messages: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": one["type"],
            "opcode": one.get("opcode", TEXT),
            "data": one["data"],
            "time": _seconds(one.get("time")),
            **({"_ms": one["_ms"]} if isinstance(one.get("_ms"), int | float) else {}),
        }
        for one in messages
        if isinstance(one, dict)
        and one.get("type") in (SENT, RECEIVED)
        and one.get("opcode", TEXT) in (TEXT, BINARY)
        and isinstance(one.get("data"), str)
    ]


def _seconds(time: Any) -> float:
    """Returns a time of a frame in seconds since the epoch; 0 where it is not known."""
    if not isinstance(time, int | float) or time <= 0:
        return 0
    return time / 1000 if time > MILLISECONDS else time
