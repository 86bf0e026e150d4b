"""Finds the objects of JSON documents that describe a person, and what they tell of that person. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from toolkit.redaction.identity.addresses import is_address, is_personal, is_reserved
from toolkit.redaction.identity.distinctive import is_generated
from toolkit.redaction.identity.members import kind_of, told_value
from toolkit.session.json_paths import look_up
from toolkit.session.recipe import Probe

Path = tuple[str | int, ...]
_Place = tuple[Any, str | int]  # the place of the container, None for the document itself, and the key in it
# The members whose object is the person who is signed in, if it has an id.
PERSONS = {"user", "me", "viewer", "currentuser", "profile", "whoami"}
# Members that may name the owner of an object that is no person.
LINKS = {"user_id", "userid", "owner_id", "ownerid", "account_id", "accountid", "username", "user_name"}
NOT_LETTERS = re.compile(r"[^a-z]+")


class Person(NamedTuple):
    """An object that describes a person: `path` leads to it in its document. `names` are those of its members that
    tell who it is, whatever they are called."""

    path: Path
    members: dict[str, Any]
    names: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Person: {len(self.members)} members>"

    def told(self) -> Iterator[tuple[str, str]]:
        """Yields the names of the members that tell who it is, and their values."""
        for name, value in self.members.items():
            kind = kind_of(name) or ("name" if name in self.names else None)
            text = told_value(kind, value) if kind else None
            if text is None and name in self.names:
                text = told_value("id", value)
            if text is not None:
                yield name, text

    @property
    def is_invented(self) -> bool:
        """Whether the address of the person is at a domain that is nobody's, as in examples."""
        return any(is_reserved(text) for name, text in self.told() if kind_of(name) == "email")


def persons_in(document: Any, probe: Probe | None = None, known: Collection[str] = ()) -> Iterator[Person]:
    """Yields the objects in `document`, decoded JSON, that describe people: those with an e-mail address of a person,
    the user with an id, and those whose own id, name or address is one of `known`. If it is the answer to `probe`, also
    the objects that hold its paths."""
    certain = _told_by(document, probe) if probe is not None else {}
    todo: list[tuple[_Place | None, Any]] = [(None, document)]
    while todo:
        place, node = todo.pop()
        if isinstance(node, dict):
            parent = place[1] if place else ""
            if _is_person(parent, node, known) or (certain and _path(place) in certain):
                path = _path(place)
                yield Person(path, node, frozenset(certain.get(path, ())))
            todo += [((place, name), value) for name, value in node.items() if isinstance(value, dict | list)]
        elif isinstance(node, list):
            todo += [((place, number), value) for number, value in enumerate(node) if isinstance(value, dict | list)]


def _path(place: _Place | None) -> Path:
    keys: list[str | int] = []
    while place:
        place, key = place
        keys.append(key)
    return tuple(reversed(keys))


def _told_by(document: Any, probe: Probe) -> dict[Path, set[str]]:
    """Returns the names of the members in which `document` tells who it is, by the paths to their objects."""
    found: dict[Path, set[str]] = {}
    for path in probe.identity:
        *parents, name = path.split(".")
        if look_up(document, path) not in (None, ""):
            found.setdefault(tuple(parents), set()).add(name)
    return found


def _is_person(parent: str | int, node: dict[str, Any], known: Collection[str]) -> bool:
    """Decides whether the object `node`, the member `parent` of another, describes a person."""
    has_id = has_name = False
    for name, value in node.items():
        if (kind := kind_of(name)) is None:
            continue
        if kind == "email" and isinstance(value, str) and is_address(value) and is_personal(value):
            return True
        if known and name.lower() not in LINKS and isinstance(value, str) and value in known:
            return True
        has_id = has_id or (kind == "id" and _is_id(value))
        has_name = has_name or (kind == "name" and isinstance(value, str) and value != "")
    return has_id and has_name and isinstance(parent, str) and NOT_LETTERS.sub("", parent.lower()) in PERSONS


def _is_id(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and is_generated(value))
