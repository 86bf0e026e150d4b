"""What a server ends before its time: calls that wait for their turn when it is to end, and all that runs when the time
for that is over.

A request is ended by cancelling its task, and this knows with which error the client is to be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiohttp import web

from toolkit.chats.stream import ChatStream
from toolkit.gateway.error_answers import GatewayError, Refused

# Not 503, after which load balancers ask another server: the call may have had an effect.
CUT_OFF = GatewayError(500, "server_error", "shutting_down", "The server ended before the answer did.")


def unavailable(code: str, what: str) -> GatewayError:
    """The error of a request with which nothing was done, so that another server can be asked."""
    return GatewayError(503, "server_error", code, what, retry_after=1.0, may_retry=True)


ENDING_NOW = unavailable("shutting_down", "The server is ending.")


class Ending:
    """The end of one server. `begun` says that nothing new may begin."""

    def __init__(self) -> None:
        self.begun = False
        self._streams: dict[asyncio.Task[Any], tuple[ChatStream, web.StreamResponse | None]] = {}
        self._errors: dict[asyncio.Task[Any], GatewayError] = {}

    def watched(self, stream: ChatStream, response: web.StreamResponse | None = None) -> _Watched:
        """For `with`, around the reading of `stream` by the running task, for `response` where that is streamed. Raises
        `Refused` where the end has begun."""
        if self.begun:
            raise Refused(ENDING_NOW)
        task = asyncio.current_task()
        assert task is not None
        self._streams[task] = stream, response
        return _Watched(self._streams, task)

    def begin(self) -> None:
        """Have nothing new begin."""
        self.begun = True

    def send_away(self) -> None:
        """End the calls that wait for their turn: the site does not know of them, and another server can be asked. Once
        the head is sent nobody would ask another one, so that such a call waits on for its turn."""
        waiting = ((task, response) for task, (stream, response) in self._streams.items() if stream.place is not None)
        self._end((task for task, response in waiting if response is None or not response.prepared), ENDING_NOW)

    def cut_off(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        """End the requests of `tasks`."""
        self._end(tasks, CUT_OFF)

    def _end(self, tasks: Iterable[asyncio.Task[Any]], error: GatewayError) -> None:
        for task in tuple(tasks):
            self._errors[task] = error
            task.add_done_callback(self._errors.pop)
            task.cancel()

    def take(self) -> GatewayError | None:
        """The error with which the running task is to end, whose cancellation is taken back then; None where the client
        has gone."""
        task = asyncio.current_task()
        if task is None or (error := self._errors.get(task)) is None:
            return None
        task.uncancel()
        return error


class _Watched(NamedTuple):
    """See `Ending.watched`."""

    streams: dict[asyncio.Task[Any], Any]
    task: asyncio.Task[Any]

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        del self.streams[self.task]


ENDING = web.AppKey("ending", Ending)
