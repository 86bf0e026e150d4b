"""Searches a HAR log for secrets that are still in it. Pure, and independent of what replaces them.

It checks three things: whether a known secret is there, in one of the usual encodings; whether there is a token that
can be recognised by its form; and whether a place that holds secrets (see `toolkit.redaction.secret_locations`) holds
anything but a placeholder. Bodies are searched as a whole and decoded from base64, so chunk boundaries hide nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from toolkit.har.encoded_entries import beside_entries, encoded_entries
from toolkit.har.text_walk import Place, bodies, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, short_text
from toolkit.redaction.body_layers import GZIP, ZLIB
from toolkit.redaction.code_bodies import is_code, may_be_name_in_code
from toolkit.redaction.entry_batches import Batch, entry_batches
from toolkit.redaction.exchange_criteria import Criteria, FoundInBodies
from toolkit.redaction.known_secret_search import KnownSecretSearch
from toolkit.redaction.placeholders import JWT, is_jwt, is_placeholder
from toolkit.redaction.rules import Rules
from toolkit.redaction.secret_locations import Location, find_beside_entries, find_in_entry
from toolkit.redaction.short_bodies import note_empty_bodies
from toolkit.redaction.silent_strings import SilentStrings
from toolkit.session.encodings.letter_codes import BASE64
from toolkit.session.encodings.text_pieces import pieces

# Each begins with letters that are looked for at once, and tells after them what may not stand in front: the other way
# round takes many times as long.
TOKEN_FORMS: dict[str, re.Pattern[bytes]] = {
    "an API key (sk-...)": re.compile(rb"sk-(?<![A-Za-z0-9_-]sk-)(?:[A-Za-z0-9]+-)*+[A-Za-z0-9_]{20,}"),
    "a GitHub token": re.compile(
        rb"g(?:h[pousr]_(?<![A-Za-z0-9]gh[pousr]_)[A-Za-z0-9]{30,}"
        rb"|ithub_pat_(?<![A-Za-z0-9]github_pat_)[A-Za-z0-9_]{30,})"
    ),
    "an AWS key id": re.compile(rb"A[KS]IA(?<![A-Za-z0-9]A[KS]IA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "a Google API key": re.compile(rb"AIza(?<![A-Za-z0-9]AIza)[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(rb"xox(?<![A-Za-z0-9]xox)[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"),
    "a bearer token": re.compile(
        rb"earer(?<=[Bb]earer)(?: |%20|\+)(?!PLACEHOLDER_|PH_|eyJ)(?=[A-Za-z0-9._~+/-]*[0-9])[A-Za-z0-9._~+/-]{20,}"
    ),
}
MAX_UNPACKED = 64 << 20  # bytes; a small text can unpack to a huge one
MIN_BASE64 = 24  # letters of the shortest token


class Finding(msgspec.Struct, frozen=True, order=True):
    """A problem and its place, such as `log.entries[3].response.headers[Set-Cookie]`. It never holds a secret."""

    place: str
    kind: str


def scan(
    log: dict[str, Any],
    secrets: Mapping[str, str] | None = None,
    rules: Rules | None = None,
    bodies: FoundInBodies | None = None,
) -> list[Finding]:
    """Returns the secrets that are left in `log`, the `log` of a HAR document, whose entries are read batch by batch.

    `secrets` maps known secrets to the kind of place where they were found. `rules` say which further places hold
    secrets, and which names to keep; their patterns are searched in bodies only. `bodies` is what
    was found in bodies before, by the same `rules`.
    """
    of_log = _Scan(secrets or {}, rules or Rules(), bodies)
    for batch in entry_batches(encoded_entries(log)):
        of_log.look_at_batch(batch, log)
    of_log.look_beside_entries(log)
    return list(of_log.findings)


class _Scan:
    """A scan of a log, as `scan` is one, batch by batch. `findings` are those so far, each once."""

    def __init__(self, secrets: Mapping[str, str], rules: Rules, bodies: FoundInBodies | None) -> None:
        self.findings: dict[Finding, None] = {}
        self._search = _LogSearch(secrets)
        self._criteria = Criteria(rules, memory={}, bodies=bodies)
        self._remembers = bodies is not None

    def look_at_batch(self, batch: Batch, log: dict[str, Any]) -> None:
        """Scans the entries of `batch`, some of those of `log`."""
        criteria = self._criteria if self._remembers else self._criteria._replace(bodies={})
        note_empty_bodies(batch.decoded.values(), criteria)
        silent = self._search.note(batch.strings)
        for number, entry in batch.decoded.items():
            self._add(self._search.find(entry, entry_place(log, number), code=is_code(entry), bodies_only=silent))
            self._add(_at_secret_places(find_in_entry(entry, number, criteria)))

    def look_beside_entries(self, log: dict[str, Any]) -> None:
        """Scans what `log` has besides its entries."""
        self._add(self._search.find(beside_entries(log), ("log",)))
        self._add(_at_secret_places(find_beside_entries(log, self._criteria)))

    def _add(self, findings: Iterable[Finding]) -> None:
        self.findings.update(dict.fromkeys(findings))


def _at_secret_places(locations: Iterable[Location]) -> Iterator[Finding]:
    """Yields values at secret places that are none of our placeholders."""
    for location in locations:
        for secret in location.secrets():
            if secret.kind != "random" and not is_placeholder(secret.value):
                yield Finding(location.path, f"a secret ({secret.kind})")


class _LogSearch:
    """Searches the texts of a log for `secrets`, and for tokens by their form."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._search = _SecretSearch(secrets)
        in_code = {one: kind for one, kind in secrets.items() if not may_be_name_in_code(one)}
        self._in_code = _SecretSearch(in_code) if len(in_code) < len(secrets) else self._search
        self._silent = SilentStrings(lambda data: any(True for _ in self._search.kinds(data)))

    def note(self, strings: Collection[str]) -> bool:
        """Looks at all the strings of some entries, many at once. Returns whether they are all short and hold none."""
        return self._silent.note(strings)

    def find(
        self, node: dict[str, Any], outer: Place, *, code: bool = False, bodies_only: bool = False
    ) -> Iterator[Finding]:
        """Yields what is in the bodies of `node`, which stands at `outer`, and in its other texts. Its answer may be
        `code`."""
        for holder, key, place in bodies(node, outer) if bodies_only else texts(node, outer):
            if is_body(key):
                if (text := short_text(holder, key)) is not None and text in self._silent:
                    continue
                data = Body(holder, key).data
            elif (text := holder[key]) in self._silent:
                continue
            else:
                data = text.encode("utf-8", "surrogatepass")
            search = self._in_code if code and key == "encoding" else self._search
            for kind in search.kinds(data):
                yield Finding(place_name(place), kind)


class _SecretSearch:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._known = KnownSecretSearch(secrets)

    def kinds(self, data: bytes) -> Iterator[str]:
        """Yields the kinds of secrets that are in `data`."""
        for piece in pieces(data, self._known.longest):
            yield from self._kinds_in(piece)
        for unpacked in _unpacked(data):
            yield from self._kinds_in(unpacked)

    def _kinds_in(self, data: bytes) -> Iterator[str]:
        for kind in self._known.kinds_in(data):
            yield f"a secret ({kind})"
        yield from _tokens_by_form(data)
        for decoded in BASE64.decode_runs(data, MIN_BASE64):
            yield from _tokens_by_form(decoded)


def _tokens_by_form(data: bytes) -> Iterator[str]:
    for match in JWT.finditer(data) if b"eyJ" in data else ():
        token = match[0].decode()
        if is_jwt(token) and not is_placeholder(token):
            yield "a JSON Web Token"
    for kind, pattern in TOKEN_FORMS.items():
        if pattern.search(data):
            yield kind


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yields what is compressed in `data`, as far as it can be read: by gzip (RFC 1952) anywhere, by zlib (RFC 1950) as
    a whole."""
    start = 0 if data.startswith(ZLIB) else data.find(GZIP)
    while start >= 0:
        unpacked, end = _unpack(data, start)
        yield unpacked
        start = data.find(GZIP, end)


def _unpack(data: bytes, start: int) -> tuple[bytes, int]:
    """Returns what is compressed at `start` of `data`, and where that ends: nothing is read twice, however much is
    compressed in one body."""
    unpacking, pieces, size, at = zlib.decompressobj(zlib.MAX_WBITS | 32), list[bytes](), 0, start
    length = 1 << 10
    try:
        while at < len(data) and not unpacking.eof and size < MAX_UNPACKED:
            pieces.append(unpacking.decompress(data[at : at + length], MAX_UNPACKED - size))
            size, at, length = size + len(pieces[-1]), at + length, min(2 * length, 1 << 20)
    except zlib.error:
        return b"".join(pieces), start + 1
    return b"".join(pieces), max(start + 1, min(at, len(data)) - len(unpacking.unused_data))
