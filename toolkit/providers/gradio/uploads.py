"""Brings the images and files of messages to a Gradio app, which takes them by their path at its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.errors import ProtocolError
from toolkit.http.forms import FormFile
from toolkit.providers.attachments import attachments

if TYPE_CHECKING:
    from toolkit.chats.messages import Message
    from toolkit.http.transport import Transport

META = {"_type": "gradio.FileData"}  # without which the app does not take a value for a file


async def upload_files(http: Transport, api: str, message: Message) -> list[dict[str, Any]]:
    """The images and files of `message` as the app at `api` takes them; those whose bytes we have are uploaded.

    Raises `UsageError` for a file of which only another site's id is known.
    """
    uploaded: list[dict[str, Any]] = []
    for name, data, kind, url in attachments(message):
        if url:
            uploaded.append({"path": url, "url": url, "meta": META})  # the app fetches it itself
            continue
        form = [FormFile("files", name, data, kind)]
        paths = await http.json(list[str], "POST", f"{api}/upload", files=form)
        if len(paths) != 1:
            raise ProtocolError("The app does not say where it has put the file.", url=f"{api}/upload")
        uploaded.append({"path": paths[0], "orig_name": name, "size": len(data), "mime_type": kind, "meta": META})
    return uploaded
