"""OpenAI's Responses API: the answer as events of a stream or as one document. Pure.

https://platform.openai.com/docs/api-reference/responses-streaming. Each item of the answer (a message, what the model
thinks, a function to run, a picture) is told from its beginning to its end before the next one is begun.
"""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.chats.events import ChatEvent, Media, Reasoning, Source, Sources, ToolCall
from toolkit.gateway.answer_summary import AnswerSummary
from toolkit.gateway.error_answers import GatewayError, openai_fields
from toolkit.gateway.question import AnswerHead
from toolkit.gateway.responses_items import (
    INCOMPLETE,
    Item,
    annotation,
    call_item,
    ended_response,
    failed_response,
    image_item,
    is_image,
    message_item,
    reasoning_item,
    response,
    summary_part,
    text_part,
)


class _Message:
    """A message that is being told."""

    text_name, part_name = "output_text", "content_part"

    def __init__(self, suffix: str, index: int) -> None:
        self._suffix, self._index = suffix, index
        self.pieces: list[str] = []
        self.annotations: list[Item] = []
        self.place = {"item_id": self.begun()["id"], "output_index": index, "content_index": 0}
        self.more: Item = {"logprobs": []}  # which the events of its text have too

    def begun(self) -> Item:
        return message_item(self._suffix, self._index, [], "in_progress")

    def part(self) -> Item:
        return text_part("".join(self.pieces), self.annotations)

    def ended(self, status: str) -> Item:
        return message_item(self._suffix, self._index, [self.part()], status)


class _Thought:
    """What the model thinks, while it is being told."""

    text_name, part_name = "reasoning_summary_text", "reasoning_summary_part"

    def __init__(self, suffix: str, index: int) -> None:
        self._suffix, self._index = suffix, index
        self.pieces: list[str] = []
        self.place = {"item_id": self.begun()["id"], "output_index": index, "summary_index": 0}
        self.more: Item = {}

    def begun(self) -> Item:
        return reasoning_item(self._suffix, self._index, [])

    def part(self) -> Item:
        return summary_part("".join(self.pieces))

    def ended(self, _: str) -> Item:
        return reasoning_item(self._suffix, self._index, [self.part()])


class ResponseWriter:
    """Writes the events of a stream."""

    def __init__(self, head: AnswerHead) -> None:
        self._head = head
        self._number = 0  # of the next event
        self._output: list[Item] = []  # the items that are over
        self._open: _Message | _Thought | None = None
        self._before_piece = b""  # the event for a piece of what is open, up to the piece
        self._sources: list[Source] = []  # that belong to a message that has not begun

    def begin(self) -> bytes:
        """The first two events: that there is a response, and that it is being written."""
        begun = response(self._head, "in_progress")
        return self._event("response.created", response=begun) + self._event("response.in_progress", response=begun)

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""
        return self._piece(piece, _Message)

    def event(self, event: ChatEvent) -> bytes:
        """What else the site says, where the protocol has an item for it; nothing otherwise."""
        if isinstance(event, Reasoning):
            return self._piece(event.text, _Thought)
        if isinstance(event, ToolCall):
            return self._close() + self._call(event)
        if isinstance(event, Media) and is_image(event):
            return self._close() + self._image(event)
        if isinstance(event, Sources):
            self._sources += [source for source in event.sources if source.url]
            return self._cite()
        return b""

    def end(self, answer: AnswerSummary) -> bytes:
        """The last events of an answer that is complete, or that the site has cut."""
        data = self._close("incomplete" if answer.finish_reason in INCOMPLETE else "completed")
        if not self._output:  # clients look for a message
            data = self._start(_Message) + self._close()
        ended = ended_response(self._head, answer, self._output)
        return data + self._event(f"response.{ended['status']}", response=ended)

    def error(self, error: GatewayError) -> bytes:
        """The last event of an answer that broke off. By `error` OpenAI's own clients raise it; without that they hand
        it out as any other event."""
        failed = failed_response(self._head, error, self._output)
        return self._event("response.failed", response=failed, error=openai_fields(error))

    def _piece(self, piece: str, kind: type[_Message] | type[_Thought]) -> bytes:
        """Of all events nearly each is a piece, so it is put together by hand."""
        start = b"" if type(self._open) is kind else self._close() + self._start(kind)
        assert self._open is not None
        self._open.pieces.append(piece)
        self._number += 1
        told = b'%b,"sequence_number":%d}\n\n' % (msgspec.json.encode(piece), self._number - 1)
        return start + self._before_piece + told

    def _start(self, kind: type[_Message] | type[_Thought]) -> bytes:
        index = len(self._output)
        opened = self._open = kind(self._head.suffix, index)
        name = f"response.{opened.text_name}.delta"
        same = msgspec.json.encode({"type": name, **opened.place, **opened.more})[:-1]
        self._before_piece = b'event: %b\ndata: %b,"delta":' % (name.encode(), same)
        data = self._event("response.output_item.added", output_index=index, item=opened.begun())
        data += self._event(f"response.{opened.part_name}.added", **opened.place, part=opened.part())
        return data + self._cite()

    def _close(self, status: str = "completed") -> bytes:
        opened, self._open = self._open, None
        if opened is None:
            return b""
        index, item, part = len(self._output), opened.ended(status), opened.part()
        self._output.append(item)
        data = self._event(f"response.{opened.text_name}.done", **opened.place, **opened.more, text=part["text"])
        data += self._event(f"response.{opened.part_name}.done", **opened.place, part=part)
        return data + self._event("response.output_item.done", output_index=index, item=item)

    def _cite(self) -> bytes:
        """The sources that were not told yet, once there is a message whose they are."""
        if not isinstance(self._open, _Message):
            return b""
        data, end = b"", sum(map(len, self._open.pieces))
        for source in self._sources:
            place = {**self._open.place, "annotation_index": len(self._open.annotations)}
            cited = annotation(source, end)
            self._open.annotations.append(cited)
            data += self._event("response.output_text.annotation.added", **place, annotation=cited)
        self._sources.clear()
        return data

    def _call(self, call: ToolCall) -> bytes:
        index = len(self._output)
        item = call_item(self._head.suffix, index, call)
        place = {"item_id": item["id"], "output_index": index}
        data = self._event(
            "response.output_item.added", output_index=index, item=item | {"status": "in_progress", "arguments": ""}
        )
        name = "response.function_call_arguments"
        data += self._event(f"{name}.delta", **place, delta=call.arguments)
        data += self._event(f"{name}.done", **place, name=call.name, arguments=call.arguments)
        return data + self._done(item)

    def _image(self, media: Media) -> bytes:
        index = len(self._output)
        item = image_item(self._head.suffix, index, media)
        begun = item | {"status": "in_progress", "result": None}
        place = {"item_id": item["id"], "output_index": index}
        data = self._event("response.output_item.added", output_index=index, item=begun)
        return data + self._event("response.image_generation_call.completed", **place) + self._done(item)

    def _done(self, item: Item) -> bytes:
        self._output.append(item)
        return self._event("response.output_item.done", output_index=len(self._output) - 1, item=item)

    def _event(self, name: str, /, **fields: Any) -> bytes:
        document = {"type": name, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(document))


def write_document(answer: AnswerSummary, head: AnswerHead) -> bytes:
    """The whole answer in one document."""
    output: list[Item] = []
    if answer.reasoning:
        output.append(reasoning_item(head.suffix, 0, [summary_part(answer.reasoning)]))
    for media in filter(is_image, answer.media):
        output.append(image_item(head.suffix, len(output), media))
    if answer.text or not (output or answer.tool_calls):
        cited = [annotation(source, len(answer.text)) for source in answer.sources if source.url]
        status = "incomplete" if answer.finish_reason in INCOMPLETE else "completed"
        output.append(message_item(head.suffix, len(output), [text_part(answer.text, cited)], status))
    for call in answer.tool_calls:
        output.append(call_item(head.suffix, len(output), call))
    return msgspec.json.encode(ended_response(head, answer, output))
