"""What is different between a request and a recorded one. Pure.

Bodies compare as what they mean: JSON as the value that it is, a form by its parts, everything else byte for byte.
What a recorded request tells to be random has to be there, with whatever value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UnsetType
from yarl import URL

from toolkit.har.model import Entry, Request
from toolkit.redaction.names import sensitivity
from toolkit.redaction.placeholders import MIN_RECOGNISABLE, is_placeholder
from toolkit.streams.json_decoding import JSON_ERRORS

ANY = "(random)"
SHOWN = 80


class IncomingRequest(msgspec.Struct, frozen=True):
    """A request, as far as matching looks at it. `cookies` are (name, value) pairs; `authorization` is that header,
    empty where there is none."""

    method: str
    url: URL
    content_type: str = ""
    body: bytes = b""
    cookies: frozenset[tuple[str, str]] = frozenset()
    authorization: str = ""

    def __repr__(self) -> str:
        return f"<IncomingRequest {self.method} {self.url.host}{self.url.path}>"


def normalize_body(content_type: str, body: bytes) -> Any:
    """A request body in a form that is equal where the meaning is: parsed JSON, or bytes. JSON that says a name twice
    means what its reader makes of it: it counts as bytes."""
    if match := re.search(r'multipart/.*boundary="?([^";]+)', content_type, re.IGNORECASE):
        return body.replace(match[1].encode("latin-1", "replace"), b"boundary")  # a browser makes it up each time
    try:
        value = msgspec.json.decode(body)
        if b"{" in body:
            json.loads(body, object_pairs_hook=_once)
    except JSON_ERRORS:
        return body
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Which of several values of one name counts is for each reader to decide (RFC 8259, section 4), not for us."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError


def recorded_body(entry: Entry) -> Any:
    """The recorded body in comparable form; None where it is not known, so that every body fits."""
    request = entry.request
    body = b"" if isinstance(request.post_data, UnsetType) else request.post_data.body()
    if not body:
        return b"" if request.body_size == 0 else None
    assert not isinstance(request.post_data, UnsetType)
    return normalize_body(request.post_data.mime_type, body)


def random_fields(request: Request, rules: Iterable[str]) -> list[str]:
    """Those of `rules` (`query.NAME`, `body.NAME`) that name something in `request`."""
    posted = request.post_data
    body = None if isinstance(posted, UnsetType) else normalize_body(posted.mime_type, posted.body())
    query = {pair.name: pair.value for pair in request.query_string}
    places = {"query": query, "body": body}
    return [rule for rule in rules if mask_at(places, rule.split(".")) != places]


def mask_at(value: Any, path: Sequence[str]) -> Any:
    """`value`, with what is at `path` in it replaced by a mark; as it is where it has no such place."""
    if not path:
        return ANY
    if isinstance(value, dict) and path[0] in value:
        return value | {path[0]: mask_at(value[path[0]], path[1:])}
    return value


def differences(recorded: Any, got: Any, place: str) -> Iterator[str]:
    """How `got` differs from `recorded`, one line per place, such as `body.messages[0]: recorded 'Hi', got 'Ho'`."""
    if isinstance(recorded, bytes) and isinstance(got, bytes) and recorded and got:
        if recorded != got:
            yield f"{place}: recorded {len(recorded)} bytes, got other {len(got)} bytes"
    elif isinstance(recorded, dict) and isinstance(got, dict):
        for name in recorded | got:
            if name not in got:
                yield f"{place}.{name}: recorded {_shown(recorded[name], name)}, got none"
            elif name not in recorded:
                yield f"{place}.{name}: not recorded, got {_shown(got[name], name)}"
            else:
                yield from differences(recorded[name], got[name], f"{place}.{name}")
    elif isinstance(recorded, list) and isinstance(got, list):
        if len(recorded) != len(got):
            yield f"{place}: recorded {len(recorded)} items, got {len(got)}"
        for number, (one, other) in enumerate(zip(recorded, got, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(recorded, bool) is not isinstance(got, bool) or recorded != got:  # in Python, True == 1
        name = place.rpartition(".")[2]
        start = _common(recorded, got) if isinstance(recorded, str) and isinstance(got, str) else 0
        secret = isinstance(recorded, str) and len(recorded) >= MIN_RECOGNISABLE and is_placeholder(recorded)
        yield (
            f"{place}: recorded {_shown(recorded, name, start, secret=secret)}, "
            f"got {_shown(got, name, start, 'another', secret=secret)}"
        )


def _shown(value: Any, name: str, start: int = 0, hidden: str = "one", *, secret: bool = False) -> str:
    """`value` in a few words; of a long text, what is around `start`. In the place of a secret stands `hidden`."""
    if value == b"":
        return "none"
    if secret or sensitivity(name):
        return hidden
    if isinstance(value, bytes):
        return f"{len(value)} bytes that are not JSON"
    if isinstance(value, str) and len(value) > SHOWN:
        first = max(0, start - SHOWN // 4)
        part = value[first : first + SHOWN]
        return f"{'...' if first else ''}{part!r}{'...' if first + SHOWN < len(value) else ''}"
    text = repr(value)
    return text if len(text) <= SHOWN + 2 else f"{text[:SHOWN]}..."


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
