"""Searches a HAR log for secrets that are still in it. Pure, and independent of what replaces them.

It checks three things: whether a known secret is there, in one of the usual encodings; whether there is a token that
can be recognised by its form; and whether a place that holds secrets (see `toolkit.redaction.secret_locations`) holds
anything but a placeholder. Bodies are searched as a whole and decoded from base64, so chunk boundaries hide nothing.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from toolkit.har.text_walk import is_body, texts
from toolkit.redaction.bodies import Body
from toolkit.redaction.multi_pattern_search import MultiSearch
from toolkit.redaction.placeholders import JWT, is_jwt, is_placeholder
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import find_in_log

TOKEN_FORMS: dict[str, re.Pattern[bytes]] = {
    "an API key (sk-...)": re.compile(rb"(?<![A-Za-z0-9_-])sk-(?:[A-Za-z0-9]+-)*[A-Za-z0-9_]{20,}"),
    "a GitHub token": re.compile(rb"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    "an AWS key id": re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "a Google API key": re.compile(rb"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(rb"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"),
    "a bearer token": re.compile(
        rb"[Bb]earer(?: |%20|\+)(?!PLACEHOLDER_|PH_|eyJ)(?=[^\s]*[0-9])[A-Za-z0-9._~+/-]{20,}"
    ),
}
PACKED = re.compile(rb"\x1f\x8b\x08|\A\x78[\x01\x5e\x9c\xda]")  # gzip (RFC 1952) anywhere, zlib (RFC 1950) as a whole
MAX_UNPACKED = 64 << 20  # bytes; a small text can unpack to a huge one
LONG_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


class Finding(msgspec.Struct, frozen=True, order=True):
    """A problem and its place, such as `log.entries[3].response.headers[Set-Cookie]`. It never holds a secret."""

    place: str
    kind: str


def scan(log: dict[str, Any], secrets: Mapping[str, str] | None = None, rules: Rules | None = None) -> list[Finding]:
    """Returns the secrets that are left in `log`, the `log` of a HAR document.

    `secrets` maps known secrets to the kind of place where they were found. `rules` say which further places hold
    secrets, and which names to keep; their patterns are searched in bodies only.
    """
    findings: dict[Finding, None] = {}
    search = _SecretSearch(secrets or {})
    seen: dict[bytes, list[str]] = {}
    for holder, key, place in texts(log):
        value = Body(holder, key).data if is_body(key) else holder[key].encode("utf-8", "surrogatepass")
        if value not in seen:
            seen[value] = list(search.kinds(value))
        findings.update(dict.fromkeys(Finding(place, kind) for kind in seen[value]))
    findings.update(dict.fromkeys(_find_at_secret_places(log, rules or Rules())))
    return list(findings)


def _find_at_secret_places(log: dict[str, Any], rules: Rules) -> Iterator[Finding]:
    """Yields values at secret places that are none of our placeholders."""
    for location in find_in_log(log, rules):
        for secret in location.secrets():
            if secret.kind != "random" and not is_placeholder(secret.value):
                yield Finding(location.path, f"a secret ({secret.kind})")


class _SecretSearch:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._kinds: dict[bytes, str] = {}
        for secret, kind in secrets.items():
            for encoding in usual_encodings(secret):
                self._kinds.setdefault(encoding, kind)
        self._search = MultiSearch(self._kinds)

    def kinds(self, data: bytes) -> Iterator[str]:
        """Yields the kinds of secrets that are in `data`."""
        yield from self._kinds_in(data)
        for match in PACKED.finditer(data):
            yield from self._kinds_in(_unpack(data[match.start() :]))

    def _kinds_in(self, data: bytes) -> Iterator[str]:
        for _, encoding in self._search.find(data):
            yield f"a secret ({self._kinds[encoding]})"
        yield from _tokens_by_form(data)
        inner = b"\n".join(_decode_base64(match[0]) for match in LONG_BASE64.finditer(data))
        yield from _tokens_by_form(inner)


def _tokens_by_form(data: bytes) -> Iterator[str]:
    for match in JWT.finditer(data):
        token = match[0].decode()
        if is_jwt(token) and not is_placeholder(token):
            yield "a JSON Web Token"
    for kind, pattern in TOKEN_FORMS.items():
        if pattern.search(data):
            yield kind


def _unpack(data: bytes) -> bytes:
    """Returns what is compressed at the start of `data`, as far as it can be read."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, MAX_UNPACKED)
    except zlib.error:
        return b""


def _decode_base64(run: bytes) -> bytes:
    text = run.replace(b"-", b"+").replace(b"_", b"/")
    text = text[: len(text) - (len(text) % 4 == 1)]
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def usual_encodings(secret: str) -> set[bytes]:
    """Returns `secret` in the usual encodings, each as a whole or, for base64 and base32, what of it never varies."""
    raw = secret.encode()
    once = {quote(secret, safe=""), quote(secret, safe="/"), quote_plus(secret), quote(secret, safe="/:=@!$&'()*+,;")}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text) for text in once}
    every = {"".join(f"%{byte:02X}" for byte in raw), "".join(f"%{byte:02x}" for byte in raw)}
    urls = {*once, *lower, *every, *(quote(text, safe="") for text in once), html.escape(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    escaped |= {text.replace("/", r"\/") for text in escaped} | {json.dumps(text)[1:-1] for text in escaped}
    units = re.findall("....", secret.encode("utf-16-be").hex())
    escaped |= {"".join(f"\\u{unit}" for unit in units), "".join(f"\\u{unit.upper()}" for unit in units)}
    encodings = {raw, *(text.encode() for text in urls | escaped), raw.hex().encode(), raw.hex().upper().encode()}
    for offset in range(
        3
    ):  # base64 of a text in which it starts at any byte, without the letters shared with neighbours
        start, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        core = base64.b64encode(b"\0" * offset + raw)[start:end]
        if len(core) >= 7:
            encodings |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    for offset in range(5):  # base32 likewise
        start, end = -(-8 * offset // 5), 8 * (offset + len(raw)) // 5
        core = base64.b32encode(b"\0" * offset + raw)[start:end]
        if len(core) >= 8:
            encodings |= {core, core.lower()}
    return encodings | {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
