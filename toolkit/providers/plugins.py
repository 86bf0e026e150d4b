"""Providers of other packages, which register them in their pyproject.toml:

    [project.entry-points."toolkit.providers"]
    mysite = "mypackage.module:MySite"

One is imported when it is asked for. A broken one is told, and breaks nothing else.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from toolkit.providers.base import Provider

GROUP = "toolkit.providers"


class Plugin(NamedTuple):
    """A provider of another package: its class, or None and what is wrong with it, as part of a sentence."""

    name: str
    package: str
    kind: type[Provider] | None
    problem: str


@cache
def registered() -> dict[str, tuple[EntryPoint, ...]]:
    """What the installed packages register, by name. Nothing of it is imported."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in sorted(entry_points(group=GROUP), key=_package):
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


@cache
def plugin(name: str, taken: bool = False) -> Plugin:
    """The provider that is registered as `name`; `taken` says that the toolkit has one of that name itself."""
    entries = registered()[name]
    packages = " and ".join(_package(entry) for entry in entries)
    try:
        if not re.fullmatch(r"[a-z0-9]+", name):
            raise ValueError("a provider's name consists of small letters and digits")
        if taken:
            raise ValueError("the toolkit has a provider of that name itself")
        if len(entries) > 1:
            raise ValueError("only one package can register a name")
        return Plugin(name, packages, _usable(entries[0].load(), name), "")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the import of somebody's module raises
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        return Plugin(name, packages, None, f"{kind}{error}")


def _usable(kind: object, name: str) -> type[Provider]:
    if not (isinstance(kind, type) and issubclass(kind, Provider)):
        raise ValueError(f"{kind!r} is not a subclass of toolkit.Provider")
    if getattr(kind, "name", None) != name:
        raise ValueError(f'{kind.__name__} needs the same name, so: name = "{name}"')
    if kind.stream is Provider.stream:
        raise ValueError(f"{kind.__name__} has no `stream` method")
    if kind.url and not re.match(r"https?://[^/]", kind.url):
        raise ValueError(f"{kind.__name__} has a `url` that is not the address of a site")
    return kind


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
