"""Calls a function of an app made with Gradio 3 by its queue, which is a WebSocket for each call (measured on 3.50)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from toolkit.chats.events import KEEP_ALIVE, KeepAlive, Queued, Status
from toolkit.errors import ProtocolError, SiteError, StreamInterrupted
from toolkit.providers.gradio.answer import error_message

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class QueueOutput(Struct):
    """What a function has answered so far: a value for each of its outputs, or an error."""

    data: Any = None
    error: Any = None


class QueueMessage(Struct):
    """A message of the queue; `msg` says which. `rank` is the number of the calls before this one."""

    msg: str
    output: QueueOutput | None = None
    success: bool = True
    rank: int | None = None
    queue_size: int | None = None
    log: str = ""


async def call_by_queue(
    http: Transport, api: str, function: int, data: list[Any], session: str
) -> AsyncGenerator[list[Any] | Queued | Status | KeepAlive, None]:
    """Call the function with the number `function` of the app at `api` with the inputs `data`, in the session
    `session`. Yields its outputs, whole each time that they have grown, and what the queue says meanwhile.

    Raises `SiteError` for a failure that the app reports, `StreamInterrupted` for an end before the outputs are whole.
    """
    url, call = f"{api}/queue/join", {"fn_index": function, "session_hash": session}
    async with http.websocket(url) as socket, aclosing(socket.json(QueueMessage)) as messages:
        async for message in messages:
            output = message.output or QueueOutput()
            if message.msg == "send_hash":
                await socket.send_json(call)
            elif message.msg == "send_data":
                await socket.send_json({"data": data, "event_data": None, **call})
            elif message.msg == "estimation":
                yield Queued((message.rank or 0) + 1, message.queue_size or 0)
            elif message.msg == "queue_full":
                raise SiteError("The app's queue is full.", url=url, hint="Ask again later.")
            elif message.msg in ("process_generating", "process_completed"):
                if not message.success:
                    raise SiteError(error_message(_unquoted(output.error)), url=url)
                if not isinstance(output.data, list):
                    raise ProtocolError("The app's answer is no list.", url=url)
                yield output.data
                if message.msg == "process_completed":
                    return
            else:
                yield Status(message.log) if message.log else KEEP_ALIVE
    raise StreamInterrupted("The queue ended before the answer was complete.", url=url)


def _unquoted(error: Any) -> Any:
    """The text of an error, which the app sends as Python writes it, in quotes."""
    if isinstance(error, str) and len(error) > 1 and error[0] == error[-1] and error[0] in "'\"":
        return error[1:-1]
    return error
