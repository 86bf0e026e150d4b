"""The images and files of a message, as sites that keep files take them: each with a name, its bytes, and what they
are. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from toolkit.chats.contents import File, Image
from toolkit.errors import UsageError

if TYPE_CHECKING:
    from toolkit.chats.messages import Message


class Attachment(NamedTuple):
    """An image or a file. One that lies elsewhere has a `url` in place of its `data`."""

    name: str
    data: bytes
    mime_type: str
    url: str = ""

    def __repr__(self) -> str:
        return f"<Attachment {self.name}: {len(self.data)} bytes>"


def attachments(message: Message) -> Iterator[Attachment]:
    """Yields the images and files of `message`, those without a name under one of their place in it.

    Raises `UsageError` for a file of which only another site's id is known.
    """
    for number, part in enumerate(() if isinstance(message.content, str) else message.content, start=1):
        if isinstance(part, Image):
            if (held := part.data) is None:
                yield Attachment(part.name, b"", "", part.url)
            else:
                data, kind = held
                yield Attachment(part.name or f"image{number}.{kind.rpartition('/')[2] or 'bin'}", data, kind)
        elif isinstance(part, File):
            if part.id:
                raise UsageError(
                    f"The app cannot know a file by its id ({part.id}).", hint="Give its content: `toolkit.File.open`."
                )
            yield Attachment(part.name or f"file{number}", part.data, part.mime_type)
