"""The ways in which texts escape characters. Pure.

They are those of URLs (RFC 3986, section 2.1; in forms `+` is a space), of JSON and JavaScript strings (RFC 8259,
section 7), and of HTML.

A whole text is decoded by the replacements and the runs that the interpreter does at once, not escape by escape: texts
have megabytes.
"""

from __future__ import annotations

import html
import re
from binascii import unhexlify
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote_from_bytes

PEELINGS = 8  # how often a text is escaped at most


class Escape(NamedTuple):
    """A way to escape characters. `pattern` matches one escape, and `decode` decodes it.

    `decode_all` decodes every escape of a text, as often as it was escaped once; `encode` escapes a whole text.
    """

    mark: bytes  # of which a text with such an escape has one
    pattern: re.Pattern[bytes]
    decode: Callable[[bytes], bytes]
    decode_all: Callable[[bytes], bytes]
    encode: Callable[[bytes], bytes]

    def positions(self, data: bytes, decoded: Iterable[int]) -> Iterator[int]:
        """Yields where in `data` the bytes stand whose positions in the decoded text are `decoded`, in their order."""
        wanted = iter(decoded)
        at = next(wanted, None)
        size = end = 0
        for match in self.pattern.finditer(data):
            start = match.start()
            plain = size + start - end
            after = plain + len(self.decode(match[0]))
            while at is not None and at < after:
                yield end + at - size if at <= plain else start + at - plain
                at = next(wanted, None)
            if at is None:
                return
            size, end = after, match.end()
        while at is not None:
            yield end + at - size
            at = next(wanted, None)


def peel(data: bytes) -> bytes:
    """Returns `data` without any escapes, whichever of them are nested in which."""
    for _ in range(PEELINGS):
        before = data
        for escape in (URL, JSON, HTML):
            if escape.mark in data:
                data = escape.decode_all(data)
        if data == before:
            break
    return data


def has_escapes(data: bytes) -> bool:
    """Decides whether `data` may have escapes."""
    return any(escape.mark in data for escape in (URL, JSON, HTML))


# Runs are limited, because the regular expression remembers each turn of one.
URL_RUN = re.compile(rb"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2}){0,500}+")
UNICODE_RUN = re.compile(rb"\\u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4}){0,500}+(?:\\u[dD][c-fC-F][0-9A-Fa-f]{2})?+")
HEX_ESCAPE = re.compile(rb"\\x[0-9A-Fa-f]{2}")
HTML_NUMBER = re.compile(rb"&#(?:[0-9]{1,6}|[xX][0-9A-Fa-f]{1,5});")
JSON_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b'"': b'"', b"'": b"'", b"/": b"/"}
HTML_NAME = re.compile(rb"&(?:lt|gt|quot|apos|amp);")
HTML_NAMES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}  # the last one last
MANY = 100  # bytes of a text for each escape, from which on replacing one kind of them after the other is quicker
UNUSED = (b"\xff", b"\xfe", b"\xf9", b"\0")  # bytes that texts do not have


def _decode_url(data: bytes) -> bytes:
    return URL_RUN.sub(lambda run: unhexlify(run[0].replace(b"%", b"")), data)


class _Runs(dict[bytes, bytes]):
    r"""What runs of \uXXXX stand for: most of a text are the same few."""

    def __missing__(self, run: bytes) -> bytes:
        self[run] = plain = _utf16(run.replace(b"\\u", b""))
        return plain


def _decode_json(data: bytes) -> bytes:
    unused = next((byte for byte in UNUSED if byte not in data), None)
    if unused is None or data.count(b"\\") < len(data) // MANY:
        return JSON.pattern.sub(lambda escape: _json_character(escape[0]), data)
    data = data.replace(b"\\\\", unused)
    for letter, character in JSON_LETTERS.items():
        data = data.replace(b"\\" + letter, character)
    if b"\\u" in data:
        runs = _Runs()
        data = UNICODE_RUN.sub(lambda run: runs[run[0]], data)
    if b"\\x" in data:
        data = HEX_ESCAPE.sub(lambda escape: _json_character(escape[0]), data)
    return data.replace(unused, b"\\")


def _decode_html(data: bytes) -> bytes:
    if data.count(b"&") < len(data) // MANY:
        return HTML.pattern.sub(lambda escape: _html_character(escape[0]), data)
    if b"&#" in data:
        data = HTML_NUMBER.sub(lambda escape: _html_character(escape[0]), data)
    found = set(HTML_NAME.findall(data))  # most texts with many of the marks, such as scripts, have none or one
    for name, character in HTML_NAMES.items():
        if name in found:
            data = data.replace(name, character)
    return data


def _json_character(escape: bytes) -> bytes:
    if escape[1:2] in (b"u", b"x"):
        return _utf16(b"".join(part.rjust(4, b"0") for part in re.findall(rb"\\[ux]([0-9A-Fa-f]+)", escape)))
    return JSON_LETTERS.get(escape[1:], escape[1:])


def _utf16(digits: bytes) -> bytes:
    return unhexlify(digits).decode("utf-16-be", "replace").encode()


def _html_character(escape: bytes) -> bytes:
    return html.unescape(escape.decode()).encode("utf-8", "replace")


def _quoted(text: bytes) -> bytes:
    return quote_from_bytes(text, safe="").encode()


URL = Escape(b"%", re.compile(rb"%[0-9A-Fa-f]{2}"), lambda escape: bytes((int(escape[1:], 16),)), _decode_url, _quoted)
FORM = Escape(
    b"",
    re.compile(rb"%[0-9A-Fa-f]{2}|\+"),
    lambda escape: b" " if escape == b"+" else bytes((int(escape[1:], 16),)),
    lambda data: _decode_url(data.replace(b"+", b" ")),
    _quoted,
)
JSON = Escape(
    b"\\",
    re.compile(
        rb'\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|["\'/\\nrtbf])'
    ),
    _json_character,
    _decode_json,
    lambda text: re.sub(rb'(["\\])', rb"\\\1", text).replace(b"\n", b"\\n").replace(b"\r", b"\\r"),
)
HTML = Escape(
    b"&",
    re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5});"),
    _html_character,
    _decode_html,
    lambda text: html.escape(text.decode("latin-1")).encode("latin-1"),
)
