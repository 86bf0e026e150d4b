"""Events as JSON objects: `{"type": "tool_call", "index": 0, ...}`."""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec

from toolkit.chats.events import ChatEvent, Media, Sources


def event_to_json(event: ChatEvent) -> dict[str, Any]:
    """`event` as an object of JSON: its class in small letters as `type`, then its fields.

    The bytes of a `Media` become a `data:` URL.
    """
    fields: dict[str, Any]
    if isinstance(event, Media):
        encoded = base64.b64encode(event.data).decode("ascii")
        url = f"data:{event.mime_type or 'application/octet-stream'};base64,{encoded}" if event.data else event.url
        fields = {"url": url, "mime_type": event.mime_type, "name": event.name}
    elif isinstance(event, Sources):
        fields = {"sources": [source._asdict() for source in event.sources]}
    else:
        fields = msgspec.structs.asdict(event) if isinstance(event, msgspec.Struct) else event._asdict()
    return {"type": re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower(), **fields}
