"""Takes who is signed in out of a HAR log: chooses the replacements, and puts those that nothing else could find into
their places. The others are replaced with the secrets, in the one search of all texts. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote

from toolkit.har.text_walk import FRAMES
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.identity.addresses import is_address
from toolkit.redaction.identity.collect import find_told, find_told_by_session, is_of_site, names_of_sites
from toolkit.redaction.identity.distinctive import is_distinctive_identity, is_plain_name
from toolkit.redaction.identity.pictures import picture_addresses, replace_pictures
from toolkit.redaction.identity.replacements import choose_replacements
from toolkit.redaction.identity.streamed_text import streamed_texts
from toolkit.redaction.identity.telling_places import TellingPlaces
from toolkit.redaction.identity.whole_words import WholeWordSearch
from toolkit.redaction.joined_frames import JoinedFrames
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Probe


class TakenOut(NamedTuple):
    """What replaces each value that tells of a person, also percent-encoded, as cookies hold them, and which of them
    are replaced wherever they occur: those of `alone`, names and addresses, where they stand alone."""

    replacements: dict[str, str]
    everywhere: dict[str, str]
    alone: frozenset[str]

    def __repr__(self) -> str:
        return f"<TakenOut {len(self.replacements)} values>"

    def finder(self, words: Iterable[bytes]) -> WholeWordSearch:
        """Returns a search for `words`, those of `everywhere` and others."""
        return WholeWordSearch(words, {value.encode() for value in self.alone})

    def in_code(self, values: Mapping[str, str]) -> dict[str, str]:
        """Returns what of `values`, those of `everywhere` and others, is replaced in scripts and styles too: no name of
        one word, which may be a word of the program."""
        return {
            value: new
            for value, new in values.items()
            if value not in self.alone or is_address(value) or len(value.split()) > 1
        }


NOTHING = TakenOut({}, {}, frozenset())


def take_out_identity(log: dict[str, Any], probe: Probe | None, session: BrowserSession | None) -> TakenOut:
    """Replaces in `log`, the `log` of a HAR document, who is signed in, where only the place tells that, and returns
    what is to be replaced in all texts besides.

    `probe` is that of the provider's recipe, `session` the one that the calls began with; what they tell counts too.
    """
    told = chain(find_told_by_session(session) if session is not None else (), find_told(log, probe))
    replacements = choose_replacements(one.value for one in told)
    sites = names_of_sites(log)
    everywhere = {value: new for value, new in replacements.items() if is_distinctive_identity(value, sites)}
    here = {value: new for value, new in replacements.items() if value not in everywhere}
    pictures = picture_addresses(log["entries"]) if replacements else {}
    if here:
        TellingPlaces(here, everywhere).replace_in(log, probe)
    quoted = {quote(value, safe=""): quote(new, safe="") for value, new in replacements.items() if not value.isalnum()}
    anywhere = _in_other_cases(everywhere) | everywhere | _digests(everywhere)
    alone = frozenset(value for value in anywhere if is_address(value) or is_plain_name(value))
    taken = TakenOut(quoted | replacements, anywhere, alone)
    if everywhere:
        _replace_in_streams(log, taken)
    if pictures:
        words = (value.encode("utf-8", "surrogatepass") for value in taken.everywhere)
        replace_pictures(log["entries"], pictures, replacements, taken.finder(words))
    return taken


def _replace_in_streams(log: dict[str, Any], taken: TakenOut) -> None:
    """Replaces in the answers of `log` what they tell in pieces, which the search of all texts does not find."""
    new = {value.encode("utf-8", "surrogatepass"): replacement for value, replacement in taken.everywhere.items()}
    search, entries = taken.finder(new), log["entries"]
    for number, entry in enumerate(entries):
        changed = False
        content = entry["response"].get("content") or {}
        if content.get("text") and not is_of_site(entry):
            body = Body(content, "encoding")
            edits = [edit for text in streamed_texts(body.data) for edit in text.edits(search, new.__getitem__)]
            correct_lengths(entry["response"], body.edit(edits))
            changed = bool(edits)
        if entry.get(FRAMES):
            frames = JoinedFrames(entry)
            pieces = streamed_texts(frames.data, frames=True)
            edits = [edit for text in pieces for edit in text.edits(search, new.__getitem__)]
            frames.edit(edits)
            changed = changed or bool(edits)
        if changed:
            entries[number] = entry


def _in_other_cases(replacements: Mapping[str, str]) -> dict[str, str]:
    """Returns the names of several words in capitals and in small letters, as pages show them."""
    names = [name for name in replacements if is_plain_name(name) and len(name.split()) > 1]
    return {case(name): replacements[name] for name in names for case in (str.upper, str.lower)}


def _digests(replacements: Mapping[str, str]) -> dict[str, str]:
    """Returns the digests of addresses by which services of avatars know a person, and what replaces each."""
    return {
        _digest(name, address.lower()): _digest(name, new)
        for address, new in replacements.items()
        if is_address(address)
        for name in ("md5", "sha256")
    }


def _digest(name: str, address: str) -> str:
    return hashlib.new(name, address.encode(), usedforsecurity=False).hexdigest()
