"""The error tree: drawn as it is, told in one line, without secrets."""

from __future__ import annotations

import inspect
import re

import pytest

from toolkit import errors
from toolkit.errors import ToolkitError

CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}


def drawn() -> dict[str, int]:
    """The names in the docstring's tree, with how far they are indented."""
    lines = (errors.__doc__ or "").splitlines()
    found = (re.match(r"( *[│├└─ ]*)(\w+)\b", line) for line in lines if line.startswith("    "))
    return {match[2]: len(match[1]) for match in found if match and match[2] in CLASSES}


def test_the_tree_is_drawn_as_it_is() -> None:
    """Every error is in the picture, under its own base."""
    tree = drawn()
    assert set(tree) == set(CLASSES)
    names = list(tree)
    for number, name in enumerate(names[1:], start=1):
        parent = next(other for other in reversed(names[:number]) if tree[other] < tree[name])
        assert CLASSES[name].__bases__[0] is CLASSES[parent], f"{name} is not right under {parent}"


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_every_error_can_be_told(kind: type[ToolkitError]) -> None:
    """What, provider, URL without its query, and what to do next, in one line."""
    more = (
        {"deadline": "total", "seconds": 1.0} if kind is errors.StreamTimeout else {"provider": "aura", "hint": "Wait."}
    )
    error = kind("It broke.", url="https://me:secret@host:8443/path?token=secret#secret", **more)
    text = str(error)
    assert "It broke. (https://host:8443/path)" in text
    assert "secret" not in text + repr(error)
    assert "\n" not in text
    assert repr(error).startswith(f"{kind.__name__}(")
    if more.get("provider"):
        assert text == "aura: It broke. (https://host:8443/path) Wait."
