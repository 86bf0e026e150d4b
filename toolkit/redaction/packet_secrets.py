"""Finds secrets in the frames of WebSockets and in the packets of engine.io: JSON, with or without what socket.io
writes before it, text, and bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.har.frames import Path, find_values, read_frame
from toolkit.redaction.body_secrets import find_in_body, find_in_sentence
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.occurrences import Part, shifted

SEPARATOR = b"\x1e"  # between the packets of one poll


def find_in_packets(
    data: bytes, criteria: Criteria, random: Iterable[str] = (), *, engine_io: bool, binary: bool = False
) -> list[Part]:
    """Returns the secrets in `data`, one frame or the packets of a poll, with their positions in bytes. `random` are
    the places (see `toolkit.har.frames`) of values that are made up for each call."""
    parts: list[Part] = []
    start = 0
    for packet in data.split(SEPARATOR) if engine_io and not binary else [data]:
        parts += shifted(_find_in_packet(packet, criteria, random, engine_io=engine_io, binary=binary), start)
        start += len(packet) + len(SEPARATOR)
    return parts


def _find_in_packet(
    packet: bytes, criteria: Criteria, random: Iterable[str], *, engine_io: bool, binary: bool
) -> list[Part]:
    if binary:
        return find_in_body(packet, "", criteria)
    frame = read_frame(packet.decode("utf-8", "surrogatepass"), engine_io=engine_io)
    if not frame.is_json:
        text = packet.decode("utf-8", "surrogatepass")
        sentence = [part._replace(end=len(packet)) for part in find_in_sentence(text, criteria)]  # each is all of it
        return sentence or find_in_body(packet, "text/plain", criteria)
    paths: set[Path] = set()
    for place in random:
        if (path := frame.path(place)) is not None:
            paths.update(at for at, _ in find_values(frame.document, path))
    own = Criteria(criteria.rules, random_body=frozenset(paths)) if paths else criteria
    return find_in_body(packet, "application/json", own)
