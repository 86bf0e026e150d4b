"""What a replayed WebSocket says and waits for, from the recorded frames. Pure.

- The client's frames are the points at which both sides meet: everything that the server had sent before one of them is
  sent, and then that frame is waited for. Those without a frame of the server in between may come in any order.
- The packets by which engine.io keeps a connection alive count for nothing in either direction, nor do frames of the
  client whose event is named as not compared.
- Values that a client makes up (`request._random`) may be any, and are learned (`toolkit.replay.learned_values`).
  Places that are named as not compared (`request._uncompared`) may differ, or be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import UnsetType

from toolkit.har.frames import FRAMES, Frame, find_values, is_control, read_frame, replace_at, speaks_engine_io
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose, WebSocketMessage
from toolkit.replay.body_matching import ANY, differences
from toolkit.replay.learned_values import LearnedValues


class ServerFrame(NamedTuple):
    """A frame to send. `ms` is when it was recorded, in milliseconds since the 101."""

    ms: float
    data: str | bytes

    def __repr__(self) -> str:
        return f"<ServerFrame of {len(self.data)}>"


class _Step(NamedTuple):
    sent: bool
    ms: float
    data: str | bytes

    def __repr__(self) -> str:
        return f"<_Step sent={self.sent}>"


class SocketScript:
    """The frames of the recorded socket `entry`, as far as they were played. `learned` is shared by all sockets of a
    replay."""

    def __init__(self, entry: Entry, learned: LearnedValues, uncompared: frozenset[str] = frozenset()) -> None:
        self.entry = entry
        self.ms = 0.0  # when the last frame that was played was recorded
        self.failed = False  # the client has sent what was not recorded
        self._learned = learned
        self._engine_io = speaks_engine_io(entry.request.url)
        self._random = entry.request.random or []
        self._uncompared = frozenset(entry.request.uncompared or ()) | uncompared
        self._acks: dict[str, str] = {}  # live ids of acknowledgements by the recorded ones
        self._steps = [step for step in _steps(entry) if self._counts(step)]
        self._at = 0
        self._expected: list[_Step] = []

    @property
    def close(self) -> WebSocketClose | None:
        """How the recorded socket ended; None where it was open at the end of the recording."""
        return None if isinstance(self.entry.close, UnsetType) else self.entry.close

    def due(self) -> list[ServerFrame]:
        """Returns what the server sends now, up to the next frame that it waits for."""
        due: list[ServerFrame] = []
        if self._expected:
            return due
        while self._at < len(self._steps) and not self._steps[self._at].sent:
            step = self._steps[self._at]
            due.append(ServerFrame(step.ms, self._live(step.data)))
            self._at += 1
        while self._at < len(self._steps) and self._steps[self._at].sent:
            self._expected.append(self._steps[self._at])
            self._at += 1
        return due

    @property
    def is_waiting(self) -> bool:
        """Whether a frame of the client has to come before anything else is sent."""
        return bool(self._expected)

    def unsent(self) -> list[str]:
        """Returns the names of the recorded frames that the client has not sent."""
        left = [*self._expected, *(step for step in self._steps[self._at :] if step.sent)]
        return [_name(self._read(step.data)) for step in left]

    def take(self, data: str | bytes) -> list[str]:
        """Takes a frame of the client. Returns how it differs from those that were recorded here: nothing if it is one
        of them, or counts for nothing."""
        if self._engine_io and is_control(data):
            return []
        frame = self._read(data)
        if frame.is_named_by(self._uncompared):
            return []
        closest: list[str] = []
        for step in self._expected:
            found = list(self._differences(step, frame))
            if not found:
                self._expected.remove(step)
                self._learn(self._read(step.data), frame)
                self.ms = max(self.ms, step.ms)
                return []
            closest = min(closest or found, found, key=len)
        self.failed = True
        return closest or [f"{_name(frame)}: nothing more was recorded of the client"]

    def _counts(self, step: _Step) -> bool:
        if self._engine_io and is_control(step.data):
            return False
        return not (step.sent and self._read(step.data).is_named_by(self._uncompared))

    def _read(self, data: str | bytes) -> Frame:
        return read_frame(data, engine_io=self._engine_io)

    def _live(self, data: str | bytes) -> str | bytes:
        """Returns the recorded `data` of the server with the client's own values."""
        if self._acks and isinstance(data, str) and (frame := self._read(data)).kind == "ack":
            head = frame.head.removesuffix(frame.ack) + self._acks.get(frame.ack, frame.ack)
            data = head + data[len(frame.head) :]
        return self._learned.translate(data)

    def _differences(self, step: _Step, got: Frame) -> Iterator[str]:
        """How the live frame `got` differs from the recorded one, one line per field."""
        recorded = self._read(self._learned.translate(step.data))
        names = (_head(recorded), _head(got))
        if recorded.kind != got.kind or names[0] != names[1]:
            yield f"{FRAMES}: recorded {_name(recorded)}, got {_name(got)}"
            return
        one, other = recorded.document, got.document
        for place in self._uncompared:
            one, other = _without(one, recorded.path(place)), _without(other, got.path(place))
        for place in self._random:
            one, other = _masked(one, recorded.path(place)), _masked(other, got.path(place))
        if recorded.kind and isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 2:
            one, other = one[1], other[1]
        yield from differences(one, other, _name(recorded))

    def _learn(self, recorded: Frame, got: Frame) -> None:
        if recorded.ack:
            self._acks[recorded.ack] = got.ack
        for place in self._random:
            path, live_path = recorded.path(place), got.path(place)
            if path is not None and live_path is not None:
                live = dict(find_values(got.document, live_path))
                for at, value in find_values(recorded.document, path):
                    self._learned.learn(value, live.get(at))


def _steps(entry: Entry) -> Iterator[_Step]:
    for message in entry.messages or ():
        yield _Step(message.is_sent, milliseconds(entry, message), message.payload())


def milliseconds(entry: Entry, message: WebSocketMessage) -> float:
    """Returns when `message` came, in milliseconds since the 101 of `entry`, by its time where it does not say."""
    if not isinstance(message.ms, UnsetType):
        return message.ms
    opened = entry.started.timestamp() + max(entry.timings.wait, 0) / 1000
    return max(0.0, (message.seconds - opened) * 1000) if message.seconds else 0.0


def _name(frame: Frame) -> str:
    return f"{FRAMES}.{frame.kind}" if frame.kind else FRAMES


def _head(frame: Frame) -> str:
    return frame.head.removesuffix(frame.ack)


def _masked(document: Any, path: tuple[str | int, ...] | None) -> Any:
    for at, _ in list(find_values(document, path)) if path is not None else ():
        document = replace_at(document, at, ANY)
    return document


def _without(document: Any, path: tuple[str | int, ...] | None) -> Any:
    for at, _ in list(find_values(document, path)) if path else ():
        holder = next(value for _, value in find_values(document, at[:-1]))
        if isinstance(holder, dict):
            rest = {name: value for name, value in holder.items() if name != at[-1]}
            document = replace_at(document, at[:-1], rest)
        else:
            document = replace_at(document, at, ANY)
    return document
