"""What the frames of an OpenAI-style answer say, in all the ways in which servers are known to say it. Pure.

What is clear from the frames is taken; what cannot be told is an error that says so.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import msgspec

from toolkit.chats.contents import read_data_url
from toolkit.chats.events import (
    Finished,
    Media,
    ModelSelected,
    Piece,
    Reasoning,
    Source,
    Sources,
    ToolCall,
    Usage,
)
from toolkit.providers.openai.wire import Choice, Chunk, Delta, PlainChunk, PlainDelta, ToolCallDelta
from toolkit.providers.reported_errors import reported_error
from toolkit.providers.surrogates import SurrogateJoiner

log = logging.getLogger("toolkit")

# The reasons for the end in OpenAI's words, by what other models call them (Anthropic's, Gemini's, TGI's, Cohere's).
REASONS = {
    **dict.fromkeys(("eos", "eos_token", "end_turn", "stop_sequence", "STOP", "COMPLETE"), "stop"),
    **dict.fromkeys(("max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length"), "length"),
    **dict.fromkeys(("content-filter", "SAFETY", "safety", "PROHIBITED_CONTENT", "RECITATION"), "content_filter"),
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
}


class OpenAIAnswer:
    """Reads the chunks of one answer that came from `url`; `reason` is why it ended, once that was told, and
    `has_deltas` whether there was text in deltas."""

    __slots__ = (
        "_audio",
        "_calls",
        "_cited",
        "_joiner",
        "_refused",
        "_url",
        "_usage",
        "_whole",
        "has_deltas",
        "reason",
    )

    def __init__(self, url: str) -> None:
        self.reason: str | None = None
        self._joiner = SurrogateJoiner()
        self._url = url
        self._usage: Usage | None = None
        self._calls: dict[int, _Call] = {}
        self._cited: dict[str, None] = {}  # an empty set takes thrice the memory
        self._audio = bytearray()
        self._whole = ""  # what messages have said that came in the place of deltas
        self.has_deltas = self._refused = False

    def read(self, chunk: Chunk | PlainChunk) -> Iterator[Piece]:
        """The pieces that `chunk` holds, with the halves of characters put together. Raises the error that it
        reports."""
        pieces = self._read_chunk(chunk) if isinstance(chunk, Chunk) else self._read_delta(chunk.choices[0].delta)
        return map(self._joiner.join, pieces)

    def _read_chunk(self, chunk: Chunk) -> Iterator[Piece]:
        self._raise_reported(chunk)
        if chunk.usage is not None:
            self._usage = read_usage(chunk.usage) or self._usage
        if isinstance(chunk.selected_model_id, str):
            yield ModelSelected(chunk.selected_model_id)
        if chunk.sources is not None:
            yield from self._new_sources(openwebui_sources(chunk.sources))
        if isinstance(chunk.citations, list):
            yield from self._new_sources(Source("", url) for url in chunk.citations if isinstance(url, str))
        for choice in chunk.choices or ():
            if choice.index == 0:
                yield from self._read_choice(choice)

    def end(self) -> Iterator[Piece]:
        """What is told last: half of a character, the calls of tools, what it cost, and why it ended."""
        if half := self._joiner.flush():
            yield half
        for index, call in sorted(self._calls.items()):
            yield ToolCall(index, call.id, call.name, call.arguments)
        if self._audio:
            yield Media(data=bytes(self._audio), name="audio")
        if self._usage is not None:
            yield self._usage
        yield Finished("refusal" if self._refused and self.reason in (None, "stop") else self.reason or "stop")

    def _raise_reported(self, chunk: Chunk) -> None:
        """Raise what a chunk reports that went wrong, in any of the usual ways."""
        if chunk.error is not None and chunk.error is not False:
            raise reported_error(chunk.error, self._url)
        if chunk.object == "error" or chunk.type == "error":
            raise reported_error({"message": chunk.message or chunk.detail, "code": chunk.code}, self._url)
        if not chunk.choices and (chunk.detail is not None or (isinstance(chunk.message, str) and chunk.message)):
            raise reported_error({"message": chunk.detail or chunk.message, "code": chunk.code}, self._url)

    def _read_choice(self, choice: Choice) -> Iterator[Piece]:
        if choice.error is not None:
            raise reported_error(choice.error, self._url)
        if choice.delta is not None:
            yield from self._read_delta(choice.delta)
        if choice.message is not None:
            yield from self._read_message(choice.message)
        if choice.text:
            self.has_deltas = True
            yield choice.text
        if choice.finish_reason:
            if choice.finish_reason == "error":
                raise reported_error("the model failed", self._url)
            self.reason = REASONS.get(choice.finish_reason, choice.finish_reason)

    def _read_delta(self, delta: Delta | PlainDelta) -> Iterator[Piece]:
        for thought in (delta.reasoning_content, delta.reasoning, delta.thinking):
            if text := plain_text(thought):
                yield Reasoning(text)
                break  # servers that changed the name send both for a time
        if isinstance(delta.content, str):
            if delta.content:
                self.has_deltas = True
                yield delta.content
        elif delta.content:
            for part in delta.content:
                yield from self._read_part(part)
        if delta.refusal:
            self._refused = True
            yield delta.refusal
        for call in delta.tool_calls or ():
            self._add_call(call)
        if delta.function_call:
            self._add_call({"index": 0, "function": delta.function_call})
        if isinstance(delta.audio, dict):
            yield from self._read_audio(delta.audio)
        for image in delta.images or ():
            yield from self._read_part(image)
        if delta.annotations:
            yield from self._new_sources(annotated_sources(delta.annotations))

    def _read_message(self, message: Delta) -> Iterator[Piece]:
        """A message in the place of a delta. After deltas it only says again what they have said; several messages that
        grow are one that is told anew each time."""
        if self.has_deltas and not self._whole:
            return
        if isinstance(message.content, str) and self._whole and message.content.startswith(self._whole):
            message.content, self._whole = message.content[len(self._whole) :], message.content
        elif isinstance(message.content, str):
            self._whole = message.content
        yield from self._read_delta(message)

    def _read_part(self, part: Any) -> Iterator[Piece]:
        """A part of a list of contents (OpenAI's, Mistral's, Anthropic's through gateways)."""
        if isinstance(part, str):
            yield part
            return
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("text", "output_text"):
            self.has_deltas = True
            yield plain_text(part.get("text"))
        elif kind in ("thinking", "reasoning"):
            yield Reasoning(plain_text(part.get("thinking") or part.get("reasoning") or part.get("text")))
        elif kind in ("image_url", "output_image", "image"):
            yield from read_image(part, self._url)
        elif kind == "refusal":
            self._refused = True
            yield plain_text(part.get("refusal"))
        else:
            log.warning("the site sent a part of an answer of the type %r, which is passed over", kind)

    def _read_audio(self, audio: dict[str, Any]) -> Iterator[Piece]:
        """A piece of an answer that is spoken: what it says is its text, and the sound, which has the format that the
        caller has asked for, is told whole at the end."""
        if transcript := plain_text(audio.get("transcript")):
            self.has_deltas = True
            yield transcript
        try:
            self._audio += base64.b64decode(audio.get("data") or b"")
        except (TypeError, ValueError):
            log.warning("the site sent sound that is none, which is passed over")

    def _add_call(self, raw: Any) -> None:
        """A piece of a call of a tool. Without an index, one with an id begins a call, and one without continues it."""
        try:
            delta = msgspec.convert(raw, ToolCallDelta)
        except msgspec.ValidationError:
            log.warning("the site sent a call of a tool that is none, which is passed over")
            return
        index = delta.index
        if index is None:
            known = [at for at, call in self._calls.items() if delta.id and call.id == delta.id]
            last = max(self._calls, default=-1)
            index = known[0] if known else last + 1 if delta.id or last < 0 else last
        call = self._calls.setdefault(index, _Call())
        call.id = call.id or delta.id or ""
        if delta.function is not None:
            call.name = call.name or delta.function.name or ""
            arguments = delta.function.arguments
            call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""

    def _new_sources(self, sources: Any) -> Iterator[Piece]:
        """Those that were not named before: some servers name all of them with each frame."""
        new = []
        for source in sources:
            key = source.url or source.file or source.title
            if key not in self._cited:
                self._cited[key] = None
                new.append(source)
        if new:
            yield Sources(tuple(new))


class _Call:
    """A call of a tool whose pieces are coming."""

    def __init__(self) -> None:
        self.id = self.name = self.arguments = ""


def plain_text(value: Any) -> str:
    """The text of a field that is text, a list of texts, or something that has `text` or `content`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(plain_text, value))
    if isinstance(value, dict):
        return plain_text(value.get("text") or value.get("content") or "")
    return ""


def read_usage(usage: Any) -> Usage | None:
    """What an answer cost (OpenAI's names, and Anthropic's, which gateways leave as they are); None where it does not
    say."""
    if not isinstance(usage, dict):
        return None
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    found = Usage(
        _count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        _count(usage.get("completion_tokens", usage.get("output_tokens"))),
        _count(details.get("reasoning_tokens") if isinstance(details, dict) else usage.get("reasoning_tokens")),
    )
    return found if any(count is not None for count in found) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_image(part: dict[str, Any], base: str) -> Iterator[Media]:
    """An image of the answer, at a URL, which can be relative to the address `base` of the answer, or in one."""
    url = part.get("image_url") or part.get("url")
    url = url.get("url") if isinstance(url, dict) else url
    if not isinstance(url, str) or not url:
        return
    held = read_data_url(url)
    yield Media(data=held[0], mime_type=held[1]) if held is not None else Media(url=urljoin(base, url))


def annotated_sources(annotations: list[Any]) -> Iterator[Source]:
    """The pages that OpenAI's and OpenRouter's `url_citation` annotations name."""
    for annotation in annotations:
        cited = annotation.get("url_citation", annotation) if isinstance(annotation, dict) else None
        if isinstance(cited, dict) and isinstance(url := cited.get("url"), str):
            quote = plain_text(cited.get("content"))
            yield Source(plain_text(cited.get("title")), url, quotes=(quote,) if quote else ())


def openwebui_sources(sources: Any) -> Iterator[Source]:
    """Open WebUI's: each source with the passages of it that were used (`sse-sources-file.http` among the captures)."""
    for found in sources if isinstance(sources, list) else ():
        if not isinstance(found, dict):
            continue
        source, metadata = found.get("source"), found.get("metadata")
        facts = source if isinstance(source, dict) else {}
        first = metadata[0] if isinstance(metadata, list) and metadata and isinstance(metadata[0], dict) else {}
        name = plain_text(facts.get("name") or first.get("name") or first.get("source"))
        url = next(
            (text for text in map(plain_text, (facts.get("url"), first.get("source"), name)) if _is_url(text)), ""
        )
        file = "" if url else plain_text(first.get("file_id") or facts.get("id"))
        quotes = tuple(text for text in found.get("document") or () if isinstance(text, str))
        yield Source(name, url, file, quotes)


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))
