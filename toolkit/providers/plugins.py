"""Loads the providers of other packages, which register them in their pyproject.toml:

    [project.entry-points."toolkit.providers"]
    mysite = "mypackage.module:MySite"

Each is imported when it is first used. One that cannot be used is reported, and does not affect the others.
"""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from toolkit.providers.base import Provider
from toolkit.providers.plugin_validation import describe_error, validate_provider

GROUP = "toolkit.providers"


class Plugin(NamedTuple):
    """A provider of another package: its class, or None if it cannot be used. Then `problem` says why, as part of a
    sentence."""

    name: str
    package: str
    kind: type[Provider] | None
    problem: str


@cache
def registered_entry_points() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points that the installed packages register, by name. None of them is imported."""
    by_name: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in sorted(entry_points(group=GROUP), key=_package):
        by_name[entry.name] = (*by_name.get(entry.name, ()), entry)
    return by_name


@cache
def load_plugin(name: str, taken: bool = False) -> Plugin:
    """Import the provider that is registered as `name`. `taken` says that the toolkit has a provider of that name."""
    entries = registered_entry_points()[name]
    packages = " and ".join(_package(entry) for entry in entries)
    try:
        if not re.fullmatch(r"[a-z0-9]+", name):
            raise ValueError("a provider's name consists of small letters and digits")
        if taken:
            raise ValueError("the toolkit has a provider of that name itself")
        if len(entries) > 1:
            raise ValueError("only one package can register a name")
        with redirect_stdout(sys.stderr):  # what its import prints does not belong to an answer
            return Plugin(name, packages, validate_provider(entries[0].load(), name), "")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the import of somebody's module raises
        return Plugin(name, packages, None, describe_error(error))


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
