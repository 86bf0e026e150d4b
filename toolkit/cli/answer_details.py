"""What an answer holds besides its text, as lines for a person to read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.chats.contents import read_data_url
from toolkit.chats.events import Media, Source, ToolCall, Usage


def source_lines(sources: Iterable[Source]) -> Iterator[str]:
    """Yields a numbered line for each source, in the order in which the site has named them, each once.

    A file at the site, which is often no more than an id, is named only where nothing else says what the source is.
    """
    for number, source in enumerate(dict.fromkeys(sources), 1):
        url = source.url if source.url != source.title else ""
        name = " - ".join(filter(None, (source.title, url))) or source.file or "a source without a name"
        yield f"[{number}] {name}"


def media_line(media: Media) -> str:
    """Returns what names an image or file of an answer: its name or type, and its address or size."""
    data = media.data or ((found := read_data_url(media.url)) and found[0])
    label = media.name or media.mime_type or "file"
    return f"{label}: {format_size(len(data))}" if data else f"{label}: {media.url}"


def tool_call_line(call: ToolCall) -> str:
    """Returns a function call as a model has written it."""
    return f"calls {call.name or '?'}({call.arguments})"


def usage_line(usage: Usage | None, model: str | None) -> str:
    """Returns what the answer took in tokens, and the `model` that the site has chosen, if it has told."""
    parts = []
    if usage is not None and usage.prompt_tokens is not None:
        parts.append(f"{usage.prompt_tokens} tokens in the prompt")
    if usage is not None and usage.completion_tokens is not None:
        thought = f" ({usage.reasoning_tokens} of them to think)" if usage.reasoning_tokens else ""
        parts.append(f"{usage.completion_tokens} in the answer{thought}")
    told = ", ".join(parts) or "the site does not tell"
    return f"usage: {told}{f'; model {model}' if model else ''}"


def format_size(size: int) -> str:
    """Returns a number of bytes as people write it: `812 bytes`, `3.4 kB`, `1.2 MB`."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"
