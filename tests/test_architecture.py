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

# What each room may import of ours besides itself, from the ground up: a room imports only from rows above its own.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "streams": {"errors"},
    "session": {"errors", "streams"},
    "har": {"errors", "session", "streams"},
    "http": {"errors", "files", "session", "streams"},
    "stores": {"errors", "files", "session"},
    "chats": {"errors"},
    "redaction": {"errors", "har", "session", "streams"},
    "providers": {"chats", "errors", "files", "http", "session", "streams"},
    "browser": {"errors", "files", "http", "session"},
    "replay": {"errors", "har", "http", "redaction", "streams"},
    "recording": {"chats", "errors", "files", "har", "redaction", "replay", "session", "streams"},
    "client": {"browser", "chats", "errors", "files", "http", "providers", "session", "stores"},
    "gateway": {"browser", "chats", "client", "errors", "files", "providers", "session", "stores"},
    "doctor": {"browser", "client", "errors", "files", "http", "providers", "session", "stores"},
    "adoption": {
        *("chats", "client", "errors", "har", "providers", "recording", "redaction", "replay", "session", "stores"),
    },
    "testing": {"browser", "chats", "client", "errors", "har", "http", "providers", "recording", "replay", "stores"},
    "scaffold": {
        *("adoption", "chats", "client", "errors", "files", "har", "http", "providers", "recording", "redaction"),
        *("replay", "session", "stores", "streams", "testing"),
    },
    "cli": {
        *(
            "adoption",
            "browser",
            "chats",
            "client",
            "doctor",
            "errors",
            "files",
            "gateway",
            "har",
            "http",
            "providers",
            "recording",
        ),
        *("redaction", "replay", "scaffold", "session", "stores", "streams"),
    },
}

# The one import that points up: `create_async_generator` of a provider is a whole call, so it needs the client.
EXCEPTION = ("toolkit.providers.base", "toolkit.client.one_shot")

# The only files that stand directly in `toolkit/`; everything else has a room.
GROUND_FLOOR = {"__init__.py", "__main__.py", "errors.py", "py.typed"}

# Which rooms may import which libraries; those that any may are not named.
THIRD_PARTY = {
    "aiohttp": {"gateway", "http", "replay"},
    "aiohttp_socks": {"http"},
    "anyio": {"client", "testing"},
    "click": {"cli"},
    "cryptography": {"http", "replay", "stores"},
    "filelock": {"stores"},
    "keyring": {"browser", "stores"},
    "platformdirs": {"files"},
    "playwright": {"browser"},
    "prometheus_client": {"gateway"},
    "publicsuffixlist": {"session"},
    "pytest": {"testing"},
    "redis": {"stores"},
    "rich": {"cli"},
    "tenacity": {"http"},
    "trustme": {"replay"},
    "uvloop": {"gateway"},
}

MODULES = {
    ".".join(("toolkit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
ENTRANCES = {"toolkit", "toolkit.__main__"}  # which hand out everything, and start everything


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules that a file imports, also inside functions; and whether only annotations need them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_annotations = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in for_annotations) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module or "", id(node) in for_annotations


def room(module: str) -> str:
    return module.split(".")[1]


def ours(module: str) -> set[str]:
    """The modules of ours that `module` imports, for annotations too; not the one that is allowed to point up."""
    return {name for name, _ in imports(MODULES[module]) if name in MODULES and (module, name) != EXCEPTION}


@pytest.mark.parametrize("module", sorted(set(MODULES) - ENTRANCES))
def test_imports_point_down(module: str) -> None:
    """A room imports only what its row allows it, of ours (also for annotations) and of others."""
    for name in ours(module) - {"toolkit"}:
        assert room(name) in {room(module)} | ROOMS[room(module)], f"{module} imports {name}"
    for name, for_annotations in imports(MODULES[module]):
        library = name.partition(".")[0]
        if library in THIRD_PARTY and not for_annotations:
            assert room(module) in THIRD_PARTY[library], f"{module} imports {name}"


def test_rows_name_only_rows_above_them() -> None:
    """The table has a row per room, at most 20, and each names only rooms of rows above its own."""
    above: set[str] = set()
    for name, allowed in ROOMS.items():
        assert allowed <= above, f"{name} may import {sorted(allowed - above)}, which do not stand above it"
        above.add(name)
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} | {"errors"}
    assert rooms == set(ROOMS), f"{len(ROOMS)} rows, {len(rooms)} rooms"
    assert len(ROOMS) <= 20, f"{len(ROOMS)} rows"


def test_everything_has_a_room() -> None:
    """Four files stand directly in the package, and no fifth one."""
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == GROUND_FLOOR, (
        f"{len(files)} files directly in toolkit/: {sorted(files ^ GROUND_FLOOR)} is new or gone"
    )


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other (Tarjan's strongly connected components of more than one)."""
    reached: dict[str, set[str]] = {}
    for start in arrows:
        todo, seen = [start], set[str]()
        while todo:
            for name in arrows[todo.pop()] - seen:
                seen.add(name)
                todo.append(name)
        reached[start] = seen
    groups = {frozenset(other for other in reached[name] if name in reached[other]) for name in arrows}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def test_files_import_each_other_in_no_circle() -> None:
    """Without the one import that points up there is no circle between files; with it, there is that one."""
    arrows = {module: ours(module) for module in MODULES if module not in ENTRANCES}
    arrows = {module: names & arrows.keys() for module, names in arrows.items()}
    found = circles(arrows)
    assert not found, f"{len(found) + 1} circles instead of the one that is known: {found}"
    arrows[EXCEPTION[0]].add(EXCEPTION[1])
    assert len(circles(arrows)) == 1, "the known circle is gone: so may its exception be"


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
