"""Searches a HAR log for secrets that are still in it. Pure, and independent of what replaces them.

It checks three things: whether a known secret is there, in one of the usual encodings; whether there is a token that
can be recognised by its form; and whether a place that holds secrets (see `toolkit.redaction.secret_locations`) holds
anything but a placeholder. Bodies are searched as a whole and decoded from base64, so chunk boundaries hide nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from toolkit.har.text_walk import is_body, texts
from toolkit.redaction.bodies import Body
from toolkit.redaction.known_secret_search import KnownSecretSearch
from toolkit.redaction.placeholders import JWT, is_jwt, is_placeholder
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import find_in_log
from toolkit.session.encodings.alphabets import BASE64

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
MIN_BASE64 = 24  # letters of the shortest token
LONG_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % MIN_BASE64)


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
        self._known = KnownSecretSearch(secrets)

    def kinds(self, data: bytes) -> Iterator[str]:
        """Yields the kinds of secrets that are in `data`."""
        yield from self._kinds_in(data)
        for match in PACKED.finditer(data):
            yield from self._kinds_in(_unpack(data[match.start() :]))

    def _kinds_in(self, data: bytes) -> Iterator[str]:
        for kind in self._known.kinds_in(data):
            yield f"a secret ({kind})"
        yield from _tokens_by_form(data)
        if BASE64.has_run(data, MIN_BASE64):
            runs = LONG_BASE64.finditer(data)
            yield from _tokens_by_form(b"\n".join(_decode_base64(run[0]) for run in runs))


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
