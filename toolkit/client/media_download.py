"""Fetches an image or a file of an answer, with the session of the call."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from toolkit.chats.contents import LIMIT, read_data_url
from toolkit.chats.events import Media

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.providers.base import Provider


async def download_media(provider: Provider, http: Transport, media: Media) -> Media:
    """Returns `media` with its bytes, its type, and a name if its address has one.

    The provider's own site gets the credentials of the session, another one only what a browser would send there.
    Raises what a call raises, `UsageError` for an address that is none, and `ProtocolError` for more than 64 MiB.
    """
    if media.data:
        return media
    if (found := read_data_url(media.url)) is not None:
        return media._replace(data=found[0], mime_type=media.mime_type or found[1])
    async with http.get(media.url) as response:
        if not media.mime_type.startswith("text/html"):
            await response.raise_for_page("a file", single_page=provider.single_page)
        data = await response.read(LIMIT)
        mime_type = media.mime_type or response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    name = media.name or posixpath.basename(unquote(urlsplit(media.url).path))
    return media._replace(data=data, mime_type=mime_type, name=name)
