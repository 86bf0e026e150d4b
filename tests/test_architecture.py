"""The house keeps its plan: who may import whom, what is loaded when, which names are public."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit

PACKAGE = Path(toolkit.__file__).parent

# What each room may import of ours. A type annotation's import (under TYPE_CHECKING) loads nothing and is free.
ROOMS = {
    "errors": set(),
    "files": set(),
    "route": {"errors"},
    "recipe": set(),
    "request": {"errors", "headers"},
    "bearer": {"recipe", "session"},
    "expiry": {"bearer", "recipe", "session", "streams"},
    "rotation": {"session"},
    "session": {"errors"},
    "messages": {"errors"},
    "chat_stream": {"deadlines", "errors"},
    "turns": {"errors"},
    "streams": {"errors"},
    "told": {"session"},
    "status": {"errors", "streams", "told"},
    "cookies": {"session", "errors"},
    "headers": {"cookies"},
    "cookies_txt": {"errors", "session"},
    "handed_over": {"errors"},
    "interchange": {"cookies", "cookies_txt", "errors", "handed_over", "headers", "session", "streams"},
    "deadlines": {"errors"},
    "faults": {"errors", "status"},
    "connections": {"errors", "faults", "route", "socks"},
    "socks": {"errors", "faults"},
    "made": set(),
    "response": {"errors", "faults", "streams"},
    "retries": {"errors"},
    "transport": {
        *("connections", "cookies", "errors", "faults", "headers", "made", "request", "response", "retries"),
        *("rotation", "route", "session", "status", "told"),
    },
    "models": {"chat_stream", "errors"},
    "providers": {"bearer", "models", "chat_stream", "errors", "messages", "providers", "recipe", "streams", "told"},
    "browser": {"browser", "errors", "expiry", "headers", "recipe", "route", "session"},
    "stores": {"errors", "files", "session", "stores"},
    "recording": {"errors", "files", "recording", "route", "session", "streams"},
    "keeper": {"bearer", "errors", "expiry", "recipe", "rotation", "session", "stores"},
    "failures": {"browser", "files", "stores"},
    "visiting": {"bearer", "browser", "errors", "failures", "providers", "recipe", "route", "session"},
    "health": {"errors", "providers", "transport"},
    "admission": {"bearer", "cookies", "errors", "expiry", "headers", "interchange", "recipe", "session"},
    "environment": {"admission", "errors", "interchange", "providers", "session"},
    "advice": {"errors", "providers"},
    "client": {
        *(
            "advice",
            "chat_stream",
            "deadlines",
            "environment",
            "errors",
            "expiry",
            "health",
            "keeper",
            "messages",
            "models",
            "providers",
            "recipe",
        ),
        *("response", "retries", "route", "session", "stores", "told", "transport", "turns", "visiting"),
    },
    "call": {"browser", "chat_stream", "client", "failures", "messages", "models", "providers", "session"},
    "portal": {"errors"},
    "sync": {
        *("call", "chat_stream", "client", "errors", "health", "messages", "portal", "providers", "session", "stores"),
    },
    "doctor": {
        *("browser", "client", "doctor", "environment", "errors", "expiry", "interchange", "providers", "route"),
        *("session", "stores", "transport"),
    },
    "cli": {
        *("admission", "browser", "chat_stream", "cli", "client", "doctor", "environment", "errors", "files"),
        *("headers", "interchange", "models", "providers", "recording", "session", "stores", "streams"),
    },
    "testing": {"client", "deadlines", "errors", "providers", "recording", "stores", "testing"},
    "pytest_plugin": {"browser", "client", "errors", "providers", "recording", "stores"},
    "__main__": {"cli"},
}

# The one import that points up: `create_async_generator` of a provider is a whole call, so it needs the client.
EXCEPTIONS = {("providers/base.py", "call")}

THIRD_PARTY = {
    "anyio": {"portal", "pytest_plugin"},
    "playwright": {"browser"},
    "aiohttp": {"connections", "faults", "recording", "response", "socks"},
    "aiohttp_socks": {"socks"},
    "click": {"cli"},
    "rich": {"cli"},
    "tenacity": {"retries"},
    "trustme": {"recording"},
    "platformdirs": {"stores"},
    "filelock": {"stores"},
    "cryptography": {"recording", "stores"},
    "keyring": {"stores"},
    "redis": {"stores"},
    "publicsuffixlist": {"cookies"},
}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "toolkit":
            yield from (f"toolkit.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    """A room imports only what the plan allows it, of ours and of others."""
    name = path.relative_to(PACKAGE).as_posix()
    room = name.split("/")[0].removesuffix(".py")
    for module in imports(path):
        first, _, rest = module.partition(".")
        if first == "toolkit":
            target = rest.split(".")[0]
            assert target in ROOMS[room] or (name, target) in EXCEPTIONS, f"{name} imports {module}"
        elif first in THIRD_PARTY:
            assert room in THIRD_PARTY[first], f"{name} imports {module}"


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a new interpreter has loaded after `code`."""
    script = f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import toolkit` loads neither Playwright nor aiohttp, nor anything else of others."""
    assert not loaded_by("import toolkit") & {"playwright", "aiohttp", "msgspec", "click", "rich", "trustme", "anyio"}


def test_help_loads_nothing_heavy() -> None:
    """`toolkit --help` loads neither Playwright nor aiohttp."""
    code = "import sys; sys.argv[1:] = ['--help']\nfrom toolkit.cli import main\ntry: main()\nexcept SystemExit: pass"
    loaded = loaded_by(code)
    assert "click" in loaded
    assert not loaded & {"playwright", "aiohttp", "asyncio", "rich", "trustme", "msgspec"}


def test_public_names_are_the_ones_that_are_told() -> None:
    """Every name of `__all__` is there, and is looked up where the table says."""
    assert sorted(toolkit.__all__) == toolkit.__all__
    assert set(toolkit.__all__) == set(toolkit._HOMES)
    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Selenium'"):
        _ = toolkit.Selenium


@pytest.mark.parametrize("path", sorted((PACKAGE / "providers").glob("*.py")), ids=lambda path: path.name)
def test_a_provider_is_a_short_file(path: Path) -> None:
    """The file of a provider stays under 80 lines."""
    if path.name not in ("__init__.py", "base.py", "wire.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 80
