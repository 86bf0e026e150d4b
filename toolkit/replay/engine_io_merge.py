"""Merges the polls and the socket of an engine.io session into one recorded socket. Pure.

A page of socket.io asks by HTTP first, and changes to a WebSocket while packets are under way. Which of them go by
which differs from run to run, so entry by entry such a session cannot be replayed. Merged, it has one order of packets,
which is played over whichever transport the client asks for (`toolkit.replay.engine_io_session`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from yarl import URL

from toolkit.errors import ProtocolError
from toolkit.har.frames import FRAMES, read_frame, speaks_engine_io
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose, WebSocketMessage, make_message
from toolkit.replay.socket_script import milliseconds
from toolkit.streams.engine_io import decode_body, decode_packet, encode_body, encode_packet

OPEN = "0{"
OF_TRANSPORT = ("transport", "t", "sid", "b64")  # parameters that say how the packets travel, not to whom
VERSION = "4"


class OpenPacket(msgspec.Struct, rename="camel"):
    """What the server says first (the packet `0`): the session's id, and when it pings, in milliseconds."""

    sid: str = ""
    upgrades: list[str] = []
    ping_timeout: int | float = 20000
    ping_interval: int | float = 25000
    max_payload: int | float = 1000000

    __rich_repr__ = None  # type: ignore[assignment]  # msgspec's own shows every field

    def __repr__(self) -> str:
        return f"<OpenPacket upgrades={self.upgrades}>"

    def packet(self) -> str:
        return f"0{msgspec.json.encode(self).decode()}"


class _Key(NamedTuple):
    host: str
    path: str
    sid: str

    def __repr__(self) -> str:
        return f"<_Key {self.host}{self.path}>"


def session_url(url: URL) -> URL:
    """Returns the address of the session that a request of engine.io to `url` is part of: a socket's, without what only
    concerns the transport."""
    scheme = "wss" if url.scheme in ("https", "wss") else "ws"
    # A socket of engine.io stays recognisable as one.
    query = [
        *((name, value) for name, value in url.query.items() if name not in OF_TRANSPORT),
        ("transport", "websocket"),
    ]
    return url.with_scheme(scheme).with_query(query) if url.scheme != scheme else url.with_query(query)


def read_open_packet(packets: Iterable[str | bytes]) -> OpenPacket | None:
    """Returns the first of `packets` that opens a session, if one does."""
    for packet in packets:
        if isinstance(packet, str) and packet.startswith(OPEN):
            try:
                return msgspec.json.decode(packet[1:], type=OpenPacket)
            except msgspec.DecodeError:
                return None
    return None


def split_payload(text: str) -> list[str | bytes]:
    """Returns the packets in the body of a poll, each as a WebSocket would carry it; none if the body has others."""
    try:
        return [encode_packet(packet) for packet in decode_body(text)]
    except ProtocolError:
        return []


def join_payload(packets: Iterable[str | bytes]) -> str:
    """Returns the body of a poll with `packets`."""
    return encode_body(map(decode_packet, packets))


def has_frames(entry: Entry) -> bool:
    """Decides whether `entry` is a WebSocket, or carries packets of engine.io."""
    return entry.is_socket or speaks_engine_io(entry.request.url)


def frame_places(entry: Entry, rules: Iterable[str]) -> list[str]:
    """Returns those of `rules` (`frames.EVENT.NAME`) that mean a value in what the client sends by `entry`."""
    places, found = [rule for rule in rules if rule.startswith(f"{FRAMES}.")], dict[str, None]()
    if places and has_frames(entry):
        engine_io = speaks_engine_io(entry.request.url)
        for _, sent, packet in _packets(entry):
            if sent:
                frame = read_frame(packet, engine_io=engine_io)
                found.update(dict.fromkeys(place for place in places if frame.has(place)))
    return list(found)


def merge_engine_io(entries: Iterable[Entry]) -> list[Entry]:
    """Returns `entries`, in their order, with one socket in place of all that belongs to one session of engine.io. What
    cannot be assigned to a session stays as it is."""
    entries = list(entries)
    of_sessions: dict[_Key, list[Entry]] = {}
    keys: list[_Key | None] = []
    for entry in entries:
        keys.append(key := _key(entry))
        if key is not None:
            of_sessions.setdefault(key, []).append(entry)
    opened = {key for key, parts in of_sessions.items() if any(_opens(part) for part in parts)}
    merged, done = list[Entry](), set[_Key]()
    for entry, key in zip(entries, keys, strict=True):
        if key is None or key not in opened:
            merged.append(_addressed(entry))
        elif key not in done:
            done.add(key)
            merged.append(_merged(of_sessions[key]))
    return merged


def _addressed(entry: Entry) -> Entry:
    """Returns `entry`; the refusal of a socket with the address by which sessions are asked for."""
    if not entry.is_socket or not speaks_engine_io(entry.request.url):
        return entry
    url = str(session_url(URL(entry.request.url)))
    return msgspec.structs.replace(entry, request=msgspec.structs.replace(entry.request, url=url))


def _key(entry: Entry) -> _Key | None:
    if not speaks_engine_io(entry.request.url):
        return None
    url = URL(entry.request.url)
    if url.query.get("EIO") != VERSION or (sid := url.query.get("sid") or _sid(entry)) is None:
        return None
    return _Key(f"{url.host}:{url.port}", url.raw_path, sid)


def _sid(entry: Entry) -> str | None:
    """Returns the id of the session that `entry` opens; None if it opens none."""
    opening = read_open_packet(packet for _, sent, packet in _packets(entry) if not sent)
    return opening.sid if opening is not None else None


def _opens(entry: Entry) -> bool:
    return "sid" not in URL(entry.request.url).query


def _packets(entry: Entry) -> Iterator[tuple[float, bool, str | bytes]]:
    """Yields the packets of a poll or of a socket: (seconds since the epoch, sent by the client, packet)."""
    started = entry.started.timestamp()
    answered = started + (max(entry.timings.wait, 0) + max(entry.timings.receive, 0)) / 1000
    if entry.is_socket:
        opened = started + max(entry.timings.wait, 0) / 1000
        for message in entry.messages or ():
            yield opened + milliseconds(entry, message) / 1000, message.is_sent, message.payload()
        return
    posted = entry.request.post_data
    if entry.request.method == "POST" and not isinstance(posted, UnsetType):
        for packet in split_payload(posted.body().decode("utf-8", "replace")):
            yield started, True, packet
    elif entry.request.method == "GET" and entry.response.status == 200:
        for packet in split_payload(entry.response.content.body().decode("utf-8", "replace")):
            yield answered, False, packet


def _merged(parts: list[Entry]) -> Entry:
    """Returns the one socket that `parts` are, in the order of their start. Its handshake is that of the first."""
    first = parts[0]
    packets = sorted((packet for part in parts for packet in _packets(part)), key=lambda one: one[0])  # stable
    opened = packets[0][0] if packets else first.started.timestamp()
    messages: list[WebSocketMessage] = [
        make_message(data, sent=sent, time=seconds, ms=(seconds - opened) * 1000) for seconds, sent, data in packets
    ]
    sockets = [part for part in parts if part.is_socket and part.response.status == 101]
    close: WebSocketClose | UnsetType = sockets[-1].close if sockets else UNSET
    random = dict.fromkeys(place for part in parts for place in part.request.random or ())
    uncompared = dict.fromkeys(place for part in parts for place in part.request.uncompared or ())
    request = msgspec.structs.replace(
        first.request,
        url=str(session_url(URL(first.request.url))),
        random=list(random) or UNSET,
        uncompared=list(uncompared) or UNSET,
    )
    response = first.response if first.is_socket else msgspec.structs.replace(first.response, status=101)
    return msgspec.structs.replace(first, request=request, response=response, messages=messages, close=close)
