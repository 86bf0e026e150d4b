"""Collects what a HAR log and a session tell of people: by the probe's answer, objects, tokens and addresses. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from toolkit.har.encoded_entries import beside_entries, encoded_entries
from toolkit.har.text_walk import FRAMES, Place, bodies, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, short_text
from toolkit.redaction.code_bodies import is_code
from toolkit.redaction.entry_batches import entry_batches
from toolkit.redaction.identity.addresses import is_address, personal_addresses
from toolkit.redaction.identity.documents import find_documents
from toolkit.redaction.identity.persons import Person, persons_in
from toolkit.redaction.identity.streamed_text import may_be_stream, streamed_texts
from toolkit.redaction.joined_frames import JoinedFrames
from toolkit.redaction.placeholders import JWT
from toolkit.redaction.silent_strings import SilentStrings
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Probe

MEDIA = re.compile(r"(?i)(?:font|image|audio|video)/(?!svg)")
# How the names end that only a document that describes a person has, and what follows them there.
MEMBER, OBJECT = re.compile(rb"\s*:"), re.compile(rb"\s*:\s*\{")
MARKS = {
    **dict.fromkeys((b'ail"', b'AIL"', b'ail_address"', b'ailAddress"', b'upn"', b'lName"'), MEMBER),
    **dict.fromkeys((b'user"', b'User"', b'"me"', b'iewer"', b'ofile"', b'whoami"'), OBJECT),
}
# What an address has, whatever escapes it: most texts have none of that, which is told at once.
ADDRESS_BEGINNINGS = (b"@", b"%", b"\\", b"&")
ADDRESS_MARKS = (
    *(b"@", b"%40", b"%2540", b"&#64;", b"&#x40;", b"&commat;"),
    *(b"\\u40", b"\\x40", b"\\u0040", b"\\x0040"),
)


class Told(NamedTuple):
    """A value that tells of a person. `place` is such as `log.entries[3].response.content.text`, `name` what it is
    called there. `invented` says that the person is one of an example."""

    place: str
    name: str
    value: str
    invented: bool = False

    def __repr__(self) -> str:
        return f"<Told {self.name} in {self.place}>"


def find_told(log: dict[str, Any], probe: Probe | None = None, *, claims: bool = True) -> Iterator[Told]:
    """Yields what `log`, the `log` of a HAR document, tells of people. `probe` is that of the provider's recipe. With
    `claims` what JSON Web Tokens tell is part of it."""
    known: dict[str, list[Told]] = {}  # headers are the same in most entries
    silent = SilentStrings(_may_tell_anything)
    for batch in entry_batches(encoded_entries(log)):
        walk = bodies if silent.note(batch.strings) else texts
        for number, entry in batch.decoded.items():
            answer = entry["response"].get("content")
            probe_here = probe if probe is not None and is_answer_to(probe, entry) else None
            passed_over = answer if answer and is_of_site(entry) else None
            for holder, key, place in walk(entry, entry_place(log, number)):
                if not is_body(key):
                    if holder[key] not in silent:
                        yield from _told_in_text(holder[key], place, known, claims=claims)
                elif holder is not passed_over:
                    probe_of_body = probe_here if holder is answer else None
                    if probe_of_body or not _is_silent(holder, key, silent):
                        yield from _told_in_body(holder, key, place, probe_of_body, claims=claims)
            for text in streamed_texts(JoinedFrames(entry).data, frames=True) if entry.get(FRAMES) else ():
                name = f"log.entries[{number}].{FRAMES}"
                yield from (Told(name, "address", address) for address in text.addresses())
    for holder, key, place in texts(beside_entries(log)):
        yield from _told_in_text(holder[key], place, known, claims=claims)
    session = log.get("_session") or {}
    for origin in (session.get("storageState") or {}).get("origins", ()):
        for database in origin.get("indexedDB", ()):
            yield from _told_by(persons_in(database), f"log._session.storageState.indexedDB[{database.get('name')}]")


def find_told_by_session(session: BrowserSession) -> Iterator[Told]:
    """Yields what `session` tells of people: its identity, and what its cookies and its storage hold."""
    if session.identity:
        yield Told("session", "identity", session.identity)
    if is_address(session.account):
        yield Told("session", "account", session.account)
    kept = {"storageState": session.to_storage_state(), "sessionStorage": session.session_storage}
    yield from find_told({"entries": [], "_session": {"headers": dict(session.headers), **kept}})


def _may_tell_anything(data: bytes) -> bool:
    """Decides whether one of the texts in `data`, a line each, may tell of a person."""
    return may_tell(data) or b"eyJ" in data or _may_have_address(data)


def _is_silent(holder: Any, key: Any, silent: SilentStrings) -> bool:
    """Decides whether a body is one of the texts that are `silent`. What a stream tells may be in pieces."""
    text = short_text(holder, key)
    return text is not None and text in silent and not may_be_stream(text.encode("utf-8", "surrogatepass"))


def _told_in_body(holder: Any, key: Any, place: Place, probe: Probe | None, *, claims: bool) -> Iterator[Told]:
    data, name = Body(holder, key).data, place_name(place)
    yield from _told_in(data, name, probe, documents=True)
    yield from _told_by_tokens(data, name) if claims else ()
    for text in streamed_texts(data):
        yield from (Told(name, "address", address) for address in text.addresses())


def _told_in_text(text: str, place: Place, known: dict[str, list[Told]], *, claims: bool) -> Iterator[Told]:
    """Yields what `text` tells. `known` is what texts before it have told."""
    if (found := known.get(text)) is None:
        data = text.encode("utf-8", "surrogatepass")
        found = known[text] = list(_told_in(data, "", None, documents=data[:1] in (b"{", b"[")))
        found += _told_by_tokens(data, "") if claims else ()
    if found:
        name = place_name(place)
        yield from (told._replace(place=name) for told in found)


def may_tell(data: bytes) -> bool:
    """Decides whether a JSON document in `data` may describe a person."""
    return any(True for end in MARKS for _ in _places(data, end))


def marks_in(data: bytes) -> Iterator[int]:
    """Yields where in `data` the marks stand by which a document tells that it may describe a person."""
    return merge(*(_places(data, end) for end in MARKS))


def _places(data: bytes, end: bytes) -> Iterator[int]:
    what_follows = MARKS[end]
    at = data.find(end)
    while at >= 0:
        if what_follows.match(data, at + len(end)):
            yield at
        at = data.find(end, at + 1)


def is_of_site(entry: dict[str, Any]) -> bool:
    """Decides whether the answer of `entry` is a script, a style, a font or a picture: that is the site's own, for
    everybody alike, and the addresses in it are those of authors."""
    content = entry["response"].get("content") or {}
    return bool(MEDIA.match(content.get("mimeType") or "")) or is_code(entry)


def is_answer_to(probe: Probe, entry: dict[str, Any]) -> bool:
    """Decides whether `entry` has the answer to `probe`."""
    path = entry["request"]["url"].partition("#")[0].partition("?")[0]
    return bool(path.endswith(probe.path.partition("?")[0]))


def names_of_sites(log: dict[str, Any]) -> set[str]:
    """Returns the hosts that `log` is a recording of, and its provider, in lower case."""
    urls, names = [entry["request"]["url"] for entry in log["entries"]], set[str]()
    for part in (log.get("_session") or {}, log.get("_chat") or {}):
        urls += [part.get("origin") or "", part.get("base_url") or ""]
        names.add(str(part.get("provider") or "").lower())
    return names | {urlsplit(origin).netloc.lower() for origin in {"/".join(url.split("/", 3)[:3]) for url in urls}}


def _told_in(data: bytes, place: str, probe: Probe | None, *, documents: bool) -> Iterator[Told]:
    if documents and (probe is not None or may_tell(data)):
        for document in find_documents(data, marks_in(data) if probe is None else None):
            yield from _told_by(persons_in(document.value, probe), place)
    if _may_have_address(data) or b"eyJ" in data:
        for address in personal_addresses(data):
            yield Told(place, "address", address)


def _may_have_address(data: bytes) -> bool:
    if not any(beginning in data for beginning in ADDRESS_BEGINNINGS):
        return False
    lower = data.lower()
    return any(mark in lower for mark in ADDRESS_MARKS)


def _told_by_tokens(data: bytes, place: str) -> Iterator[Told]:
    for token in JWT.finditer(data) if b"eyJ" in data else ():
        if claims := _claims(token[0]):
            yield from _told_by(chain((Person((), claims),), persons_in(claims)), place)


def _told_by(persons: Iterable[Person], place: str) -> Iterator[Told]:
    for person in persons:
        invented = person.is_invented
        for name, value in person.told():
            yield Told(place, name, value, invented)


def _claims(token: bytes) -> dict[str, Any] | None:
    """Returns the claims of a JSON Web Token; None where they cannot be read."""
    part = token.split(b".")[1]
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
