"""Providers in files that no package registers: a folder of the toolkit's state names them, so that each can be used at
once, and edited where it is.

The folder is `providers` in the state folder (`TOOLKIT_STATE_DIR`). `NAME.json` there says where the provider NAME is:
`{"file": "/home/me/mysite/mysite.py"}`. `toolkit new` writes it. A package that registers the name counts first.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.abc import SourceLoader
from pathlib import Path

import msgspec

from toolkit.files.atomic import write_atomic
from toolkit.files.state_folder import make_private_folder, state_folder
from toolkit.providers.base import Provider

NAME = re.compile(r"[a-z0-9]+")


class _Source(SourceLoader):
    """Compiles the file each time: an edit counts at once, and no `__pycache__` comes into the person's folder."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get_filename(self, fullname: str) -> str:
        return str(self._file)

    def get_data(self, path: str | bytes) -> bytes:
        return self._file.read_bytes()


class _Link(msgspec.Struct):
    file: str


def links_folder() -> Path:
    """The folder that names the files of providers."""
    return state_folder() / "providers"


def provider_files() -> dict[str, Path]:
    """The files of providers by name. One that cannot be read is passed over."""
    found = {}
    try:
        links = sorted(links_folder().glob("*.json"))
    except OSError:
        return {}
    for link in links:
        if NAME.fullmatch(link.stem):
            try:
                found[link.stem] = Path(msgspec.json.decode(link.read_bytes(), type=_Link).file)
            except (OSError, msgspec.MsgspecError, ValueError):
                continue
    return found


def link_provider_file(name: str, file: Path) -> Path:
    """Name `file` as that of the provider `name`. Returns the link that says so. Raises `OSError`."""
    folder = links_folder()
    make_private_folder(folder)
    link = folder / f"{name}.json"
    write_atomic(link, msgspec.json.encode(_Link(str(file.resolve()))))
    return link


def load_provider_file(name: str, file: Path) -> object:
    """The class of the provider `name` in the module `file`; the module itself where there is none. Raises what its
    import raises, and `OSError` where there is no such file."""
    module_name = f"toolkit_provider_{name}"
    spec = importlib.util.spec_from_file_location(module_name, file, loader=_Source(file))
    if spec is None or spec.loader is None or not file.is_file():
        raise FileNotFoundError(f"there is no module {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    own = (one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module_name)
    return next((one for one in own if issubclass(one, Provider) and getattr(one, "name", None) == name), module)
