"""Reads the messages of an answer of a Gradio app, in all forms that its versions have for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin

from toolkit.chats.contents import read_data_url
from toolkit.chats.events import Media

# Where a message, a part of one, or the value of a component holds what it says; the order is that of the page.
FIELDS = ("content", "text", "file", "files", "image", "video", "value", "caption")


class Turn(NamedTuple):
    """A message of a conversation: its role, what it says, and the `metadata` that makes a thought of it."""

    role: str
    content: Any
    metadata: dict[str, Any]

    @property
    def title(self) -> str:
        """What the page shows as the head of a thought; "" for a message that is none."""
        title = self.metadata.get("title")
        return title if isinstance(title, str) else ""


class TurnContents(NamedTuple):
    """The texts of a message, and its pictures and files, in its order. `others` are the types of the components in it
    that are none of these, such as "plot"."""

    parts: list[str | Media]
    others: list[str]

    @property
    def texts(self) -> list[str]:
        return [part for part in self.parts if isinstance(part, str)]


def unwrap_update(value: Any, before: Any) -> Any:
    """The value of a component after an answer: an update of it can leave the value as it was `before`."""
    if isinstance(value, dict) and value.get("__type__") == "update":
        return value.get("value", before)
    return value


def read_conversation(value: Any) -> list[Turn]:
    """The messages of a chatbot: a list of messages or, before version 6, of pairs of a question and its answer. A text
    in the place of one is the answer."""
    if isinstance(value, str):
        return read_turns(value)
    turns: list[Turn] = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, list | tuple) and len(one) == 2:
            pair = (Turn(role, said, {}) for role, said in zip(("user", "assistant"), one, strict=True))
            turns += [turn for turn in pair if turn.content is not None]
        else:
            turns += read_turns(one)
    return turns


def read_turns(value: Any) -> list[Turn]:
    """The messages of an answer that is no conversation: a message, a list of them, or the content of one."""
    if isinstance(value, list):
        return [turn for one in value for turn in read_turns(one)]
    if isinstance(value, dict) and "role" in value:
        metadata = value.get("metadata")
        return [Turn(str(value["role"]), value.get("content"), metadata if isinstance(metadata, dict) else {})]
    return [] if value is None else [Turn("assistant", value, {})]


def last_answer(turns: list[Turn], history: list[Turn]) -> list[Turn]:
    """The messages of `turns` after the last question. None while there is nothing in them but the `history` that the
    app was given, whose last answer is an old one."""
    if _said(turns) == _said(history)[: len(turns)]:
        return []
    start = max((at + 1 for at, turn in enumerate(turns) if turn.role == "user"), default=0)
    return [turn for turn in turns[start:] if turn.role != "system"]


def _said(turns: list[Turn]) -> list[tuple[str, list[str]]]:
    return [(turn.role, read_contents(turn.content, "").texts) for turn in turns]


def read_contents(content: Any, api: str) -> TurnContents:
    """What the content of a message holds. `api` is the address under which the app has its files."""
    others: list[str] = []
    return TurnContents(list(_parts(content, api, others)), others)


def _parts(content: Any, api: str, others: list[str]) -> Iterator[str | Media]:
    if isinstance(content, list | tuple):
        for one in content:
            yield from _parts(one, api, others)
    elif isinstance(content, dict):
        if isinstance(content.get("path") or content.get("url"), str):
            yield _media(content, api)
            return
        parts = [part for name in FIELDS for part in _parts(content.get(name), api, others)]
        if not parts and content.get("type") == "component":
            others.append(str(content.get("component")))
        yield from parts
    elif isinstance(content, str | int | float) and not isinstance(content, bool) and content != "":
        yield str(content)


def _media(file: dict[str, Any], api: str) -> Media:
    """A file of the answer. `url` is where the app says that it is; the path alone is one at its server."""
    path, url = (text if isinstance(text, str) else "" for text in (file.get("path"), file.get("url")))
    url = url or (path if path.startswith(("http://", "https://", "data:")) else "")
    kind, name = (text if isinstance(text, str) else "" for text in (file.get("mime_type"), file.get("orig_name")))
    name = name or path.rpartition("/")[2] if not path.startswith("data:") else name
    if (held := read_data_url(url)) is not None:
        return Media(data=held[0], mime_type=held[1], name=name)
    return Media(url=urljoin(f"{api}/", url or f"{api}/file={quote(path)}"), mime_type=kind, name=name)
