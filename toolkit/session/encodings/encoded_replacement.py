"""Finds values in bytes however they are encoded, and replaces them there. Pure.

Bytes are searched as they are, and with their escapes decoded: those of URLs (RFC 3986, section 2.1; in forms `+` is a
space), of JSON and JavaScript strings (RFC 8259, section 7), and of HTML, also nested. Runs of base64 (RFC 4648,
sections 4 and 5) and of hexadecimal digits are decoded, changed, and encoded again. It does not matter which of its
characters an encoder chose to escape.
"""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import quote_from_bytes

from toolkit.session.encodings import alphabets
from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps
from toolkit.session.encodings.multi_pattern_search import MultiSearch

ROUNDS = 4  # replacing one encoding may reveal another
DEPTH = 4  # how deep encodings may be nested: base64 in JSON in a URL in a URL


class Escape(NamedTuple):
    """A way to escape characters. `pattern` matches one escape, `decode` decodes it, `encode` escapes a whole text."""

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
    """A way to write any bytes as letters: base64 or hexadecimal.

    `size` letters of `alphabet` stand for a whole number of bytes, and the letter `zero` for 0. `encode` takes the
    bytes and the letters that they replace, whose case or alphabet it keeps.
    """

    alphabet: alphabets.Alphabet
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
BASE64 = Code(alphabets.BASE64, 4, b"A", lambda text: base64.b64decode(text.translate(STANDARD)), _base64_like)
HEX = Code(alphabets.HEX, 2, b"0", lambda text: bytes.fromhex(text.decode()), _hex_like)


class Finder(Protocol):
    """Searches for many words. `shortest` is the least length of what it finds, in bytes; words may be shorter."""

    shortest: int

    def spans(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yields (start, end, word) for each match, in no particular order. Matches may overlap."""


class Replacer:
    """Replaces the keys of `placeholders` by their values, in every encoding. Neither may be empty.

    A key of digits is found only where no other digits stand next to it. Where keys may be cut short, `finder` finds
    their pieces as well: by default whole keys are found. With `encoded=False` the values are put in as they are, for
    people to read; else so that what is decoded holds them.
    """

    def __init__(
        self,
        placeholders: Mapping[str, str],
        *,
        finder: Callable[[Iterable[bytes]], Finder] = MultiSearch,
        encoded: bool = True,
    ) -> None:
        self._new = {
            key.encode("utf-8", "surrogatepass"): value.encode() for key, value in placeholders.items() if key != value
        }
        self._finder = finder(self._new)
        self._encoded = encoded
        self._escapes = [URL, JSON, HTML, *([FORM] if any(b" " in key for key in self._new) else [])]
        shortest = min((min(len(key), self._finder.shortest) for key in self._new), default=1)
        # Lines of 60 to 76 characters are one base64 text (RFC 2045, section 6.8).
        lines, min_length = rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]+={0,2}", shortest * 8 // 6
        self._codes = [
            (BASE64, min(min_length, 60), re.compile(rb"%b|[A-Za-z0-9+/_-]{%d,}={0,2}" % (lines, min_length))),
            (HEX, 2 * shortest, re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * shortest))),
        ]

    def edits(self, data: bytes, depth: int = DEPTH) -> list[Edit[bytes]]:
        """Returns the edits that replace every key in `data`, in order and without overlaps.

        Encodings that are nested up to `depth` times are searched.
        """
        return drop_overlaps(self._find(data, depth)) if self._new else []

    def replace_text(self, text: str) -> str:
        """Returns `text` with every key replaced."""
        return self.replace_bytes(text.encode("utf-8", "surrogatepass"), lambda _: None).decode(
            "utf-8", "surrogatepass"
        )

    def replace_bytes(self, data: bytes, on_edits: Callable[[list[Edit[bytes]]], object]) -> bytes:
        """Returns `data` with every key replaced. Calls `on_edits` with the edits of each round."""
        for _ in range(ROUNDS):
            if not (edits := self.edits(data)):
                break
            on_edits(edits)
            data = apply_edits(data, edits)
        return data

    def _find(self, data: bytes, depth: int) -> Iterator[Edit[bytes]]:
        for start, end, word in self._finder.spans(data):
            yield Edit(start, end, self._new[word])
        if not depth:
            return
        for escape in self._escapes:
            if escape.pattern.search(data):
                view = _DecodedView(data, escape)
                for start, end, new in self.edits(view.data, depth - 1):
                    yield Edit(view.position(start), view.position(end), escape.encode(new) if self._encoded else new)
        for code, least, pattern in self._codes:
            runs = list(pattern.finditer(data)) if code.alphabet.has_run(data, least) else []
            for offset in range(code.size if runs else 0):  # the run may start with other letters
                inside = depth - 1 if offset == 0 else 0
                for number in self._runs_with_matches([run[0] for run in runs], code, offset, inside):
                    yield self._edit_run(runs[number], code, offset, inside)

    def _runs_with_matches(self, runs: list[bytes], code: Code, offset: int, depth: int) -> list[int]:
        """Returns the indexes of the `runs` that contain a key when decoded from `offset` on.

        All runs are decoded at once, because most contain none.
        """
        starts, parts, size = [], [], 0
        for run in runs:
            letters = _letters_of(run)[offset:]
            # Zeros follow, so that no key spans two runs.
            letters += code.zero * (2 * code.size - len(letters) % code.size)
            starts.append(size)
            parts.append(letters)
            size += len(letters)
        decoded = code.decode(b"".join(parts))
        return sorted(
            {bisect_right(starts, edit.start * size // len(decoded)) - 1 for edit in self.edits(decoded, depth)}
        )

    def _edit_run(self, match: re.Match[bytes], code: Code, offset: int, depth: int) -> Edit[bytes]:
        """Returns the edit of one run of letters, decoded from `offset` on."""
        run = match[0]
        letters = _letters_of(run)[offset:]
        missing = -len(letters) % code.size
        filled = code.decode(letters + code.zero * missing)
        data = filled[: len(letters) * len(filled) // (len(letters) + missing)]
        rest = letters[len(code.encode(data, run)) :]
        edits = self.edits(data, depth)
        if not self._encoded and edits:
            return Edit(match.start(), match.end(), edits[0].new)
        new = _letters_of(run)[:offset] + code.encode(apply_edits(data, edits), run) + rest
        if run.endswith(b"="):
            new += b"=" * (-len(new) % code.size)
        return Edit(match.start(), match.end(), _break_lines_like(new, run))


def _break_lines_like(letters: bytes, run: bytes) -> bytes:
    """Returns `letters` in lines as long as the first line of `run`, with the same line breaks."""
    width = run.find(b"\n")
    if width <= 0:
        return letters
    ending = b"\r\n" if b"\r\n" in run else b"\n"
    width -= len(ending) - 1
    return ending.join(letters[start : start + width] for start in range(0, len(letters), width))


def _letters_of(run: bytes) -> bytes:
    """Returns the letters of `run`, without line breaks and padding."""
    return run.translate(None, b"\r\n=")


class _DecodedView:
    """`data` with its escapes decoded. `position` maps positions in it back to the original."""

    def __init__(self, data: bytes, escape: Escape) -> None:
        pieces: list[bytes] = []
        self._decoded, self._originals = [0], [0]
        size = end = 0
        for match in escape.pattern.finditer(data):
            plain, character = data[end : match.start()], escape.decode(match[0])
            pieces += (plain, character)
            size += len(plain)
            self._decoded.append(size)  # the start of the escape
            self._originals.append(match.start())
            size, end = size + len(character), match.end()
            self._decoded.append(size)  # its end
            self._originals.append(end)
        pieces.append(data[end:])
        self.data = b"".join(pieces)

    def position(self, decoded: int) -> int:
        """Returns where the byte at `decoded` stands in the original."""
        at = bisect_right(self._decoded, decoded) - 1
        return self._originals[at] + (decoded - self._decoded[at])


def _quoted(text: bytes) -> bytes:
    return quote_from_bytes(text, safe="").encode()
