"""Finds values in bytes in whichever way they are spelled, and says how to replace them there. Pure.

A text is read as it is, and as what its escapes mean: of URLs (RFC 3986, section 2.1; `+` for a space as forms have
it), of JSON and JavaScript strings (RFC 8259, section 7), of HTML; also several times over. Runs of base64 (RFC 4648,
sections 4 and 5) and of hexadecimal digits are decoded, changed within, and encoded again. Nothing depends on which
spelling was chosen for which character.
"""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from toolkit.redaction.edits import Edit, apply_edits, drop_overlaps
from toolkit.redaction.multi_search import MultiSearch

ROUNDS = 4  # one spelling may hide another
DEPTH = 4  # how many times one value may be wrapped: base64 in JSON in a URL in a URL


class Escape(NamedTuple):
    """One way to escape characters. `decode` reads one escape, `encode` writes a text in it."""

    pattern: re.Pattern[bytes]
    decode: Callable[[bytes], bytes]
    encode: Callable[[bytes], bytes]


def _json_character(escape: bytes) -> bytes:
    if escape[1:2] in (b"u", b"x"):
        units = b"".join(int(part, 16).to_bytes(2, "big") for part in re.findall(rb"\\[ux]([0-9A-Fa-f]+)", escape))
        return units.decode("utf-16-be", "replace").encode()
    simple = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return simple.get(escape[1:], escape[1:])


def _html_character(escape: bytes) -> bytes:
    return html.unescape(escape.decode()).encode("utf-8", "replace")


URL = Escape(re.compile(rb"%[0-9A-Fa-f]{2}"), lambda escape: bytes((int(escape[1:], 16),)), lambda text: _quoted(text))
FORM = Escape(
    re.compile(rb"%[0-9A-Fa-f]{2}|\+"),
    lambda escape: b" " if escape == b"+" else bytes((int(escape[1:], 16),)),
    lambda text: _quoted(text),
)
JSON = Escape(
    re.compile(
        rb'(?:\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\["\'/\\nrtbf])'
    ),
    _json_character,
    lambda text: re.sub(rb'(["\\])', rb"\\\1", text).replace(b"\n", b"\\n").replace(b"\r", b"\\r"),
)
HTML = Escape(
    re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5});"),
    _html_character,
    lambda text: html.escape(text.decode("latin-1")).encode("latin-1"),
)


class Code(NamedTuple):
    """One way to write any bytes as letters. `size` letters stand for some whole bytes, `zero` is one that means 0.

    `encode` writes bytes as `run`, whose place they take, was written.
    """

    size: int
    zero: bytes
    decode: Callable[[bytes], bytes]
    encode: Callable[[bytes, bytes], bytes]


def _base64_like(data: bytes, run: bytes) -> bytes:
    new = base64.b64encode(data).rstrip(b"=")
    return new.replace(b"+", b"-").replace(b"/", b"_") if b"-" in run or b"_" in run else new


def _hex_like(data: bytes, run: bytes) -> bytes:
    new = data.hex().encode()
    return new.upper() if run == run.upper() else new


STANDARD = bytes.maketrans(b"-_", b"+/")
BASE64 = Code(4, b"A", lambda text: base64.b64decode(text.translate(STANDARD)), _base64_like)
HEX = Code(2, b"0", lambda text: bytes.fromhex(text.decode()), _hex_like)


class Replacer:
    """Replaces the keys of `placeholders` by their values, in every spelling. Neither is empty.

    A key of digits is found only where no other digits touch it.
    """

    def __init__(self, placeholders: Mapping[str, str]) -> None:
        self._new = {key.encode(): value.encode() for key, value in placeholders.items() if key != value}
        self._finder = MultiSearch(self._new)
        self._escapes = [URL, JSON, HTML, *([FORM] if any(b" " in key for key in self._new) else [])]
        shortest = min(map(len, self._new), default=1)
        # Lines of 60 to 76 characters are one text (RFC 2045, section 6.8).
        lines, least = rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]+={0,2}", shortest * 8 // 6
        self._codes = [
            (BASE64, re.compile(rb"%b|[A-Za-z0-9+/_-]{%d,}={0,2}" % (lines, least))),
            (HEX, re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * shortest))),
        ]

    def edits(self, data: bytes, depth: int = DEPTH) -> list[Edit[bytes]]:
        """What to change in `data`, from left to right, nothing twice."""
        return drop_overlaps(self._found(data, depth)) if self._new else []

    def replace_text(self, text: str) -> str:
        """`text` with everything replaced."""
        return self.replace_bytes(text.encode("utf-8", "surrogatepass"), lambda _: None).decode(
            "utf-8", "surrogatepass"
        )

    def replace_bytes(self, data: bytes, tell: Callable[[list[Edit[bytes]]], object]) -> bytes:
        """`data` with everything replaced. `tell` is given the edits, in as many steps as it takes."""
        for _ in range(ROUNDS):
            if not (edits := self.edits(data)):
                break
            tell(edits)
            data = apply_edits(data, edits)
        return data

    def _found(self, data: bytes, depth: int) -> Iterator[Edit[bytes]]:
        for start, word in self._finder.find(data):
            yield Edit(start, start + len(word), self._new[word])
        if not depth:
            return
        for escape in self._escapes:
            if escape.pattern.search(data):
                view = _View(data, escape)
                for start, end, new in self.edits(view.data, depth - 1):
                    yield Edit(view.place(start), view.place(end), escape.encode(new))
        for code, pattern in self._codes:
            runs = list(pattern.finditer(data))
            for offset in range(code.size if runs else 0):  # after other letters it does not begin at the beginning
                inside = depth - 1 if offset == 0 else 0
                for number in self._suspects([run[0] for run in runs], code, offset, inside):
                    yield self._within(runs[number], code, offset, inside)

    def _suspects(self, runs: list[bytes], code: Code, offset: int, depth: int) -> list[int]:
        """The numbers of those of `runs` that hold something, read from `offset` on. All are decoded as one."""
        places, parts, size = [], [], 0
        for run in runs:
            letters = _unbroken(run)[offset:]
            letters += code.zero * (2 * code.size - len(letters) % code.size)  # zeros between, where nothing is found
            places.append(size)
            parts.append(letters)
            size += len(letters)
        decoded = code.decode(b"".join(parts))
        return sorted(
            {bisect_right(places, edit.start * size // len(decoded)) - 1 for edit in self.edits(decoded, depth)}
        )

    def _within(self, match: re.Match[bytes], code: Code, offset: int, depth: int) -> Edit[bytes]:
        """The change of one run of letters."""
        run, width = match[0], match[0].find(b"\n")
        letters = _unbroken(run)[offset:]
        filled = code.decode(letters + code.zero * (-len(letters) % code.size))
        whole = filled[: len(letters) * len(filled) // (len(letters) + (-len(letters) % code.size))]
        rest = letters[len(code.encode(whole, run)) :]
        new = _unbroken(run)[:offset] + code.encode(apply_edits(whole, self.edits(whole, depth)), run) + rest
        if run.endswith(b"="):
            new += b"=" * (-len(new) % code.size)
        if width > 0:
            ending = b"\r\n" if b"\r\n" in run else b"\n"
            width -= len(ending) - 1
            new = ending.join(new[start : start + width] for start in range(0, len(new), width))
        return Edit(match.start(), match.end(), new)


def _unbroken(run: bytes) -> bytes:
    return run.translate(None, b"\r\n=")


class _View:
    """`data` with its escapes resolved; `place` leads back."""

    def __init__(self, data: bytes, escape: Escape) -> None:
        pieces: list[bytes] = []
        self._views, self._places = [0], [0]
        size = end = 0
        for match in escape.pattern.finditer(data):
            plain, character = data[end : match.start()], escape.decode(match[0])
            pieces += (plain, character)
            size += len(plain)
            self._views.append(size)  # the escape begins here ...
            self._places.append(match.start())
            size, end = size + len(character), match.end()
            self._views.append(size)  # ... and has ended here
            self._places.append(end)
        pieces.append(data[end:])
        self.data = b"".join(pieces)

    def place(self, view: int) -> int:
        """Where in the original the byte `view` is."""
        at = bisect_right(self._views, view) - 1
        return self._places[at] + (view - self._views[at])


def _quoted(text: bytes) -> bytes:
    return quote_from_bytes(text, safe="").encode()
