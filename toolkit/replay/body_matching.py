"""Compares the body of a request with that of a recorded one, and describes the differences. Pure.

JSON bodies are compared by value, multipart forms without regard to their boundary, all others byte for byte. A field
that the recorded request declares as random has to be there, with any value.
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
from toolkit.redaction.placeholders import MIN_RECOGNISABLE, is_placeholder
from toolkit.redaction.sensitivity import sensitivity
from toolkit.streams.json_decoding import JSON_ERRORS

ANY = "(random)"  # stands for the value of a random field
SHOWN = 80  # characters of a value in a difference


class IncomingRequest(msgspec.Struct, frozen=True):
    """The parts of a request that can be matched. `cookies` are (name, value) pairs; `authorization` is that header,
    empty if there is none."""

    method: str
    url: URL
    content_type: str = ""
    body: bytes = b""
    cookies: frozenset[tuple[str, str]] = frozenset()
    authorization: str = ""

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<IncomingRequest {self.method} {self.url.host}{self.url.path}>"


def normalize_body(content_type: str, body: bytes) -> Any:
    """A request body in a form in which bodies of the same meaning are equal: parsed JSON, or bytes. JSON with a name
    twice in one object stays bytes, because its meaning depends on its reader (RFC 8259, section 4)."""
    if match := re.search(r'multipart/.*boundary="?([^";]+)', content_type, re.IGNORECASE):
        return body.replace(match[1].encode("latin-1", "replace"), b"boundary")  # a browser makes it up each time
    try:
        value = msgspec.json.decode(body)
        if b"{" in body:
            json.loads(body, object_pairs_hook=_reject_duplicate_names)
    except JSON_ERRORS:
        return body
    return value


def _reject_duplicate_names(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError


def recorded_body(entry: Entry) -> Any:
    """The recorded body as `normalize_body` gives it; None if it is not known, so that every body matches."""
    request = entry.request
    body = b"" if isinstance(request.post_data, UnsetType) else request.post_data.body()
    if not body:
        return b"" if request.body_size == 0 else None
    assert not isinstance(request.post_data, UnsetType)
    return normalize_body(request.post_data.mime_type, body)


def random_fields(request: Request, rules: Iterable[str]) -> list[str]:
    """Those of `rules` (`query.NAME`, `body.NAME`, `body.LIST.[].NAME`) whose field is in `request`."""
    posted = request.post_data
    body = None if isinstance(posted, UnsetType) else normalize_body(posted.mime_type, posted.body())
    query = {pair.name: pair.value for pair in request.query_string}
    fields = {"query": query, "body": body}
    return [rule for rule in rules if mask_at(fields, rule.split(".")) != fields]


def mask_at(value: Any, path: Sequence[str]) -> Any:
    """A copy of `value` in which the field at `path` is replaced by `ANY`; `value` itself if it has no such field. `[]`
    stands for each item of a list."""
    if not path:
        return ANY
    if isinstance(value, list) and path[0] == "[]":
        return [mask_at(item, path[1:]) for item in value]
    if isinstance(value, dict) and path[0] in value:
        return value | {path[0]: mask_at(value[path[0]], path[1:])}
    return value


def differences(recorded: Any, got: Any, place: str) -> Iterator[str]:
    """How `got` differs from `recorded`, one line per field, such as `body.messages[0]: recorded 'Hi', got 'Ho'`."""
    if isinstance(recorded, bytes) and isinstance(got, bytes) and recorded and got:
        if recorded != got:
            yield f"{place}: recorded {len(recorded)} bytes, got other {len(got)} bytes"
    elif isinstance(recorded, dict) and isinstance(got, dict):
        for name in recorded | got:
            if name not in got:
                yield f"{place}.{name}: recorded {_describe(recorded[name], name)}, got none"
            elif name not in recorded:
                yield f"{place}.{name}: not recorded, got {_describe(got[name], name)}"
            else:
                yield from differences(recorded[name], got[name], f"{place}.{name}")
    elif isinstance(recorded, list) and isinstance(got, list):
        if len(recorded) != len(got):
            yield f"{place}: recorded {len(recorded)} items, got {len(got)}"
        for number, (one, other) in enumerate(zip(recorded, got, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(recorded, bool) is not isinstance(got, bool) or recorded != got:  # in Python, True == 1
        name = place.rpartition(".")[2]
        start = _common_prefix_length(recorded, got) if isinstance(recorded, str) and isinstance(got, str) else 0
        secret = isinstance(recorded, str) and len(recorded) >= MIN_RECOGNISABLE and is_placeholder(recorded)
        yield (
            f"{place}: recorded {_describe(recorded, name, start, secret=secret)}, "
            f"got {_describe(got, name, start, 'another', secret=secret)}"
        )


def _describe(value: Any, name: str, start: int = 0, hidden: str = "one", *, secret: bool = False) -> str:
    """`value` in a few words; of a long text, the part around index `start`. `hidden` replaces a secret."""
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


def _common_prefix_length(one: str, other: str) -> int:
    """How many characters `one` and `other` have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
