"""The data stream of Vercel's AI SDK 4 (https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol): lines of a code and
JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import msgspec

from toolkit.chats.events import Media, Piece, Reasoning, Source, Sources, ToolCall
from toolkit.providers.dialects.base import Dialect, Head
from toolkit.providers.dialects.frames import CodedLineFrames, Frame, parse_json_text

# The codes that say something; others hold data of the page's own, and pieces of what comes whole as well.
TEXT, ERROR, TOOL_CALL = "0", "3", "9"
END, STEP_END, START, REASONING, SOURCE, FILE = "d", "e", "f", "g", "h", "k"


class AISDK4(Dialect):
    """Lines such as `0:"Hel"`; the one with the code `d` is the last. After an error the stream ends all the same."""

    name = "ai-sdk-4"
    title = "Vercel AI SDK 4, data stream"
    frames = CodedLineFrames

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    @classmethod
    def matches(cls, head: Head, frames: Sequence[Frame]) -> bool:
        if "x-vercel-ai-data-stream" in head.headers:
            return True
        codes = [frame.event for frame in frames]
        if codes[:1] == [START]:
            return frames[0].text("messageId") != ""
        return TEXT in codes and bool({END, STEP_END} & set(codes)) and all(codes)

    def read(self, frame: Frame) -> Iterator[Piece]:
        code = frame.event
        if code == TEXT:
            yield frame.text()
        elif code == REASONING:
            yield Reasoning(frame.text())
        elif code == SOURCE:
            yield Sources((Source(frame.text("title"), frame.text("url")),))
        elif code == FILE:
            yield Media(data=base64.b64decode(frame.text("data") + "=="), mime_type=frame.text("mimeType"))
        elif code == TOOL_CALL:
            arguments = msgspec.json.encode(frame.at("args")).decode()
            yield ToolCall(self._calls, frame.text("toolCallId"), frame.text("toolName"), arguments)
            self._calls += 1
        elif code == ERROR:
            raise self.fail(parse_json_text(frame.text()) or frame.value)  # Typebot has JSON in the text
        elif code in (STEP_END, END):
            self.count(_usage(frame))
            self.give_reason(frame.at("finishReason"))
            if code == END:
                self.end()
        elif not code:
            yield from self.document(frame.value)


def _usage(frame: Frame) -> dict[str, object]:
    names = {"prompt_tokens": "promptTokens", "completion_tokens": "completionTokens"}
    return {ours: frame.at("usage", theirs) for ours, theirs in names.items()}
