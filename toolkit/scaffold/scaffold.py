"""Makes a provider of a recording, from the facts to the proof, and writes it to a folder."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from toolkit.errors import UsageError
from toolkit.providers.base import Provider
from toolkit.providers.registry import BUILT_IN
from toolkit.recording.files import save
from toolkit.recording.foreign_har import ForeignHar
from toolkit.scaffold.facts import Findings
from toolkit.scaffold.package import write_package
from toolkit.scaffold.proof import Proof, load_provider, prove


class Scaffolded(NamedTuple):
    """What was made: the provider, its `file`, and the proof."""

    kind: type[Provider]
    file: Path
    proof: Proof


def check_name(name: str) -> None:
    """Raises `UsageError` for a name that no provider of a package can have."""
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        raise UsageError(f"{name!r} is no name of a provider.", hint="It is of small letters and digits: mysite.")
    if name in BUILT_IN:
        raise UsageError(f"The toolkit has a provider {name} itself.", hint=f"Choose another name, such as my{name}.")
    if name in sys.stdlib_module_names or name == "toolkit":
        raise UsageError(f"Python has a module {name} itself.", hint=f"Choose another name, such as my{name}.")


async def scaffold(name: str, har: ForeignHar, findings: Findings, folder: Path) -> Scaffolded:
    """Writes the package of the provider `name` to `folder`, which is made, proves it, and writes its recording.

    Raises `UsageError` for a folder in which there is something, `OSError` where it cannot be written, and what `prove`
    raises; the folder is gone then, and where it is cancelled.
    """
    check_folder(folder)
    with ExitStack() as unfinished:
        unfinished.callback(shutil.rmtree, folder, ignore_errors=True)
        file = _write(name, findings, folder)
        kind = load_provider(name, file)
        proof = await prove(kind, har, findings)
        save(proof.recording, folder / f"{name}.har")
        unfinished.pop_all()
    return Scaffolded(kind, file, proof)


def check_folder(folder: Path) -> None:
    """Raises `UsageError` for a folder in which there is something, or that cannot be made or written to."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already.", hint="Name another folder, by -o, or remove that one.")
    above = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    try:  # before a person has done their part for nothing
        with TemporaryDirectory(dir=above):
            pass
    except OSError as error:
        what = f"{folder} cannot be made: {above} cannot be written to ({error.strerror})."
        raise UsageError(what, hint="Name another folder, by -o.") from None


def _write(name: str, findings: Findings, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in write_package(name, findings).items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder / f"{name}.py"


def as_json(findings: Findings) -> dict[str, Any]:
    """Returns the facts as a JSON document."""
    document: dict[str, Any] = msgspec.to_builtins(findings, str_keys=True)
    return document
