"""The messages between a Streamlit app and its page, as far as a chat needs them (field numbers as in streamlit 1.67).
Pure."""

from __future__ import annotations

from typing import NamedTuple

from toolkit.streams.protobuf import Fields, write_fields

SUCCESS, COMPILE_ERROR, RERUN = 0, 1, 2  # how a run of the app's script has ended; after the last, another one follows

LEVELS = {f"h{level}": level for level in range(1, 7)}  # of headings


class Element(NamedTuple):
    """Something that stands at `path` of the page, of which only what a chat needs is read.

    `speaker` is who a chat message is of; `text` is what a text says, and `error` what an exception does. `chat_box` is
    the id of a chat box. `working` is what the app says that it does. `asks_password` tells a field for one.
    """

    path: tuple[int, ...]
    speaker: str = ""
    text: str = ""
    error: str = ""
    chat_box: str = ""
    working: str = ""
    asks_password: bool = False


class AppMessage(NamedTuple):
    """A message of the app. `page` is the hash of the page whose script begins to run, `element` what is new on it, and
    `finished` how that run has ended. `reference` is the hash of an earlier message that comes in its place."""

    hash: str = ""
    reference: str = ""
    page: str | None = None
    element: Element | None = None
    finished: int | None = None
    cacheable: bool = False


def read_message(data: bytes) -> AppMessage:
    """Read a message of the app. Raises `ProtocolError` for what is none."""
    fields = Fields(data)
    metadata, hash = fields.message(2), fields.text(1)
    if 11 in fields:
        return AppMessage(hash, reference=fields.text(11))
    if 4 in fields:
        return AppMessage(hash, page=fields.message(4).text(9))
    if 6 in fields:
        return AppMessage(hash, finished=fields.integer(6))
    element = _read_delta(metadata.integers(2), fields.message(5)) if 5 in fields else None
    return AppMessage(hash, element=element, cacheable=bool(metadata.integer(1)))


def _read_delta(path: tuple[int, ...], delta: Fields) -> Element:
    if 6 in delta:  # a block, into which others are put
        return Element(path, speaker=delta.message(6).message(9).text(1))
    element = delta.message(3)
    if 8 in element:
        exception = element.message(8)
        kind, message = exception.text(1), exception.text(2)
        return Element(path, error=f"{kind}: {message}" if kind and message else kind or message or "an exception")
    if 49 in element:
        return Element(path, chat_box=element.message(49).text(1))
    if 24 in element:  # a field for a text, of the type PASSWORD or not
        return Element(path, asks_password=element.message(24).integer(4) == 1)
    if 44 in element:
        return Element(path, working=element.message(44).text(1))
    return Element(path, text=_read_text(element))


def _read_text(element: Fields) -> str:
    """What an element says, as Markdown: one of text, a heading, or code. "" for what says nothing."""
    if 29 in element:
        return element.message(29).text(1)
    if 1 in element:
        return element.message(1).text(1)
    if 47 in element:
        heading = element.message(47)
        level = LEVELS.get(heading.text(1), 1)
        return f"{'#' * level} {heading.text(3)}"
    if 48 in element:
        code = element.message(48)
        return f"```{code.text(2)}\n{code.text(1)}\n```"
    return ""


RUN = write_fields((11, b""))  # runs the script, as a page does when it opens
STOP = write_fields((7, 1))  # stops it


def ask(chat_box: str, text: str, page: str) -> bytes:
    """The message that puts `text` into the chat box of that id, on the page of that hash."""
    widget = write_fields((1, chat_box), (15, write_fields((1, text))))
    return write_fields((11, write_fields((2, write_fields((1, widget))), (3, page))))
