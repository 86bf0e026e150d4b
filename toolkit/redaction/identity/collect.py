"""Collects what a HAR log and a session tell of people: by the probe's answer, objects, tokens and addresses. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from toolkit.har.text_walk import is_body, texts
from toolkit.redaction.bodies import Body
from toolkit.redaction.identity.addresses import is_address, personal_addresses
from toolkit.redaction.identity.documents import find_documents
from toolkit.redaction.identity.persons import Person, persons_in
from toolkit.redaction.placeholders import JWT
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Probe

# Bodies that are the site's own, for everybody alike: the addresses in them are those of authors.
CODE = re.compile(r"(?i)javascript|ecmascript|\bcss\b|typescript|wasm|^(?:font|image|audio|video)/(?!svg)")
# What only a document that describes a person has; and what each such name ends in, which is found much faster.
MARK = re.compile(
    rb"(?i)\"(?:(?:user_?|primary_?)?e?-?mail(?:_?address)?|upn|userprincipalname)\"\s*:"
    rb"|\"(?:user|me|viewer|current_?user|profile|whoami)\"\s*:\s*\{"
)
HINTS = (b'ail"', b'AIL"', b'ddress"', b'upn"', b'UPN"', b'lName"', b'ser"', b'"me"', b'iewer"', b'ofile"', b'whoami"')
ADDRESS_MARK = re.compile(rb"(?i)@|%40|%2540|\\[ux](?:00)?40|&(?:#64|#x40|commat);")


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
    probed = set(_answers_to(probe, log)) if probe is not None else set()
    known: dict[bytes, list[Told]] = {}  # headers are the same in most entries
    for holder, key, place in texts(log):
        if is_body(key):
            if not is_code(holder):
                data = Body(holder, key).data
                yield from _told_in(data, place, probe if place in probed else None, documents=True)
                yield from _told_by_tokens(data, place) if claims else ()
            continue
        data = holder[key].encode("utf-8", "surrogatepass")
        if data not in known:
            known[data] = list(_told_in(data, place, None, documents=data[:1] in (b"{", b"[")))
            known[data] += _told_by_tokens(data, place) if claims else ()
        yield from (told._replace(place=place) for told in known[data])
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


def may_tell(data: bytes) -> bool:
    """Decides whether a JSON document in `data` may describe a person."""
    return any(hint in data for hint in HINTS) and MARK.search(data) is not None


def is_code(holder: dict[str, Any]) -> bool:
    """Decides whether the body in `holder`, a HAR `content` or `postData`, is a script, a style, a font, a picture."""
    return bool(CODE.search(holder.get("mimeType") or ""))


def names_of_sites(log: dict[str, Any]) -> set[str]:
    """Returns the hosts that `log` is a recording of, and its provider, in lower case."""
    urls, names = [entry["request"]["url"] for entry in log["entries"]], set[str]()
    for part in (log.get("_session") or {}, log.get("_chat") or {}):
        urls += [part.get("origin") or "", part.get("base_url") or ""]
        names.add(str(part.get("provider") or "").lower())
    return names | {urlsplit(origin).netloc.lower() for origin in {"/".join(url.split("/", 3)[:3]) for url in urls}}


def answers_probe(entry: dict[str, Any], probe: Probe) -> bool:
    """Decides whether the response of the HAR `entry` is the answer to `probe`."""
    path, asked = entry["request"]["url"].partition("#")[0].partition("?")[0], probe.path.partition("?")[0]
    return bool(path.endswith(asked))


def _answers_to(probe: Probe, log: dict[str, Any]) -> Iterator[str]:
    for number, entry in enumerate(log["entries"]):
        if answers_probe(entry, probe):
            yield f"log.entries[{number}].response.content.text"


def _told_in(data: bytes, place: str, probe: Probe | None, *, documents: bool) -> Iterator[Told]:
    if documents and (probe is not None or may_tell(data)):
        for document in find_documents(data):
            yield from _told_by(persons_in(document.value, probe), place)
    if ADDRESS_MARK.search(data) or b"eyJ" in data:
        for address in personal_addresses(data):
            yield Told(place, "address", address)


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
