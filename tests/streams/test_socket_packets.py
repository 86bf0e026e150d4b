"""The packets of engine.io and socket.io: what is encoded is decoded again, and nothing else is taken for a packet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import ProtocolError
from toolkit.streams.engine_io import (
    MESSAGE,
    OPEN,
    PING,
    SEPARATOR,
    TYPES,
    EnginePacket,
    decode_body,
    decode_packet,
    encode_body,
    encode_packet,
)
from toolkit.streams.socket_io import (
    BINARY_ACK,
    BINARY_EVENT,
    ROOT,
    SocketPacket,
    decode_event,
    decode_socket_packet,
    encode_event,
    encode_socket_packet,
)

texts = st.text(st.characters(exclude_characters=SEPARATOR, exclude_categories=["Cs"]))
engine_packets = st.builds(EnginePacket, st.sampled_from(sorted(TYPES)), texts) | st.builds(
    EnginePacket, st.just(MESSAGE), st.binary()
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
namespaces = st.just(ROOT) | st.from_regex(r"/[a-z?=/ä]{1,5}", fullmatch=True)
ids = st.none() | st.integers(0, 10**18 - 1)


@given(engine_packets)
def test_a_packet_of_engine_io_comes_back(packet: EnginePacket) -> None:
    """As a message of a socket, of text or binary."""
    assert decode_packet(encode_packet(packet)) == packet


@given(st.lists(engine_packets))
def test_a_body_has_all_its_packets(packets: list[EnginePacket]) -> None:
    """In their order, as they are polled."""
    assert decode_body(encode_body(packets)) == packets


@given(st.text())
def test_nothing_else_is_a_packet_of_engine_io(message: str) -> None:
    """What does not begin with a type is an error of the site, and no other one of ours."""
    if message[:1] in TYPES and message:
        assert encode_packet(decode_packet(message)) == message
    else:
        with pytest.raises(ProtocolError, match=r"not a packet of engine\.io"):
            decode_packet(message)


@pytest.mark.parametrize("body", ["4a\x1e", "\x1e", "bé", "b***", "x"])
def test_a_body_with_something_else_is_an_error(body: str) -> None:
    """An empty packet, base64 that is none, an unknown type."""
    with pytest.raises(ProtocolError):
        decode_body(body)


@given(st.sampled_from("0123456"), ids, namespaces, st.integers(1, 10**9 - 1), st.none() | st.lists(values, max_size=3))
def test_a_packet_of_socket_io_comes_back(
    type: str, id: int | None, namespace: str, attachments: int, payload: list[Any] | None
) -> None:
    """With its id, its namespace, and the number of what follows it."""
    text = "" if payload is None else json.dumps(payload)
    packet = SocketPacket(type, text, id, namespace, attachments if type in (BINARY_EVENT, BINARY_ACK) else 0)
    assert decode_socket_packet(encode_socket_packet(packet)) == packet


@given(texts, st.lists(values, max_size=2), ids, namespaces)
def test_an_event_comes_back(name: str, arguments: list[Any], id: int | None, namespace: str) -> None:
    """With its name and its arguments, whatever these are."""
    packet = decode_socket_packet(encode_event(name, *arguments, id=id, namespace=namespace))
    event = decode_event(packet)
    assert (event.name, packet.id, packet.namespace) == (name, id, namespace)
    assert [json.loads(bytes(one)) for one in event.arguments] == arguments
    assert event.argument() == (arguments[0] if arguments else None)


@given(st.text() | st.text('0123456789-/,[]{}"a'))
def test_nothing_else_is_a_packet_of_socket_io(data: str) -> None:
    """Whatever a site sends, it is a packet, an event, or a `ProtocolError`."""
    try:
        packet = decode_socket_packet(data)
        decode_event(packet)
    except ProtocolError:
        return
    assert packet.json.startswith("[")


# As sites send them (measured on python-socketio 5.18.1, and the examples of the protocol's page).
PACKETS = {
    '0{"sid":"x"}': SocketPacket("0", '{"sid":"x"}'),
    "0": SocketPacket("0"),
    '0/admin,{"sid":"x"}': SocketPacket("0", '{"sid":"x"}', None, "/admin"),
    "1/admin,": SocketPacket("1", "", None, "/admin"),
    "1/admin": SocketPacket("1", "", None, "/admin"),
    '2["task_end",{}]': SocketPacket("2", '["task_end",{}]'),
    '27["client_message",{}]': SocketPacket("2", '["client_message",{}]', 7),
    "37[]": SocketPacket("3", "[]", 7),
    '4{"message":"Connection refused by server"}': SocketPacket("4", '{"message":"Connection refused by server"}'),
    '51-["hello",{"_placeholder":true,"num":0}]': SocketPacket(
        "5", '["hello",{"_placeholder":true,"num":0}]', None, ROOT, 1
    ),
    '62-/admin,456[{"_placeholder":true,"num":0}]': SocketPacket(
        "6", '[{"_placeholder":true,"num":0}]', 456, "/admin", 2
    ),
}


@pytest.mark.parametrize(("data", "packet"), PACKETS.items(), ids=str)
def test_the_packets_of_sites_are_read(data: str, packet: SocketPacket) -> None:
    """Each part at its place, and nothing is left over."""
    assert decode_socket_packet(data) == packet


@pytest.mark.parametrize("data", ["", "x", "7[]", "5[]", "21-[]", '2x["a"]', "2" + "9" * 5000])
def test_what_is_no_packet_is_an_error(data: str) -> None:
    """Also a binary event without its number, and a number that is too long to be one."""
    with pytest.raises(ProtocolError, match=r"not a packet of socket\.io"):
        decode_socket_packet(data)


def test_what_is_polled_may_be_several_packets() -> None:
    """The opening of a session, and a ping after it."""
    assert decode_body('0{"sid":"x"}\x1e2') == [EnginePacket(OPEN, '{"sid":"x"}'), EnginePacket(PING)]
