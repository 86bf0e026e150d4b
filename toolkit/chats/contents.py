"""What a message can hold besides text: images and files, in the shapes that callers write them in."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from toolkit.errors import UsageError

LIMIT = 64 * 1024 * 1024  # bytes of a file that is sent along: sites take less
# What the first bytes of the kinds of images say that models are shown (the formats' own specifications).
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)


class TextPart(NamedTuple):
    """Text between images and files."""

    text: str

    def as_dict(self) -> dict[str, Any]:
        return {"type": "text", "text": self.text}


class Image(NamedTuple):
    """An image for the model to look at. `url` is where it lies, or the image itself as a `data:` URL (RFC 2397);
    `detail` is how closely to look (`low`, `high`, `auto`), "" for the model's own way. `name` is that of its file,
    for sites that keep images as files; "" where it has none."""

    url: str
    detail: str = ""
    name: str = ""

    @classmethod
    def open(cls, path: Path | str) -> Image:
        """The image in the file `path`. Raises `UsageError` where it cannot be read, or is no image."""
        data = _read(path)
        mime_type = next((kind for mark, at, kind in SIGNATURES if data.startswith(mark, at)), "")
        if not mime_type:
            raise UsageError(f"{path} is no image that models are shown.", hint="PNG, JPEG, GIF and WebP are.")
        return cls.from_bytes(data, mime_type)._replace(name=Path(path).name)

    @classmethod
    def from_bytes(cls, data: bytes, mime_type: str) -> Image:
        """An image whose bytes are `data`."""
        return cls(f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}")

    @property
    def data(self) -> tuple[bytes, str] | None:
        """The bytes and the MIME type, where the URL holds them."""
        return read_data_url(self.url)

    def as_dict(self) -> dict[str, Any]:
        url = {"url": self.url} | ({"detail": self.detail} if self.detail else {})
        return {"type": "image_url", "image_url": url}

    def __repr__(self) -> str:
        return "<Image in a data URL>" if self.url.startswith("data:") else "<Image at a URL>"


class File(NamedTuple):
    """A file for the model to read: its `data`, or the `id` by which the site knows it already."""

    name: str
    data: bytes = b""
    mime_type: str = ""
    id: str = ""

    @classmethod
    def open(cls, path: Path | str) -> File:
        """The file `path`. Raises `UsageError` where it cannot be read."""
        data, name = _read(path), Path(path).name
        return cls(name, data, mimetypes.guess_type(name)[0] or "application/octet-stream")

    def as_dict(self) -> dict[str, Any]:
        if self.id:
            return {"type": "file", "file": {"file_id": self.id}}
        encoded = base64.b64encode(self.data).decode("ascii")
        data = f"data:{self.mime_type or 'application/octet-stream'};base64,{encoded}"
        return {"type": "file", "file": {"filename": self.name, "file_data": data}}

    def __repr__(self) -> str:
        return f"<File {self.name or self.id}: {len(self.data)} bytes>"


Part = TextPart | Image | File


def read_part(part: object, place: str) -> Part:
    """A part of a message's content: one of the values above, a text, or a mapping as OpenAI's API has it
    (https://platform.openai.com/docs/api-reference/chat/create: `text`, `image_url`, `file`; those of its Responses
    API too: `input_text`, `input_image`, `input_file`). `place` names it in the `UsageError` for anything else.
    """
    if isinstance(part, TextPart | Image | File):
        return part
    if isinstance(part, str):
        return TextPart(part)
    if not isinstance(part, Mapping):
        raise UsageError(f"{place} is {type(part).__name__}, not a part of a message.", hint=SHAPES)
    kind, url = part.get("type"), part.get("image_url")
    if kind in ("text", "input_text", "output_text") and isinstance(text := part.get("text"), str):
        return TextPart(text)
    if kind in ("image_url", "input_image"):
        detail = url.get("detail") if isinstance(url, Mapping) else part.get("detail")
        url = url.get("url") if isinstance(url, Mapping) else url
        if isinstance(url, str) and url:
            return Image(url, detail if isinstance(detail, str) else "")
    if kind in ("file", "input_file"):
        facts = part.get("file") if isinstance(part.get("file"), Mapping) else part
        if isinstance(facts, Mapping):
            return _read_file(facts, place)
    raise UsageError(f"{place} is of the type {kind!r}, or lacks what belongs to it.", hint=SHAPES)


SHAPES = (
    'A part is {"type": "text", "text": ...}, {"type": "image_url", "image_url": {"url": ...}}, '
    "or `toolkit.Image.open(path)`."
)


def _read_file(facts: Mapping[str, Any], place: str) -> File:
    name, encoded, known = facts.get("filename") or "", facts.get("file_data"), facts.get("file_id")
    if isinstance(known, str) and known:
        return File(str(name), id=known)
    if isinstance(encoded, str):
        if (found := read_data_url(encoded)) is not None:
            return File(str(name), *found)
        try:
            return File(str(name), base64.b64decode(encoded, validate=True))
        except binascii.Error:
            pass
    raise UsageError(f"{place} is a file without its content.", hint="`file_data` is a data URL, `file_id` an id.")


def read_data_url(url: str) -> tuple[bytes, str] | None:
    """The bytes and the MIME type in a `data:` URL (RFC 2397), None where it is none."""
    head, comma, body = url.partition(",")
    if not comma or head[:5].lower() != "data:":
        return None
    mime_type, *parameters = head[5:].split(";")
    try:
        data = unquote_to_bytes(body)
        if parameters and parameters[-1].strip().lower() == "base64":
            data = base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return None
    return data, mime_type or "text/plain"


def _read(path: Path | str) -> bytes:
    try:
        path = Path(path)
    except TypeError:
        raise UsageError(f"The path of a file is a text or a `Path`, and not {type(path).__name__}.") from None
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file." if path.exists() else f"There is no file {path}.")
        if (size := path.stat().st_size) > LIMIT:
            raise UsageError(f"{path} is too large to be sent: {size >> 20} MB, {LIMIT >> 20} are the most.")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None
