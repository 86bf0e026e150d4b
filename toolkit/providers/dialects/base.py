"""What a dialect is: how to recognise the answers that are in it, and how to read one. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple
from urllib.parse import urljoin

from toolkit.chats.events import Finished, Piece, Reasoning, Status, Usage
from toolkit.errors import ProtocolError, StreamInterrupted, ToolkitError
from toolkit.providers.dialects.frames import EventFrames, Frame, TextFrames, parse_json_text, value_at
from toolkit.providers.openai.answer import REASONS, read_usage
from toolkit.providers.reported_errors import reported_error
from toolkit.providers.surrogates import SurrogateJoiner
from toolkit.streams.base import Decoder

START_LIMIT = 64 * 1024  # bytes of a body without a frame that are kept, for they may say why there is none
DONE = "[DONE]"  # OpenAI's end mark, which others have taken over
PINGS = ("ping", "heartbeat", "keepalive", "keep-alive")  # names of events that only keep the connection


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
    - `reads_plain`: whether a frame that is not JSON says something.
    - `url`: where the answer came from, for errors, and for addresses in it that are relative.
    - `ended`: whether the end mark was seen; `done`, whether nothing that counts can follow.
    - `reason`: why the answer ended, in OpenAI's words; None where the site did not say.
    - `said`: the text so far; `usage`, what the answer cost.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    frames: ClassVar[Callable[[], Decoder[Frame]]] = EventFrames
    marks_end: ClassVar[bool] = True
    reads_plain: ClassVar[bool] = False

    def __init__(self) -> None:
        self.url = ""
        self.ended = self.done = False
        self.reason: str | None = None
        self.usage: Usage | None = None
        self.said = ""
        self._decoder = type(self).frames()
        self._joiner = SurrogateJoiner()
        self._start = bytearray()  # of the body, until the first frame
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
        yield from ()
        for name in ("error", "detail", "message", "errorText"):
            if reported := value_at(value, name):
                raise self.fail(value if name != "error" else reported)
        raise ProtocolError("The site sent a JSON document in which there is no answer.", url=self.url)

    def unframed(self, text: str) -> Iterator[Piece]:
        """The pieces of a body without a frame, which is `text`. Raises what `document` raises, and `ProtocolError` or
        `StreamInterrupted` for what is no document."""
        value = parse_json_text(text)
        if value is None and text.startswith(("{", "[")):
            raise StreamInterrupted("The site's answer ends within a JSON document.", url=self.url)
        if value is None:
            raise ProtocolError("The site sent something in which there is no frame of a stream.", url=self.url)
        yield from self.document(value)

    def last(self) -> Iterator[Piece]:
        """What is told last, of an answer that has come to its end."""
        if self.usage is not None:
            yield self.usage
        yield Finished(self.reason or "stop")

    def feed(self, data: bytes) -> Iterator[Piece]:
        """The pieces that the next bytes of the body complete.

        Raises the error that the site reports inside the answer (see `reported_error`), and `ProtocolError` for what is
        not of this dialect. Once `done`, bytes are passed over.
        """
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
            if rest and _is_cut(rest[-1]) and type(self).frames is not TextFrames:
                whole, rest = False, rest[:-1]
            yield from self._read_frames(rest)
        if not self._framed and whole:
            yield from self._read_start()
        yield from self._rest()
        if not (self.ended or self.done) and (self.marks_end or not whole):
            raise StreamInterrupted("The stream ended without its end marker.", url=self.url)
        yield from self.last()

    def _read_frames(self, frames: Sequence[Frame]) -> Iterator[Piece]:
        for frame in frames:
            if self.done:
                return
            self._framed = True
            try:
                if self._says_something(frame):
                    yield from self._joined(self.read(frame))
            except ToolkitError:
                yield from self._rest()
                raise

    def _says_something(self, frame: Frame) -> bool:
        """Whether the dialect reads `frame`. Raises the error that it is."""
        if frame.event == "error":
            raise self.fail(frame.value if frame.is_json else frame.data)
        if frame.is_json or self.reads_plain or frame.data.strip() in ("", DONE):
            return True
        if frame.event in PINGS:
            return False
        raise ProtocolError("The site sent a frame that is not JSON.", url=self.url)

    def _read_start(self) -> Iterator[Piece]:
        """What a body without a frame says instead."""
        text = self._start.decode("utf-8", "replace").strip()
        if not text:
            raise ProtocolError("The site answered with nothing at all.", url=self.url, hint="Try again.")
        yield from self._joined(self.unframed(text))
        self.ended = self.done = True

    def _joined(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """`pieces` with the halves of characters put together, without those that say nothing."""
        for piece in pieces:
            joined = self._joiner.join(piece)
            if isinstance(joined, str):
                self.said += joined
            if joined not in ("", Reasoning(""), Status(""), Status("", True)):
                yield joined

    def _rest(self) -> Iterator[Piece]:
        """What was held back, of the text and of a character."""
        yield from self._joined(self.held())
        if half := self._joiner.flush():
            yield half

    # What the readers of the dialects share.

    def fail(self, reported: object) -> ToolkitError:
        """The error for what the site has reported."""
        return reported_error(reported, self.url)

    def whole(self, text: str) -> Iterator[Piece]:
        """The whole text, where pieces of it have come before: the rest of it, or nothing where it is another text, for
        a piece cannot be taken back."""
        if text.startswith(self.said):
            yield text[len(self.said) :]

    def replace(self, text: str) -> Iterator[Piece]:
        """The text that takes the place of what was said. A piece cannot be taken back, so another text is told anew,
        as a new paragraph."""
        yield text[len(self.said) :] if text.startswith(self.said) else f"\n\n{text}"

    def absolute(self, address: str) -> str:
        """An address in the answer, which can be relative."""
        return urljoin(self.url, address)

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


def _is_cut(frame: Frame) -> bool:
    """Whether the last frame is the beginning of a JSON document."""
    return not frame.is_json and frame.data.lstrip().startswith(("{", "[", '"')) and frame.data.strip() != DONE
