"""`SyncStream`: the answer of one chat call, read without asyncio.

It drives a `ChatStream` in the event loop of `background_loop`, and reads nothing by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import aclosing

from toolkit.chats.events import ChatEvent, Media, Source, Text, ToolCall, Usage
from toolkit.chats.stream import ChatStream
from toolkit.client.background_loop import Lease, program_has_ended
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

    @property
    def usage(self) -> Usage | None:
        """What the answer cost, as the site tells it."""
        return self._stream.usage

    @property
    def reasoning(self) -> str:
        """What the model has thought so far."""
        return self._stream.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The functions that the model asks the caller to run."""
        return self._stream.tool_calls

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the answer rests on."""
        return self._stream.sources

    @property
    def media(self) -> tuple[Media, ...]:
        """The pictures and files of the answer."""
        return self._stream.media

    @property
    def model(self) -> str | None:
        """The model that the site has chosen itself; None where it has not."""
        return self._stream.model

    @property
    def chat_id(self) -> str | None:
        """The conversation in the person's history at the site that this turn was saved in; None where it was not."""
        return self._stream.chat_id

    def __iter__(self) -> SyncStream:
        return self

    def __next__(self) -> str:
        while (event := self._next_event()) is not None:
            if isinstance(event, Text):
                return event.text
        raise StopIteration

    def events(self) -> Iterator[ChatEvent]:
        """Yield everything that the site says: text, reasoning, sources, its queue and so on, and the end."""
        while (event := self._next_event()) is not None:
            yield event

    def text(self, *, allow_truncated: bool = False) -> str:
        """Return the rest of the answer as one text: all of it, where nothing was read before. The stream is closed
        afterwards, also on an error.

        Raises `AnswerTruncated` as `ChatStream.text` does.
        """
        with self:
            text = "".join(self)
        if not allow_truncated and (error := self._stream.truncation()) is not None:
            raise error
        return text

    def close(self) -> None:
        """Close the connection, after the provider's clean-up at its site. Closing again does nothing.

        Another thread than the reader's may call this; the reader then gets a `StreamInterrupted`.
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
                if self.finish_reason is None:
                    raise self._stream.interrupted("This answer was closed before its end.")
                return None
            if self._lease is None:
                self._lease = Lease(self._stream.aclose)
            event = self._event_from_loop(self._lease)
        except BaseException as error:
            interrupted = self._stream.interrupted("The reading of this answer was interrupted.")
            self._failed = error if isinstance(error, ToolkitError) else interrupted
            self.close()
            raise
        finally:
            self._reading.release()
        if event is None:
            self.close()
        return event

    def _event_from_loop(self, lease: Lease) -> ChatEvent | None:
        """Return the next event, or None at the end. Raises `StreamInterrupted` if the stream is closed meanwhile."""
        try:
            event = None if lease.closed else lease.call(self._read_event)
        except StreamInterrupted:
            if not program_has_ended():
                raise
            event = None
        if event is not None or self.finish_reason is not None:
            return event
        if self._ended or not program_has_ended():
            raise self._stream.interrupted("This answer was closed before its end.")
        hint = "Wait for the thread that reads it."
        raise self._stream.interrupted("The program has ended before the answer was complete.", hint=hint)

    async def _read_event(self) -> ChatEvent | None:
        async with aclosing(self._stream.events()) as events:
            return await anext(events, None)
