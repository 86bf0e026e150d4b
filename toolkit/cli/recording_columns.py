"""The columns by which `toolkit recording show` lists the exchanges of a recording, and the frames of a WebSocket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from toolkit.cli.table import Column, json_object

if TYPE_CHECKING:
    from toolkit.har.model import Entry
    from toolkit.har.websockets import WebSocketMessage

SHOWN = 160  # characters of a frame


class ExchangeRow(NamedTuple):
    """An exchange, and its number in the recording, from 1 on."""

    number: int
    entry: Entry


class FrameRow(NamedTuple):
    """A frame of a WebSocket, and its number among them, from 1 on."""

    number: int
    message: WebSocketMessage


def frame_rows(entry: Entry) -> list[FrameRow]:
    """Returns the rows of the frames of `entry`; none if it is no WebSocket."""
    return [FrameRow(number, message) for number, message in enumerate(entry.messages or (), 1)]


def exchange_json(row: ExchangeRow) -> dict[str, Any]:
    """Returns the JSON object of an exchange; that of a WebSocket has the number of frames and how it was closed."""
    described = json_object(EXCHANGE_COLUMNS, row)
    if row.entry.is_socket:
        described["frames"] = [json_object(FRAME_COLUMNS, one) for one in frame_rows(row.entry)]
        described["closed"] = (
            {"by": row.entry.close.by, "code": row.entry.close.code or None} if row.entry.close else None
        )
    return described


def frames_caption(entry: Entry) -> str:
    """Returns how the WebSocket `entry` ended, in words."""
    if not entry.close:
        return "It was open when the recording ended, or its page was left."
    by, code = entry.close.by, entry.close.code
    words = {"client": "The client closed it", "server": "The server closed it", "lost": "The connection was lost"}
    return words.get(by, "It was closed; browsers do not tell by whom") + (f", with the code {code}." if code else ".")


def _half(row: ExchangeRow) -> str:
    return "page" if isinstance(row.entry.pageref, str) else ""


def _url(row: ExchangeRow) -> str:
    from toolkit.errors import redact_url

    return redact_url(row.entry.request.url)


def _status(row: ExchangeRow) -> str:
    status = str(row.entry.response.status) if row.entry.response.status > 0 else "none"
    return f"{status} cut" if row.entry.error else status


def _chunks(row: ExchangeRow) -> str:
    number = _number_of_chunks(row)
    return "-" if number is None else str(number)


def _number_of_chunks(row: ExchangeRow) -> int | None:
    from msgspec import UnsetType

    if row.entry.is_socket:
        return len(row.entry.messages or ())
    content = row.entry.response.content
    return None if isinstance(content.chunks, UnsetType) else len(content.pieces())


def _bytes(row: ExchangeRow) -> int:
    received = (message.payload() for message in row.entry.messages or () if not message.is_sent)
    return len(row.entry.response.content.body()) + sum(map(_size, received))


def _size(payload: str | bytes) -> int:
    return len(payload.encode()) if isinstance(payload, str) else len(payload)


def _said(row: FrameRow) -> str:
    payload = row.message.payload()
    text = payload if isinstance(payload, str) else payload.hex(" ")
    return f"{text[:SHOWN]}..." if len(text) > SHOWN else text


def _since_opening(row: FrameRow) -> float:
    return row.message.ms or 0.0


EXCHANGE_COLUMNS: tuple[Column[ExchangeRow], ...] = (
    Column("#", lambda row: str(row.number), "number", lambda row: row.number, justify="right", overflow="ellipsis"),
    Column("half", _half, "page", lambda row: bool(_half(row)), overflow="ellipsis"),
    Column("method", lambda row: row.entry.request.method, "method", overflow="ellipsis"),
    Column("URL", _url, "url"),
    Column(
        "status",
        _status,
        "status",
        lambda row: row.entry.response.status,
        justify="right",
        overflow="ellipsis",
        style=lambda row: "red" if row.entry.error else "",
    ),
    Column("chunks", _chunks, "chunks", _number_of_chunks, justify="right", overflow="ellipsis"),
    Column("bytes", lambda row: str(_bytes(row)), "bytes", _bytes, justify="right", overflow="ellipsis"),
    Column(
        "ms",
        lambda row: f"{max(row.entry.time, 0):.0f}",
        "ms",
        lambda row: max(row.entry.time, 0),
        justify="right",
        overflow="ellipsis",
    ),
)

FRAME_COLUMNS: tuple[Column[FrameRow], ...] = (
    Column("#", lambda row: str(row.number), justify="right", overflow="ellipsis"),
    Column(
        "from",
        lambda row: "client" if row.message.is_sent else "server",
        "from",
        style=lambda row: "green" if row.message.is_sent else "",
    ),
    Column("ms", lambda row: f"{_since_opening(row):.0f}", "ms", _since_opening, justify="right", overflow="ellipsis"),
    Column(
        "bytes",
        lambda row: str(_size(row.message.payload())),
        "bytes",
        lambda row: _size(row.message.payload()),
        justify="right",
        overflow="ellipsis",
    ),
    Column("frame", _said, "data", lambda row: row.message.data),
)


def rows_of(entries: Iterable[Entry]) -> list[ExchangeRow]:
    """Returns the rows of `entries`."""
    return [ExchangeRow(number, entry) for number, entry in enumerate(entries, 1)]
