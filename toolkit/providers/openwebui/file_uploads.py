"""Brings the files of messages to the site, and waits until it has read them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote
from weakref import WeakKeyDictionary

import msgspec

from toolkit.chats.contents import File, Image, Part
from toolkit.chats.events import KEEP_ALIVE, Pieces, Status
from toolkit.chats.messages import Message
from toolkit.errors import ProtocolError, SiteError, StreamTimeout
from toolkit.http.forms import FormFile
from toolkit.providers.openwebui.wire_shapes import FileState, UploadedFile
from toolkit.streams.sse_json import JSONEventsDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

PROCESSING_SECONDS = 600.0  # for the site to read one file; its own page waits for two hours
# Images that models are shown as they are; the site refuses to read their text.
SHOWN_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
LEAVE_OUT = "Leave it out, or give its text in the message."

# The ids of the files that were uploaded over a transport, by name and content: the questions of a conversation repeat
# the files of those before.
_uploaded: WeakKeyDictionary[Transport, dict[tuple[str, bytes], str]] = WeakKeyDictionary()


class FileUploads:
    """Uploads files to the site at `api` over `http`. They stay there, among the person's files."""

    def __init__(self, http: Transport, api: str) -> None:
        self._http = http
        self._api = f"{api}/api/v1/files/"
        self._ids = _uploaded.setdefault(http, {})

    async def upload(self, messages: Iterable[Message]) -> Pieces:
        """Upload the files of `messages` that the site does not have, and yield what it does meanwhile.

        Raises `SiteError` for a file that the site cannot read, and `StreamTimeout` where it takes too long.
        """
        for file in _files(messages):
            if not file.id and _key(file) not in self._ids:
                form = FormFile("file", file.name or "file", file.data, file.mime_type)
                # The final slash belongs to the path: without it the site redirects, and the file is sent twice.
                created = await self._http.json(
                    UploadedFile, "POST", self._api, files=[form], params={"process": "true"}
                )
                async for event in self._wait(created, form.name):
                    yield event
                self._ids[_key(file)] = created.id

    def replace(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """`messages` with the ids of the uploaded files in place of their bytes. A file that is an image is one to look
        at."""
        return tuple(
            message
            if isinstance(message.content, str)
            else msgspec.structs.replace(message, content=tuple(map(self._replace, message.content)))
            for message in messages
        )

    def _replace(self, part: Part) -> Part:
        if not isinstance(part, File) or part.id:
            return part
        if part.mime_type in SHOWN_TYPES:
            return Image.from_bytes(part.data, part.mime_type)
        return part._replace(data=b"", id=self._ids[_key(part)])

    async def _wait(self, file: UploadedFile, name: str) -> Pieces:
        """Wait until the site has read `file`; its page waits for the same events."""
        status = file.data.status if file.data is not None else None
        if status is None or status == "completed":
            return
        yield Status(f"reading {name}")
        url = f"{self._api}{quote(file.id, safe='')}/process/status"
        end = asyncio.get_running_loop().time() + PROCESSING_SECONDS
        async with self._http.get(url, params={"stream": "true"}) as response:
            states = response.decode(JSONEventsDecoder(FileState))
            while (state := await _next_state(states, end, name, url)).status != "completed":
                if state.status in ("failed", "not_found"):
                    reason = state.error if isinstance(state.error, str) and state.error else state.status
                    raise SiteError(f"The site cannot read {name}: {reason.rstrip('.')}.", url=url, hint=LEAVE_OUT)
                yield KEEP_ALIVE
        yield Status(f"has read {name}", done=True)


async def _next_state(states: AsyncIterator[FileState | None], end: float, name: str, url: str) -> FileState:
    """The next of `states`, which has to come before `end` on the loop's clock. The time limit is around this wait
    alone, because a generator must not yield within one."""
    try:
        async with asyncio.timeout_at(end) as limit:
            state = await anext(states, None)
    except TimeoutError:
        if not limit.expired():
            raise
        text = f"The site has not read {name} within {PROCESSING_SECONDS:g} s."
        raise StreamTimeout(text, deadline="processing", seconds=PROCESSING_SECONDS, url=url) from None
    if state is None:
        raise ProtocolError(f"The site does not tell whether it has read {name}.", url=url)
    return state


def _files(messages: Iterable[Message]) -> list[File]:
    """The files in `messages` that are no images."""
    parts = [part for message in messages if not isinstance(message.content, str) for part in message.content]
    return [part for part in parts if isinstance(part, File) and part.mime_type not in SHOWN_TYPES]


def _key(file: File) -> tuple[str, bytes]:
    return file.name, hashlib.sha256(file.data).digest()
