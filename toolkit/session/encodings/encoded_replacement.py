"""Finds values in bytes however they are encoded, and replaces them there. Pure.

Bytes are searched as they are, and with their escapes decoded: those of URLs (RFC 3986, section 2.1; in forms `+` is a
space), of JSON and JavaScript strings (RFC 8259, section 7), and of HTML, also nested. Runs of base64 (RFC 4648,
sections 4 and 5) and of hexadecimal digits are decoded, changed, and encoded again. It does not matter which of its
characters an encoder chose to escape.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Protocol

from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps
from toolkit.session.encodings.encoded_presence import EncodedPresence
from toolkit.session.encodings.escapes import FORM, HTML, JSON, URL, Escape
from toolkit.session.encodings.letter_codes import BASE64, HEX, Code
from toolkit.session.encodings.multi_pattern_search import MultiSearch

ROUNDS = 4  # replacing one encoding may reveal another
DEPTH = 4  # how deep encodings may be nested: base64 in JSON in a URL in a URL


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
        whole = self._finder if isinstance(self._finder, MultiSearch) else None
        self._presence = EncodedPresence(self._new) if whole else None
        # Keys that are part of others, which have to be looked for first.
        self._inner = _parts_of_others(self._new, whole) if whole else set()
        self._encoded = encoded
        self._escapes = [URL, JSON, HTML, *([FORM] if any(b" " in key for key in self._new) else [])]
        shortest = min((min(len(key), self._finder.shortest) for key in self._new), default=1)
        # Lines of 60 to 76 characters are one base64 text (RFC 2045, section 6.8).
        lines, min_length = rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]+={0,2}", shortest * 8 // 6
        self._codes = [
            (BASE64, min(min_length, 60), re.compile(rb"%b|[A-Za-z0-9+/_-]{%d,}={0,2}" % (lines, min_length))),
            (HEX, 2 * shortest, re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * shortest))),
        ]

    def replace_text(self, text: str) -> str:
        """Returns `text` with every key replaced."""
        return self.replace_bytes(text.encode("utf-8", "surrogatepass"), lambda _: None).decode(
            "utf-8", "surrogatepass"
        )

    def replace_bytes(self, data: bytes, on_edits: Callable[[list[Edit[bytes]]], object]) -> bytes:
        """Returns `data` with every key replaced. Calls `on_edits` with the edits of each round."""
        unencoded = False
        for _ in range(ROUNDS):
            edits = drop_overlaps(self._plain_edits(data))
            if not unencoded:
                unencoded = self._has_none_encoded(data, edits)
                edits = edits if unencoded else self._all_edits(data, DEPTH)
            if not edits:
                break
            on_edits(edits)
            data = apply_edits(data, edits)
        return data

    def edits(self, data: bytes) -> list[Edit[bytes]]:
        """Returns the edits that replace every key in `data`, in order and without overlaps."""
        plain = drop_overlaps(self._plain_edits(data))
        return plain if self._has_none_encoded(data, plain) else self._all_edits(data, DEPTH)

    def may_be_in(self, data: bytes) -> bool:
        """Decides quickly whether a key may be in `data`. It may say so where none is."""
        plain = drop_overlaps(self._plain_edits(data))
        return bool(plain) or not self._has_none_encoded(data, plain)

    def _has_none_encoded(self, data: bytes, edits: list[Edit[bytes]]) -> bool:
        """Decides whether `data` holds no key in an encoding, given the `edits` for those that stand there as they
        are."""
        if not self._new:
            return True
        if self._presence is None:
            return False
        outer = [edit for edit in edits if data[edit.start : edit.end] not in self._inner]
        return not self._presence.may_be_in(apply_edits(data, outer), DEPTH)

    def _plain_edits(self, data: bytes) -> list[Edit[bytes]]:
        return [Edit(start, end, self._new[word]) for start, end, word in self._finder.spans(data)]

    def _all_edits(self, data: bytes, depth: int) -> list[Edit[bytes]]:
        """Returns the edits of `data` and of what is encoded in it, nested up to `depth` times."""
        return drop_overlaps(self._find(data, depth, {hash(data)}))

    def _find(self, data: bytes, depth: int, seen: set[int]) -> Iterator[Edit[bytes]]:
        """Yields the edits of `data`.

        A text whose hash was `seen` has been searched: the escapes of URLs and of JSON give the same in either order.
        """
        yield from self._plain_edits(data)
        if not depth:
            return
        for escape in self._escapes:
            if escape.mark in data and hash(plain := escape.decode_all(data)) not in seen:
                seen.add(hash(plain))
                yield from self._edit_escaped(data, escape, drop_overlaps(self._find(plain, depth - 1, seen)))
        for code, least, pattern in self._codes:
            if not code.alphabet.has_run(data, least):
                continue
            if self._presence and not self._presence.may_be_coded(data, code, depth):
                continue
            runs = list(pattern.finditer(data))
            for offset in range(code.size if runs else 0):  # the run may start with other letters
                inside = depth - 1 if offset == 0 else 0
                for number in self._runs_with_matches([run[0] for run in runs], code, offset, inside):
                    yield self._edit_run(runs[number], code, offset, inside)

    def _edit_escaped(self, data: bytes, escape: Escape, edits: list[Edit[bytes]]) -> Iterator[Edit[bytes]]:
        """Yields `edits` of what `data` decodes to as edits of `data`."""
        positions = escape.positions(data, (position for edit in edits for position in (edit.start, edit.end)))
        for edit, start, end in zip(edits, positions, positions, strict=True):
            yield Edit(start, end, escape.encode(edit.new) if self._encoded else edit.new)

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
            {bisect_right(starts, edit.start * size // len(decoded)) - 1 for edit in self._all_edits(decoded, depth)}
        )

    def _edit_run(self, match: re.Match[bytes], code: Code, offset: int, depth: int) -> Edit[bytes]:
        """Returns the edit of one run of letters, decoded from `offset` on."""
        run = match[0]
        letters = _letters_of(run)[offset:]
        missing = -len(letters) % code.size
        filled = code.decode(letters + code.zero * missing)
        data = filled[: len(letters) * len(filled) // (len(letters) + missing)]
        rest = letters[len(code.encode(data, run)) :]
        edits = self._all_edits(data, depth)
        if not self._encoded and edits:
            return Edit(match.start(), match.end(), edits[0].new)
        new = _letters_of(run)[:offset] + code.encode(apply_edits(data, edits), run) + rest
        if run.endswith(b"="):
            new += b"=" * (-len(new) % code.size)
        return Edit(match.start(), match.end(), _break_lines_like(new, run))


def _parts_of_others(words: Iterable[bytes], search: MultiSearch) -> set[bytes]:
    """Returns those of `words`, for which `search` searches, that are part of another one."""
    words, found = list(words), set[bytes]()
    ends = list(accumulate(len(word) + 1 for word in words))
    for start, word in search.find(b"\n".join(words)):  # all at once; none that spans two of them counts
        around = bisect_right(ends, start)
        if len(word) < len(words[around]) and start + len(word) < ends[around]:
            found.add(word)
    return found


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
