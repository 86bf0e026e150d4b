"""The shapes in which Open WebUI's page keeps what belongs to a message: files, sources, reasoning, usage. Pure.

They are those of the chats that the page itself has made (`page-traffic.har` among the captures).
"""

from __future__ import annotations

import base64
from typing import Any

from toolkit.chats.contents import File, Image
from toolkit.chats.details import AnswerDetails
from toolkit.chats.events import Media, Source, Usage
from toolkit.chats.messages import Message

IMAGE = "image"


def message_files(message: Message) -> list[dict[str, Any]]:
    """The images and files of a message, as the page attaches them. Files are at the site already."""
    parts = () if isinstance(message.content, str) else message.content
    return [
        {"type": IMAGE, "url": part.url} if isinstance(part, Image) else attached_file(part)
        for part in parts
        if isinstance(part, Image | File)
    ]


def attached_file(file: File) -> dict[str, Any]:
    """A file at the site, as the page attaches it."""
    shape = {"type": "file", "id": file.id, "url": file.id, "name": file.name or file.id, "status": "uploaded"}
    return shape | ({"content_type": file.mime_type} if file.mime_type else {})


def file_part(file: Any) -> Image | File | None:
    """The image or the file that the page has attached as `file`; None for what is neither, such as knowledge."""
    if not isinstance(file, dict):
        return None
    url, id, name = file.get("url"), file.get("id"), file.get("name")
    mime_type = file.get("content_type") if isinstance(file.get("content_type"), str) else ""
    if isinstance(url, str) and url and (file.get("type") == IMAGE or (mime_type or "").startswith("image/")):
        return Image(url)  # an URL, or the id of a file, which the server reads as well
    if file.get("type") == "file" and isinstance(id, str) and id:
        return File(name if isinstance(name, str) else "", id=id, mime_type=mime_type or "")
    return None


def answer_fields(text: str, details: AnswerDetails) -> dict[str, Any]:
    """The fields of an answer's message that say what it is: its text, and what else `details` hold."""
    fields: dict[str, Any] = {"content": text}
    if details.reasoning:
        fields["output"] = [
            {"type": "reasoning", "status": "completed", "content": _output(details.reasoning), "summary": None},
            {"type": "message", "status": "completed", "role": "assistant", "content": _output(text)},
        ]
    if details.sources:
        fields["sources"] = [_source(source) for source in details.sources]
    if details.media:
        fields["files"] = [{"type": IMAGE, "url": _url(media)} for media in details.media]
    if details.usage is not None:
        fields["usage"] = _usage(details.usage)
    if details.model is not None:
        fields["selectedModelId"] = details.model
    return fields


def _output(text: str) -> list[dict[str, str]]:
    return [{"type": "output_text", "text": text}]


def _source(source: Source) -> dict[str, Any]:
    place = {"url": source.url} if source.url else {"type": "file", "id": source.file} if source.file else {}
    metadata = {"source": source.url or source.title, "name": source.title or source.url}
    metadata |= {"file_id": source.file} if source.file else {}
    return {
        "source": {"name": source.title or source.url or source.file, **place},
        "document": list(source.quotes),
        "metadata": [metadata for _ in source.quotes] or [metadata],
    }


def _url(media: Media) -> str:
    if not media.data:
        return media.url
    return f"data:{media.mime_type or 'image/png'};base64,{base64.b64encode(media.data).decode('ascii')}"


def _usage(usage: Usage) -> dict[str, Any]:
    counts = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    shape: dict[str, Any] = {name: count for name, count in counts.items() if count is not None}
    if len(shape) == len(counts):
        shape["total_tokens"] = sum(shape.values())
    if usage.reasoning_tokens is not None:
        shape["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return shape
