"""Brings the images and files of a question to a Chainlit app, which keeps them with the chat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.http.forms import OCTETS, FormFile
from toolkit.providers.attachments import attachments

if TYPE_CHECKING:
    from toolkit.chats.messages import Message
    from toolkit.http.transport import Transport


class FileReference(Struct):
    """A file that the app has, by the id that it gave."""

    id: str


async def upload_files(http: Transport, api: str, session: str, messages: Iterable[Message]) -> list[FileReference]:
    """Upload the images and files of `messages` to the app at `api`, for the chat of our `session` there, which has to
    be open. Raises `UsageError` for those whose bytes we do not have."""
    uploaded: list[FileReference] = []
    for one in (attachment for message in messages for attachment in attachments(message)):
        if one.url:
            raise UsageError(
                "The app takes images as files, and not by their address.", hint="Give the image: `toolkit.Image.open`."
            )
        form, query = [FormFile("file", one.name, one.data, one.mime_type or OCTETS)], {"session_id": session}
        url = f"{api}/project/file"
        uploaded.append(await http.json(FileReference, "POST", url, params=query, files=form))
    return uploaded
