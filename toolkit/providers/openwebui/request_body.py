"""The body of Open WebUI's call for an answer, which is OpenAI's with fields of its own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from toolkit.chats.contents import File, TextPart
from toolkit.chats.messages import ChatRequest, Message
from toolkit.errors import UsageError
from toolkit.providers.openai.request import completion_body
from toolkit.providers.openwebui.save_options import SAVE_OPTIONS

USAGE_FIELD = "stream_options"
# The fields that the server itself or the servers behind it read, besides those with a name in every provider.
BODY_FIELDS = (
    *("top_p", "top_k", "min_p", "seed", "stop", "frequency_penalty", "presence_penalty", "repeat_penalty"),
    *("logit_bias", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "max_completion_tokens"),
    *("parallel_tool_calls", "stream", USAGE_FIELD, "service_tier", "user", "options"),
    *("tools", "tool_choice", "tool_ids", "tool_servers", "filter_ids", "skill_ids"),
    *("files", "features", "variables", "params", "model_item"),
)


def build_body(
    request: ChatRequest, model: str, messages: Sequence[Message], files: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The JSON object that asks `model` for an answer to `messages`, with the settings of `request`.

    Files that stand in `messages` are at the site already; they go into the field `files`, after `files` and those of
    the option of that name. Usage is asked for, unless the caller has `stream_options` of his own. Raises `UsageError`
    for an option `files` that is no list.
    """
    options = {name: value for name, value in request.options.items() if name not in SAVE_OPTIONS}
    given = options.pop("files", None) or []
    if not isinstance(given, list):
        raise UsageError("The option `files` is a list.", hint='Such as [{"type": "file", "id": "..."}].')
    attached = [{"type": "file", "id": id} for id in file_ids(messages)]
    request = msgspec.structs.replace(request, messages=tuple(map(without_files, messages)), options=options)
    body = completion_body(request, **{"model": model, USAGE_FIELD: {"include_usage": True}})
    if body[USAGE_FIELD] is None:
        del body[USAGE_FIELD]
    if everything := unique_files([*given, *files, *attached]):
        body["files"] = everything
    return body


def file_ids(messages: Sequence[Message]) -> list[str]:
    """The ids of the files in `messages`, in order, each once."""
    parts = [part for message in messages if not isinstance(message.content, str) for part in message.content]
    return list(dict.fromkeys(part.id for part in parts if isinstance(part, File)))


def unique_files(files: Sequence[Any]) -> list[Any]:
    """`files` without those whose type and id were there before."""
    seen: set[tuple[Any, ...]] = set()
    unique = []
    for file in files:
        key = (file.get("type"), str(file["id"])) if isinstance(file, dict) and "id" in file else (id(file),)
        if key not in seen:
            seen.add(key)
            unique.append(file)
    return unique


def without_files(message: Message) -> Message:
    """`message` with only the parts that go into its content: the server passes that on as it is."""
    if isinstance(message.content, str):
        return message
    parts = tuple(part for part in message.content if not isinstance(part, File))
    content: Any = parts
    if all(isinstance(part, TextPart) for part in parts):
        content = message.text
    return msgspec.structs.replace(message, content=content)
