"""`SyncStream`: the answer of one chat call, read without asyncio.

It drives a `ChatStream` in the event loop of `background_loop`, and reads nothing by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import aclosing

from toolkit.chats.events import ChatEvent, Text
from toolkit.chats.stream import ChatStream
from toolkit.client.background_loop import Lease
from toolkit.errors import StreamInterrupted, ToolkitError, UsageError


class SyncStream:
    """The answer of one chat call, as it arrives: `ChatStream` without asyncio.

    `for piece in stream` gives `str` pieces; the first one raises the errors of the call. `with stream:` closes the
    stream at the end; a stream that is dropped is closed a little later. Ctrl-C while it is read closes it too, and
    waits for the provider's clean-up at its site. All errors are of `toolkit.errors`.
    """

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._lease: Lease | None = None
        self._reading = threading.Lock()
        self._ended = False
        self._failed: ToolkitError | None = None

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended, such as `stop`; None before the end."""
        return self._stream.finish_reason

    def __iter__(self) -> SyncStream:
        return self

    def __next__(self) -> str:
        while (event := self._next_event()) is not None:
            if isinstance(event, Text):
                return event.text
        raise StopIteration

    def events(self) -> Iterator[ChatEvent]:
        """Yield all events: text, the place in the site's queue, and the end."""
        while (event := self._next_event()) is not None:
            yield event

    def text(self) -> str:
        """Return the rest of the answer as one text, and close the stream, also on an error."""
        with self:
            return "".join(self)

    def close(self) -> None:
        """Close the connection, after the provider's clean-up at its site. Closing again does nothing.

        Another thread than the reader's may call this; the stream then ends for the reader.
        """
        self._ended = True
        if self._lease is not None:
            self._lease.close()

    def __enter__(self) -> SyncStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self._lease is not None:
            self._lease.close_later()

    def _next_event(self) -> ChatEvent | None:
        """Return the next event, or None at the end. A failed stream raises its error again, so it never looks
        complete."""
        if not self._reading.acquire(blocking=False):
            raise UsageError("Somebody else is reading this stream.", hint="Make one call for each reader.")
        try:
            if self._failed is not None:
                raise self._failed
            if self._ended:
                return None
            if self._lease is None:
                self._lease = Lease(self._stream.aclose)
            event = None if self._lease.closed else self._lease.call(self._read_event)
            if event is None and self.finish_reason is None and not self._ended:
                hint = "Wait for the thread that reads it."
                raise StreamInterrupted("The program has ended before the answer was complete.", hint=hint)
        except BaseException as error:
            interrupted = StreamInterrupted("The reading of this answer was interrupted.")
            self._failed = error if isinstance(error, ToolkitError) else interrupted
            self.close()
            raise
        finally:
            self._reading.release()
        if event is None:
            self.close()
        return event

    async def _read_event(self) -> ChatEvent | None:
        async with aclosing(self._stream.events()) as events:
            return await anext(events, None)
