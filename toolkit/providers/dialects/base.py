"""What a dialect is: how to recognise the answers that are in it, and how to read one. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from toolkit.chats.events import Finished, Piece, Reasoning, Usage
from toolkit.errors import ProtocolError, StreamInterrupted, ToolkitError
from toolkit.providers.dialects.frames import EventFrames, Frame, parse_json_text, value_at
from toolkit.providers.openai.answer import REASONS, read_usage
from toolkit.providers.reported_errors import reported_error
from toolkit.providers.surrogates import SurrogateJoiner
from toolkit.streams.base import Decoder

START_LIMIT = 64 * 1024  # bytes of a body without a frame that are kept, for they may say why there is none
DOCUMENT = (b"{", b"[")


class Head(NamedTuple):
    """What is known of an answer before its frames: its `headers`, names in lower case, and the first bytes of its
    body."""

    headers: Mapping[str, str]
    start: bytes = b""

    @property
    def content_type(self) -> str:
        """The type without its parameters, in lower case; "" where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Dialect(ABC):
    """A way in which chat software streams an answer. An instance reads one answer.

    - `name`: the name by which it is found, `title` what people call it.
    - `frames`: the decoder that cuts a body into frames.
    - `marks_end`: whether an answer has an end that can be told from a connection that ends too early.
    - `url`: where the answer came from, for errors, and for addresses in it that are relative.
    - `ended`: whether the end mark was seen; `done`, whether nothing that counts can follow.
    - `reason`: why the answer ended, in OpenAI's words; None where the site did not say.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    frames: ClassVar[Callable[[], Decoder[Frame]]] = EventFrames
    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self.url = ""
        self.ended = self.done = False
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._said = ""  # the text so far
        self._decoder = type(self).frames()
        self._joiner = SurrogateJoiner()
        self._start = bytearray()  # of the body, until the first frame
        self._empty = True
        self._framed = False

    @classmethod
    @abstractmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        """Whether an answer that begins so is in this dialect. `frames` are those that `cls.frames` has cut."""

    @abstractmethod
    def read(self, frame: Frame) -> Iterator[Piece]:
        """The pieces of an answer that `frame` holds. Sets `ended`, `done`, `reason` and `usage`; raises the error that
        the frame reports."""

    def held(self) -> Iterator[Piece]:
        """What was held back, because a later frame could have changed it; also before an error."""
        yield from ()

    def document(self, value: object) -> Iterator[Piece]:
        """The pieces of a JSON document in the place of frames. Raises the error that it reports."""
        for name in ("error", "detail", "message", "errorText"):
            if reported := value_at(value, name):
                raise reported_error(value if name != "error" else reported, self.url)
        raise ProtocolError("The site sent a JSON document in which there is no answer.")

    def feed(self, data: bytes) -> Iterator[Piece]:
        """The pieces that the next bytes of the body complete.

        Raises the error that the site reports inside the answer (see `reported_error`), and `ProtocolError` for what is
        not of this dialect. Once `done`, bytes are passed over.
        """
        self._empty = self._empty and not data
        if not self._framed and len(self._start) < START_LIMIT:
            self._start += data
        yield from self._read_frames(self._decoder.feed(data))

    def finish(self) -> Iterator[Piece]:
        """The pieces that the end of the body completes; the last is `Finished`.

        Raises as `feed` does, and `StreamInterrupted` where the body ended before the answer did.
        """
        whole = True
        if not self.done:
            try:
                rest = self._decoder.flush()
            except ProtocolError:
                whole, rest = False, []
            if rest and not rest[-1].is_json and rest[-1].data.lstrip().startswith(("{", "[", '"')):
                whole, rest = False, rest[:-1]  # a document that was cut
            yield from self._read_frames(rest)
        if not self._framed:
            yield from self._read_start()
        if not (self.ended or self.done) and (self.marks_end or not whole):
            yield from self._last()
            raise StreamInterrupted("The stream ended without its end marker.", url=self.url)
        yield from self._last()
        if self.usage is not None:
            yield self.usage
        yield Finished(self.reason or "stop")

    def _read_frames(self, frames: Sequence[Frame]) -> Iterator[Piece]:
        for frame in frames:
            if self.done:
                return
            self._framed = True
            try:
                for piece in self.read(frame):
                    joined = self._joiner.join(piece)
                    if isinstance(joined, str):
                        self._said += joined
                    if joined != "" and joined != Reasoning(""):
                        yield joined
            except ToolkitError:
                yield from self._last()
                raise

    def _read_start(self) -> Iterator[Piece]:
        """What a body without a frame says instead."""
        if self._empty:
            raise ProtocolError("The site answered with nothing at all.", url=self.url, hint="Try again.")
        text = bytes(self._start).strip()
        value = parse_json_text(text.decode("utf-8", "replace")) if text.startswith(DOCUMENT) else None
        if value is None:
            raise ProtocolError("The site sent something in which there is no frame of a stream.", url=self.url)
        yield from self.document(value)
        self.done = True

    def _last(self) -> Iterator[Piece]:
        yield from map(self._joiner.join, self.held())
        if half := self._joiner.flush():
            yield half

    # What the readers of the dialects share.

    def fail(self, reported: object) -> ToolkitError:
        """The error for what the site has reported."""
        return reported_error(reported, self.url)

    def whole(self, text: str) -> Iterator[Piece]:
        """The whole text, where pieces of it have come before: the rest of it, or nothing where it is another text, for
        a piece cannot be taken back."""
        if text.startswith(self._said):
            yield text[len(self._said) :]

    def end(self, reason: object = None, *, done: bool = True) -> None:
        """Take note of the end mark, and of the `reason` that it tells."""
        self.ended, self.done = True, done
        self.give_reason(reason)

    def give_reason(self, reason: object) -> None:
        """Take note of why the answer ended."""
        if isinstance(reason, str) and reason:
            self.reason = REASONS.get(reason, reason)

    def count(self, usage: object) -> None:
        """Take note of what the answer cost."""
        self.usage = read_usage(usage) or self.usage
