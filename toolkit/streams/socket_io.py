"""Decodes and encodes the packets of socket.io 5: https://socket.io/docs/v4/socket-io-protocol/

A packet is the data of a message of engine.io (`toolkit.streams.engine_io`):

    TYPE [ATTACHMENTS "-"] ["/" NAMESPACE ","] [ID] [JSON]
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from toolkit.errors import ProtocolError
from toolkit.streams.json_decoding import decode_json

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = "0123456"  # the types
ROOT = "/"  # the namespace where none is named
# Numbers are bounded, so that none takes long to read; a namespace may have a query.
_PACKET = re.compile(r"([0-6])(?:(\d{1,9})-)?(?:(/[^,]*)(?:,|\Z))?(\d{1,18})?", re.ASCII)


class SocketPacket(NamedTuple):
    """One packet. `json` is its payload as it came, "" for none. `id` is that of an event that wants to be
    acknowledged, and of what acknowledges it. So many binary messages follow as there are `attachments`."""

    type: str
    json: str = ""
    id: int | None = None
    namespace: str = ROOT
    attachments: int = 0


class SocketEvent(NamedTuple):
    """The payload of an event: its name, and its arguments as JSON, which are decoded when their shape is known."""

    name: str
    arguments: tuple[msgspec.Raw, ...]

    def argument(self, kind: Any = Any) -> Any:
        """The first argument, of the type `kind`; `null` where there is none. Raises `ProtocolError` for another
        shape."""
        return decode_json(bytes(self.arguments[0]) if self.arguments else b"null", kind)


def decode_socket_packet(data: str) -> SocketPacket:
    """The packet that the data of a message is. Raises `ProtocolError` for what is none; its payload is not read."""
    head = _PACKET.match(data)
    if head is None:
        raise ProtocolError("The site sent something that is not a packet of socket.io.")
    type, attachments, namespace, id = head.groups()
    rest = data[head.end() :]
    if (attachments is not None) != (type in (BINARY_EVENT, BINARY_ACK)) or (rest and rest[0] not in '[{"'):
        raise ProtocolError("The site sent something that is not a packet of socket.io.")
    return SocketPacket(type, rest, None if id is None else int(id), namespace or ROOT, int(attachments or 0))


def encode_socket_packet(packet: SocketPacket) -> str:
    """`packet` as the data of a message."""
    attachments = f"{packet.attachments}-" if packet.type in (BINARY_EVENT, BINARY_ACK) else ""
    namespace = "" if packet.namespace == ROOT else f"{packet.namespace},"
    return f"{packet.type}{attachments}{namespace}{'' if packet.id is None else packet.id}{packet.json}"


def decode_event(packet: SocketPacket) -> SocketEvent:
    """The event that `packet` is. Raises `ProtocolError` for a payload that is none: a list that begins with a name."""
    name, *arguments = decode_json(packet.json, list[msgspec.Raw]) or [msgspec.Raw(b"null")]
    return SocketEvent(decode_json(bytes(name), str), tuple(arguments))


def encode_event(name: str, *arguments: Any, id: int | None = None, namespace: str = ROOT) -> str:
    """An event as the data of a message. `arguments` are what JSON has a form for."""
    payload = msgspec.json.encode((name, *arguments)).decode()
    return encode_socket_packet(SocketPacket(EVENT, payload, id, namespace))
