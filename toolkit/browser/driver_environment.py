"""The environment that Playwright's driver gets, and its browsers from it: this process's without secrets, and with a
folder of ours for temporary files.

Playwright has no option for it. It copies `os.environ` in a function that is replaced here by one of ours; a version of
Playwright that does not call it is noticed (`DriverEnvironment.was_used`), and started with the secrets taken out of
`os.environ` for a moment (`without_secrets_in_process`), which every child process follows.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from importlib import import_module
from pathlib import Path
from weakref import WeakKeyDictionary

from playwright._impl._driver import get_driver_env
from playwright.async_api import Playwright

from toolkit.browser.child_environment import without_secrets

ROOTS_VARIABLE = "NODE_EXTRA_CA_CERTS"


class DriverEnvironment:
    """What a driver that is started in the block `with` gets. `was_used` tells whether Playwright has asked for it.

    `roots` are authorities, in PEM, that the driver trusts besides Node's own (https://nodejs.org/api/cli.html, under
    NODE_EXTRA_CA_CERTS): it makes the connections of contexts with client certificates itself.
    """

    def __init__(self, folder: Path | None, roots: bytes | None = None) -> None:
        self.was_used = False
        self._folder = folder
        self._roots_file = _write_roots(folder, roots) if folder is not None and roots is not None else None
        self._token: Token[DriverEnvironment | None]

    def __enter__(self) -> None:
        self._token = _starting.set(self)

    def __exit__(self, *_: object) -> None:
        _starting.reset(self._token)

    def variables(self) -> dict[str, str]:
        """This process's environment without secrets, and with the folder for temporary files."""
        own = {"TMPDIR": self._folder, ROOTS_VARIABLE: self._roots_file}
        return without_secrets(os.environ) | {name: str(path) for name, path in own.items() if path is not None}


def _write_roots(folder: Path, roots: bytes) -> Path:
    """A file in `folder` with `roots` and those that the environment names already."""
    with suppress(OSError, KeyError):
        roots += b"\n" + Path(os.environ[ROOTS_VARIABLE]).read_bytes()
    file = folder / "roots.pem"
    file.write_bytes(roots)
    return file


# The environment for the driver that is being started in this context.
_starting: ContextVar[DriverEnvironment | None] = ContextVar("starting", default=None)
_environments: WeakKeyDictionary[Playwright, DriverEnvironment] = WeakKeyDictionary()


def remember_environment(playwright: Playwright, environment: DriverEnvironment) -> None:
    """Have `browser_environment` know what the driver of `playwright` has."""
    _environments[playwright] = environment


def browser_environment(playwright: Playwright) -> dict[str, str]:
    """What a browser of `playwright` gets where it is not the driver's own environment."""
    environment = _environments.get(playwright)
    return environment.variables() if environment is not None else without_secrets(os.environ)


def _driver_environment() -> dict[str, str]:
    """Take the place of Playwright's function. Drivers that are not started by us get what they would have got."""
    variables, environment = get_driver_env(), _starting.get()
    if environment is None:
        return variables
    environment.was_used = True
    return without_secrets(variables) | environment.variables()


def _replace_function() -> None:
    for name in ("transport", "_transport"):  # the name in newer and in older versions
        with suppress(ImportError):
            vars(import_module(f"playwright._impl.{name}"))["get_driver_env"] = _driver_environment


_replace_function()

_lock = threading.Lock()
_removed: list[dict[str, str]] = []  # what each block has changed, of those that are entered


@contextmanager
def without_secrets_in_process() -> Iterator[None]:
    """Take the secrets out of `os.environ` for the length of the block; of several at once, the last one to end puts
    them back. Other threads of this process miss them meanwhile."""
    with _lock:
        cleaned = without_secrets(os.environ)
        changed = {name: value for name, value in os.environ.items() if cleaned.get(name) != value}
        _removed.append(changed)
        _set_variables({name: cleaned.get(name) for name in changed})
    try:
        yield
    finally:
        with _lock:
            _removed.remove(changed)
            if _removed:
                _removed[0].update(changed)
            else:
                _set_variables(dict(changed))


def _set_variables(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
