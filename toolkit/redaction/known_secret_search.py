"""Searches bytes for secrets that are known, in the usual encodings. Pure, and independent of what replaces them.

Most secrets have some forty encodings, and most texts none of the characters that some of them need. So encodings are
made by kinds, and those of a kind only when the first text comes that can hold one.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from toolkit.session.encodings.alphabets import BASE32, BASE64, ONE_CASE_HEX, Alphabet
from toolkit.session.encodings.multi_pattern_search import MultiSearch

UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")  # what URLs, JSON and HTML leave as it is
URLSAFE = bytes.maketrans(b"+/", b"-_")
MIN_BASE64, MIN_BASE32 = 7, 8  # letters; fewer occur by chance


def _plain(secret: str) -> Iterable[bytes]:
    """`secret` itself, and where an encoder escapes few of its characters."""
    yield secret.encode()
    if not UNRESERVED.fullmatch(secret):
        for text in _urls(secret) | _escaped(secret) | {html.escape(secret)}:
            yield text.encode()


def _percent(secret: str) -> Iterable[bytes]:
    """`secret` with each byte as in URLs (RFC 3986, section 2.1)."""
    for template in ("%{:02X}", "%{:02x}"):
        yield "".join(template.format(byte) for byte in secret.encode()).encode()


def _unicode(secret: str) -> Iterable[bytes]:
    r"""`secret` with each character as JSON's \uXXXX (RFC 8259, section 7)."""
    units = re.findall("....", secret.encode("utf-16-be").hex())
    yield "".join(f"\\u{unit}" for unit in units).encode()
    yield "".join(f"\\u{unit.upper()}" for unit in units).encode()


def _hexadecimal(secret: str) -> Iterable[bytes]:
    digits = secret.encode().hex()
    return digits.encode(), digits.upper().encode()


def _base64(secret: str) -> Iterable[bytes]:
    """Base64 of a text in which `secret` starts at any byte, without the letters shared with its neighbours."""
    raw = secret.encode()
    for offset in range(3):
        start, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        core = base64.b64encode(b"\0" * offset + raw)[start:end]
        if len(core) >= MIN_BASE64:
            yield core
            yield core.translate(URLSAFE)


def _base32(secret: str) -> Iterable[bytes]:
    """Base32 likewise (RFC 4648, section 6)."""
    raw = secret.encode()
    for offset in range(5):
        start, end = -(-8 * offset // 5), 8 * (offset + len(raw)) // 5
        core = base64.b32encode(b"\0" * offset + raw)[start:end]
        if len(core) >= MIN_BASE32:
            yield core
            yield core.lower()


def _utf16(secret: str) -> Iterable[bytes]:
    return secret.encode("utf-16-le"), secret.encode("utf-16-be")


class Kind(NamedTuple):
    """A kind of encodings. A text holds one only if it has `mark`, and enough letters of one of `alphabets` in a row.
    Each letter has `bits` of the secret, except for `shared` letters, which have some of its neighbours."""

    encode: Callable[[str], Iterable[bytes]]
    mark: bytes = b""
    alphabets: tuple[Alphabet, ...] = ()
    bits: int = 8
    shared: int = 0

    def may_be_in(self, data: bytes, shortest: int) -> bool:
        """Decides whether `data` can hold a secret of at least `shortest` bytes in one of these encodings."""
        least = max(1, 8 * shortest // self.bits - self.shared)
        return self.mark in data and (
            not self.alphabets or any(alphabet.has_run(data, least) for alphabet in self.alphabets)
        )


KINDS = (
    Kind(_plain),
    Kind(_percent, b"%"),
    Kind(_unicode, rb"\u"),
    Kind(_hexadecimal, alphabets=ONE_CASE_HEX, bits=4),
    Kind(_base64, alphabets=(BASE64,), bits=6, shared=2),
    Kind(_base32, alphabets=BASE32, bits=5, shared=2),
    Kind(_utf16, b"\0"),
)


class KnownSecretSearch:
    """Searches for the keys of `secrets`; the values say at which kind of place each was found."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._shortest = min((len(secret.encode()) for secret in secrets), default=1)
        self._searches: dict[int, tuple[MultiSearch, dict[bytes, str]]] = {}

    def kinds_in(self, data: bytes) -> Iterator[str]:
        """Yields the kind of place of each secret that is in `data`."""
        for number, kind in enumerate(KINDS if self._secrets else ()):
            if kind.may_be_in(data, self._shortest):
                search, kinds = self._searches.get(number) or self._prepare(number)
                for _, encoding in search.find(data):
                    yield kinds[encoding]

    def _prepare(self, number: int) -> tuple[MultiSearch, dict[bytes, str]]:
        kinds: dict[bytes, str] = {}
        for secret, kind in self._secrets.items():
            for encoding in KINDS[number].encode(secret):
                kinds.setdefault(encoding, kind)
        # Digits that stand for letters may have others next to them.
        self._searches[number] = MultiSearch(kinds, digits_anywhere=KINDS[number].bits < 8), kinds
        return self._searches[number]


def _urls(secret: str) -> set[str]:
    once = {quote(secret, safe=""), quote(secret, safe="/"), quote_plus(secret), quote(secret, safe="/:=@!$&'()*+,;")}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text) for text in once}
    return {*once, *lower, *(quote(text, safe="") for text in once)}


def _escaped(secret: str) -> set[str]:
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    escaped |= {text.replace("/", r"\/") for text in escaped}
    return escaped | {json.dumps(text)[1:-1] for text in escaped}
