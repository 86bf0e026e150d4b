"""Brings the images and files of messages to a Gradio app, which takes them by their path at its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.chats.contents import File, Image
from toolkit.errors import ProtocolError, UsageError
from toolkit.http.forms import FormFile

if TYPE_CHECKING:
    from toolkit.chats.messages import Message
    from toolkit.http.transport import Transport

META = {"_type": "gradio.FileData"}  # without which the app does not take a value for a file


async def upload_files(http: Transport, api: str, message: Message) -> list[dict[str, Any]]:
    """The images and files of `message` as the app at `api` takes them; those whose bytes we have are uploaded.

    Raises `UsageError` for a file of which only another site's id is known.
    """
    uploaded: list[dict[str, Any]] = []
    for number, part in enumerate(() if isinstance(message.content, str) else message.content, start=1):
        if isinstance(part, Image):
            if (held := part.data) is None:
                uploaded.append({"path": part.url, "url": part.url, "meta": META})  # the app fetches it itself
                continue
            data, kind, name = *held, part.name or f"image{number}.{held[1].rpartition('/')[2] or 'bin'}"
        elif isinstance(part, File):
            if part.id:
                raise UsageError(
                    f"The app cannot know a file by its id ({part.id}).", hint="Give its content: `toolkit.File.open`."
                )
            data, kind, name = part.data, part.mime_type, part.name or f"file{number}"
        else:
            continue
        form = [FormFile("files", name, data, kind)]
        paths = await http.json(list[str], "POST", f"{api}/upload", files=form)
        if len(paths) != 1:
            raise ProtocolError("The app does not say where it has put the file.", url=f"{api}/upload")
        uploaded.append({"path": paths[0], "orig_name": name, "size": len(data), "mime_type": kind, "meta": META})
    return uploaded
