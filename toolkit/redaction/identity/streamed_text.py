"""Finds what a stream of events tells in pieces: a name whose words come in one event after the other. Pure.

The pieces of a text are the strings of one name in the events of a body. What stands whole in one of them is left to
the search of the body itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

import msgspec

from toolkit.redaction.field import json_escaped
from toolkit.redaction.identity.addresses import personal_addresses
from toolkit.redaction.identity.whole_words import WholeWordSearch
from toolkit.redaction.json_fields import decode_string
from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps

# The names of the members in which sites stream text.
PIECE = re.compile(
    rb'"(content|text|delta|response|token|answer|chunk|value|v|output|completion|message|reasoning|reasoning_content'
    rb'|thinking)"[ \t]{0,4}:[ \t]{0,4}"((?:[^"\\]++|\\.)*+)"',
    re.DOTALL,
)
EVENT = re.compile(rb"(?:\A|\n)(?:data|event|id|retry)?:")
LAST_ADDRESS = re.compile(rb"[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}\Z")
LINES = re.compile(rb"\}\r?\n\{")


class StreamedText(NamedTuple):
    """A text in pieces: the whole of it in UTF-8, and for each piece where it ends there, and where it stands in the
    body."""

    whole: bytes
    ends: list[int]
    places: list[tuple[int, int]]

    def __repr__(self) -> str:
        return f"<StreamedText of {len(self.places)} pieces>"

    def addresses(self) -> Iterator[str]:
        """Yields the e-mail addresses of people that the pieces tell together. One that a piece ends with is whole:
        what begins the next piece is no part of it, as where each event has all of the text so far."""
        if addresses := set(personal_addresses(self.whole)):
            ends = {
                match[0].decode()
                for begin, end in zip([0, *self.ends], self.ends, strict=False)
                if (match := LAST_ADDRESS.search(self.whole[max(begin, end - 320) : end]))
            }
            yield from (one for one in sorted(addresses) if not any(one != end and one.startswith(end) for end in ends))

    def edits(self, search: WholeWordSearch, replacement: Callable[[bytes], str]) -> Iterator[Edit[bytes]]:
        """Yields the edits of the body that replace what `search` finds in more than one piece. The first of the
        pieces gets the replacement."""
        within: dict[int, list[Edit[bytes]]] = {}
        found = (Edit(start, end, replacement(word).encode()) for start, end, word in search.spans(self.whole))
        for start, end, new in drop_overlaps(found):
            first, last = bisect_right(self.ends, start), bisect_right(self.ends, end - 1)
            for number in range(first, last + 1) if last > first else ():
                begin = self.ends[number - 1] if number else 0
                part = Edit(max(start, begin) - begin, min(end, self.ends[number]) - begin, new)
                within.setdefault(number, []).append(part if number == first else part._replace(new=b""))
        for number, edits in within.items():
            piece = self.whole[self.ends[number - 1] if number else 0 : self.ends[number]]
            written = json_escaped(apply_edits(piece, edits).decode("utf-8", "surrogatepass")).encode()
            yield Edit(*self.places[number], written)


def may_be_stream(data: bytes) -> bool:
    """Decides whether the body `data` may be an event stream or JSON lines."""
    return bool(EVENT.search(data, 0, 4096) or LINES.search(data))


def streamed_texts(data: bytes, *, frames: bool = False) -> list[StreamedText]:
    """Returns the texts that the body `data` has in pieces; an empty list for a body that is no stream. `frames` says
    that `data` are those of a WebSocket."""
    if not frames and not may_be_stream(data):
        return []
    pieces: dict[bytes, list[re.Match[bytes]]] = {}
    for match in PIECE.finditer(data):
        pieces.setdefault(match[1], []).append(match)
    return [_joined(matches) for matches in pieces.values() if len(matches) > 1]


def _joined(matches: list[re.Match[bytes]]) -> StreamedText:
    decoded = iter(_decoded([match[2] for match in matches if b"\\" in match[2]]))
    texts = [next(decoded) if b"\\" in match[2] else match[2] for match in matches]
    return StreamedText(b"".join(texts), list(accumulate(map(len, texts))), [match.span(2) for match in matches])


def _decoded(texts: list[bytes]) -> list[bytes]:
    """Returns in UTF-8 what `texts`, JSON strings without their quotes, stand for: all of them decoded at once, if no
    decoder objects to one."""
    try:
        plain = msgspec.json.decode(b'["%b"]' % b'","'.join(texts), type=list[str]) if texts else []
    except (msgspec.DecodeError, UnicodeDecodeError):
        plain = [decode_string(b'"%b"' % text) for text in texts]
    return [text.encode("utf-8", "surrogatepass") for text in plain]
