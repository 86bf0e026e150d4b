"""Loads the providers of other packages, which register them in their pyproject.toml:

    [project.entry-points."toolkit.providers"]
    mysite = "mypackage.module:MySite"

Each is imported when it is first used. One that cannot be used is reported, and does not affect the others. Providers
in files that no package has (`toolkit.providers.provider_files`) come after them, and are treated alike.
"""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple

from toolkit.providers.base import Provider
from toolkit.providers.plugin_validation import describe_error, validate_provider
from toolkit.providers.provider_files import links_folder, load_provider_file, provider_files

GROUP = "toolkit.providers"


class Plugin(NamedTuple):
    """A provider of another package, or of a file: its class, or None if it cannot be used. Then `problem` says why, as
    part of a sentence. `package` is the name of the package, or the path of the file."""

    name: str
    package: str
    kind: type[Provider] | None
    problem: str
    link: str = ""  # the file of the state folder that names the provider's file

    @property
    def source(self) -> str:
        """Where the provider is, as part of a sentence."""
        return f"the file {self.package}" if self.link else f"the package {self.package}"

    @property
    def remedy(self) -> str:
        """What can be done about one that cannot be used."""
        return f"Mend it, or remove {self.link}." if self.link else "Mend that package, or uninstall it."


@cache
def registered_entry_points() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points that the installed packages register, by name. None of them is imported."""
    by_name: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in sorted(entry_points(group=GROUP), key=_package):
        by_name[entry.name] = (*by_name.get(entry.name, ()), entry)
    return by_name


def registered_names() -> tuple[str, ...]:
    """The names that packages register, and those of files."""
    return tuple(dict.fromkeys((*registered_entry_points(), *provider_files())))


def load_plugin(name: str, taken: bool = False) -> Plugin:
    """Import the provider that is registered as `name`. `taken` says that the toolkit has a provider of that name."""
    if name in registered_entry_points():
        return _load_entry_point(name, taken)
    return _load_file(name, provider_files()[name], taken)


@cache
def _load_file(name: str, file: Path, taken: bool) -> Plugin:
    link = str(links_folder() / f"{name}.json")
    try:
        if taken:
            raise ValueError("the toolkit has a provider of that name itself")
        with redirect_stdout(sys.stderr):  # what its import prints does not belong to an answer
            return Plugin(name, str(file), validate_provider(load_provider_file(name, file), name), "", link)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the import of somebody's module raises
        return Plugin(name, str(file), None, describe_error(error), link)


@cache
def _load_entry_point(name: str, taken: bool) -> Plugin:
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
