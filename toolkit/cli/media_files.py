"""Saves the images and files of an answer in a folder."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path

from toolkit.chats.events import Media
from toolkit.errors import ToolkitError

MAX_NAME = 100  # characters of a file's name: systems take 255 bytes
# What is replaced in a name that a site gives: control characters, and those that some system does not take.
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f<>:\"/\\|?*\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def save_media(media: Media, folder: Path) -> Path:
    """Writes the bytes of `media` to a new file in `folder`, which is made if need be, and returns its path.

    The file has the name that the site gives, or a name by its type; where there is one of that name, a number is
    added. Raises `ToolkitError` if it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _names(media):
            try:
                with (folder / name).open("xb") as file:
                    file.write(media.data)
            except FileExistsError:
                continue
            return folder / name
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ToolkitError(f"{media.name or 'A file of the answer'} cannot be saved in {folder}: {reason}.") from None
    raise AssertionError("there is no end of names")


def _names(media: Media) -> Iterator[str]:
    """Yields names for the file, from the best one on."""
    plain = _NOT_IN_NAMES.sub("_", re.split(r"[/\\]", media.name)[-1]).strip(". ")
    extension = mimetypes.guess_extension(media.mime_type.partition(";")[0].strip()) or ""
    path = Path(plain or f"{media.mime_type.partition('/')[0] if media.mime_type[:5] == 'image' else 'file'}")
    stem, suffix = path.stem[:MAX_NAME], path.suffix[:MAX_NAME] or extension
    yield f"{stem}{suffix}"
    number = 2
    while True:
        yield f"{stem}-{number}{suffix}"
        number += 1
