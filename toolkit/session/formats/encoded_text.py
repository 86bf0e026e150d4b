"""Text in the encodings that it comes in: UTF-8, UTF-16 (what Windows' PowerShell writes), gzip, base64. Pure.

gzip and base64 are what people make of a session for a secret of a CI system, which may be 48 KB long at GitHub and has
to be one line elsewhere.
"""

from __future__ import annotations

import base64
import codecs
import re
import zlib

from toolkit.errors import SessionError
from toolkit.session.frame_locals import forgetting_locals

GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
MAX_UNPACKED = 256 * 1024 * 1024  # bytes; a HAR has tens of MB
WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How the text of a session begins that is read out of base64: other text is too easily taken for base64.
BEGINNING = re.compile(r"\s*([{\[]|cookie:|#HttpOnly_|# (Netscape )?HTTP Cookie File)", re.IGNORECASE)


@forgetting_locals
def decode_bytes(raw: bytes) -> str:
    """The text of a file: unpacked if it is gzip; UTF-8, or UTF-16 or UTF-32, with or without a byte order mark. Bytes
    that are not UTF-8 become lone surrogates, so that what stands around them can be read.

    Raises `SessionError` for broken gzip, and for broken UTF-16 and UTF-32.
    """
    raw = _unpack(raw)
    for mark, encoding in BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return _decode(raw[len(mark) :], encoding)
    if raw[1:2] == b"\0" and raw[:1] != b"\0":  # a session begins with ASCII, of which UTF-16 makes every other byte 0
        return _decode(raw, "utf-16-le")
    if raw[:1] == b"\0" and raw[1:2] != b"\0":
        return _decode(raw, "utf-16-be")
    return _decode(raw, "utf-8")


def decode_base64(text: str) -> str:
    """The session's text that `text` holds in base64, of gzip or as it is: either alphabet, any line breaks, with or
    without padding. `text` itself if it holds none; in both cases without a byte order mark.

    Raises `SessionError` for broken gzip.
    """
    text = text.removeprefix("\ufeff")
    digits = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        decoded = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return text
    if decoded.startswith(GZIP_MAGIC):
        return decode_bytes(decoded)
    try:
        inner = decode_bytes(decoded)
    except SessionError:  # it only looked like base64
        return text
    return inner if BEGINNING.match(inner) else text


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold `text`: it has no lone surrogate."""
    return escape_non_utf8(text) == text


def escape_non_utf8(text: str) -> str:
    """`text` with an escape in place of each lone surrogate."""
    return text.encode("utf-8", "backslashreplace").decode()


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    except UnicodeDecodeError as error:
        raise SessionError(
            f"This is not {encoding[:6].upper()} text (byte {error.start}).", hint="Save it as UTF-8."
        ) from None


def _unpack(raw: bytes) -> bytes:
    if not raw.startswith(GZIP_MAGIC):
        return raw
    unpacking = zlib.decompressobj(WITH_GZIP_HEADER)
    try:
        unpacked = unpacking.decompress(raw, MAX_UNPACKED)
    except zlib.error:
        raise SessionError("This begins as gzip, and is damaged.", hint="Make it anew: `gzip | base64`.") from None
    if not unpacking.eof:
        raise SessionError("This is gzip that has no end, or too much in it.", hint="Make it anew: `gzip | base64`.")
    return unpacked
