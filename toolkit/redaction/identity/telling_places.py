"""Replaces values that are too short or too common to be searched for, where it is told whose they are. Pure.

Such a value (the name `Al`, the id 7) is replaced in the objects that describe a person (`persons`), under names that
tell of one by themselves (`user_id`, `X-User-Name`) in JSON, forms, URLs, headers, cookies and storage, and in paths
such as `/users/7`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from toolkit.har.encoded_entries import beside_entries
from toolkit.har.text_walk import Place, entry_place, is_body, place_name, texts
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.identity.collect import is_answer_to, is_of_site, marks_in, may_tell
from toolkit.redaction.identity.documents import find_documents
from toolkit.redaction.identity.members import is_of_a_person
from toolkit.redaction.identity.persons import Path, persons_in
from toolkit.redaction.json_fields import find_json_fields
from toolkit.session.encodings.edits import Edit, apply_edits, drop_overlaps
from toolkit.session.encodings.multi_pattern_search import alternation
from toolkit.session.recipe import Probe

LONGEST_NAME = 64  # bytes
# A recording that tells of more values than that has lists of other people; those are replaced in their objects.
MOST_NAMED = 64
MOST_LINKS = 16
SHORT = 1 << 12  # bytes of a document, each field of which is looked at sooner than patterns are made
NAME = re.compile(rb"[\w.-]+\Z")


class TellingPlaces:
    """Replaces the keys of `replacements` where it is told whose they are.

    `known` are further values that tell of people: an object with one of them as its id or address describes a person.
    """

    def __init__(self, replacements: Mapping[str, str], known: Iterable[str]) -> None:
        self._new, self._known = replacements, frozenset(islice(known, MOST_LINKS))
        self._links = [value.encode("utf-8", "surrogatepass") for value in self._known]
        self._may_be_link = re.compile(alternation((*self._links, b"\\")))  # what is escaped may be one as well
        named = islice(replacements, MOST_NAMED)
        written = {form.encode("utf-8", "surrogatepass"): value for value in named for form in _forms(value)}
        self._values, any_value = written, alternation(written)
        self._named = re.compile(rb"[:=]\s{0,4}(?:\\?\")?(%b)(?=[\"\\&;,#}\]\s]|\Z)" % any_value)
        self._in_path = re.compile(
            rb"/(?:users?|accounts?|members?|profiles?|people|u)/(%b)(?=[/?#\"\\&\s]|\Z)" % any_value
        )

    def replace_in(self, log: dict[str, Any], probe: Probe | None) -> None:
        """Changes `log`, the `log` of a HAR document, and the lengths that it states."""
        entries = log["entries"]
        for number, entry in enumerate(entries):
            if self._replace_in_entry(entry, entry_place(log, number), probe):
                entries[number] = entry
        beside = beside_entries(log)
        for holder, key, place in texts(beside):
            if (new := self._new_text(holder, key, place)) is not None:
                holder[key] = new
        log.update(beside)

    def _replace_in_entry(self, entry: dict[str, Any], outer: Place, probe: Probe | None) -> bool:
        """Changes `entry`, whose place is `outer`. Returns whether there was anything to change."""
        changed = False
        halves = ((entry["request"], "postData"), (entry["response"], "content"))
        stating = {id(half[part]): half for half, part in halves if half.get(part)}  # lengths, as no frame does
        answer = entry["response"].get("content")
        passed_over = answer if is_of_site(entry) else None
        for holder, key, place in texts(entry, outer):
            if is_body(key):
                if holder is not passed_over:
                    body = Body(holder, key)
                    is_probed = probe is not None and holder is answer and is_answer_to(probe, entry)
                    edits = list(self._edits(body.data, probe if is_probed else None))
                    grown = body.edit(edits)
                    if (half := stating.get(id(holder))) is not None:
                        correct_lengths(half, grown)
                    changed = changed or bool(edits)
            elif (new := self._new_text(holder, key, place)) is not None:
                holder[key] = new
                changed = True
        return changed

    def _new_text(self, holder: Any, key: str | int, place: Place) -> str | None:
        text: str = holder[key]
        name = holder.get("name") if isinstance(holder, dict) and key == "value" else key
        telling = isinstance(name, str) and is_of_a_person(name)
        telling = telling or (key == "account" and place_name(place) == "log._session.account")
        if telling and text in self._new:
            return self._new[text]
        data = text.encode("utf-8", "surrogatepass")
        edits = drop_overlaps(self._edits(data, None))
        return apply_edits(data, edits).decode("utf-8", "surrogatepass") if edits else None

    def _edits(self, data: bytes, probe: Probe | None) -> Iterator[Edit[bytes]]:
        if data[:1] in (b"{", b"[", b"<", b"4") or b"\ndata:" in data or data.startswith(b"data:"):
            yield from self._edits_in_documents(data, probe)
        for match in self._named.finditer(data):
            if is_of_a_person(_name_before(data, match.start())):
                yield self._edit(match, quoted=data[match.start()] == ord("="))
        for match in self._in_path.finditer(data):
            yield self._edit(match, quoted=True)

    def _edits_in_documents(self, data: bytes, probe: Probe | None) -> Iterator[Edit[bytes]]:
        if probe is None and not may_tell(data) and not any(link in data for link in self._links):
            return
        links = (match.start() for match in self._may_be_link.finditer(data))
        for document in find_documents(data, merge(marks_in(data), links) if probe is None else None):
            members = {
                (*person.path, name): text
                for person in persons_in(document.value, probe, self._known)
                for name, text in person.told()
                if text in self._new
            }
            if members:
                text = data[document.start : document.end]
                edits = (len(text) > SHORT and self._edits_of_pairs(text, members)) or self._edits_of_fields(
                    text, members
                )
                for start, end, new in edits:
                    yield Edit(document.start + start, document.start + end, new)

    def _edits_of_pairs(self, data: bytes, members: Mapping[Path, str]) -> list[Edit[bytes]]:
        """Returns the edits for `members`, if every pair of such a name and value in the document `data` is one of
        them; else an empty list. That spares most documents a look at each of their fields."""
        pairs = {(str(path[-1]), value) for path, value in members.items()}
        if len(pairs) > MOST_NAMED:
            return []
        found = [match for name, value in pairs for match in _pair(name, value).finditer(data)]
        if len(found) != len(members):
            return []
        return [Edit(*match.span(1), self._new[_json_text(match[1])].encode()) for match in found]

    def _edits_of_fields(self, data: bytes, members: Mapping[Path, str]) -> Iterator[Edit[bytes]]:
        for field in find_json_fields(data, all_values=True):
            if (value := members.get(field.path)) is not None and value == field.text:
                yield Edit(field.start, field.end, field.write(self._new[value]).encode())

    def _edit(self, match: re.Match[bytes], *, quoted: bool) -> Edit[bytes]:
        new = self._new[self._values[match[1]]]
        return Edit(*match.span(1), (quote(new, safe="") if quoted else new).encode())


def _forms(value: str) -> set[str]:
    """Returns `value` as it may stand in JSON and in URLs."""
    return {value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value)}


def _pair(name: str, value: str) -> re.Pattern[bytes]:
    """Returns a pattern for the member `name` of a JSON object with `value`, which is its first group."""
    names, values = ({json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]} for text in (name, value))
    patterns = [alternation(text.encode("utf-8", "surrogatepass") for text in texts) for texts in (names, values)]
    return re.compile(rb"\"%b\"\s*:\s*\"?(%b)(?=[\",\s}])" % tuple(patterns))


def _json_text(written: bytes) -> str:
    return str(json.loads(b'"%b"' % written))


def _name_before(data: bytes, at: int) -> str:
    """Returns the name before the colon or the equals sign at `at`."""
    first = max(0, at - LONGEST_NAME)
    if data[at] == ord(":") and (close := data.rfind(b'"', first, at)) >= 0:
        name = data[data.rfind(b'"', first, close) + 1 : close]
    else:
        found = NAME.search(data[first:at])
        name = found[0] if found else b""
    return unquote_plus(name.decode("utf-8", "replace"))
