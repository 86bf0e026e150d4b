"""Decodes and encodes the packets of engine.io 4: https://socket.io/docs/v4/engine-io-protocol/

A packet is a text message of a WebSocket: a digit that is its type, and its data. A binary message is a packet of the
type `MESSAGE`. By polling, several packets are one body.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple

from toolkit.errors import ProtocolError

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"  # the types
TYPES = frozenset({OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP})
SEPARATOR = "\x1e"  # between the packets of a body
BINARY = "b"  # begins a binary packet in a body, which is base64 then


class EnginePacket(NamedTuple):
    """One packet; `data` is `bytes` where it is binary."""

    type: str
    data: str | bytes = ""


def decode_packet(message: str | bytes) -> EnginePacket:
    """The packet that `message` of a WebSocket is. Raises `ProtocolError` for one that is none."""
    if isinstance(message, bytes):
        return EnginePacket(MESSAGE, message)
    if message[:1] not in TYPES:  # also for an empty message
        raise ProtocolError("The site sent something that is not a packet of engine.io.")
    return EnginePacket(message[0], message[1:])


def encode_packet(packet: EnginePacket) -> str | bytes:
    """`packet` as a message of a WebSocket."""
    return packet.data if isinstance(packet.data, bytes) else packet.type + packet.data


def decode_body(body: str) -> list[EnginePacket]:
    """The packets of a body that was polled. Raises `ProtocolError` for one that holds something else."""
    return [_decode_polled(part) for part in body.split(SEPARATOR)] if body else []


def encode_body(packets: Iterable[EnginePacket]) -> str:
    """`packets` as one body, as they are polled and posted."""
    return SEPARATOR.join(
        f"{BINARY}{base64.b64encode(packet.data).decode('ascii')}"
        if isinstance(packet.data, bytes)
        else packet.type + packet.data
        for packet in packets
    )


def _decode_polled(part: str) -> EnginePacket:
    if not part.startswith(BINARY):
        return decode_packet(part)
    try:
        return EnginePacket(MESSAGE, base64.b64decode(part[1:].encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        raise ProtocolError("The site sent a binary packet of engine.io that is not base64.") from None
