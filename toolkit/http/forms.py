"""Bodies of HTML forms: `multipart/form-data` for those with files, else URL-encoded pairs. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

OCTETS = "application/octet-stream"


class FormFile(NamedTuple):
    """A file in a form: the name of its `field`, its own name, its bytes, and their MIME type ("" if not known)."""

    field: str
    name: str
    data: bytes
    mime_type: str = ""

    def __repr__(self) -> str:
        return f"<FormFile {self.name}: {len(self.data)} bytes>"


def encode_form(
    fields: Mapping[str, str], files: Iterable[FormFile] = (), *, multipart: bool = False
) -> tuple[str, bytes]:
    """The Content-Type and the body of a form with these text `fields` and `files`, the fields first.

    With files, or with `multipart`, it is what a browser sends: RFC 7578, and names written by the rules of
    https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data. Else it is
    `application/x-www-form-urlencoded`.
    """
    files = tuple(files)
    if not files and not multipart:
        return "application/x-www-form-urlencoded", urlencode(fields).encode("ascii")
    boundary = secrets.token_hex(16)  # 128 random bits are in no file
    body = bytearray()
    for name, value in fields.items():
        body += _head(boundary, f'name="{_escape(name)}"') + value.encode("utf-8", "replace") + b"\r\n"
    for file in files:
        mime_type = file.mime_type if file.mime_type.isascii() and file.mime_type.isprintable() else ""
        disposition = f'name="{_escape(file.field)}"; filename="{_escape(file.name)}"'
        body += _head(boundary, disposition, mime_type or OCTETS) + file.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode("ascii")
    return f"multipart/form-data; boundary={boundary}", bytes(body)


def _head(boundary: str, disposition: str, mime_type: str = "") -> bytes:
    kind = f"Content-Type: {mime_type}\r\n" if mime_type else ""
    text = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return text.encode("utf-8", "replace")


def _escape(name: str) -> str:
    return name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
