"""What the functions of a Gradio app take, by the app's `/info`, and how its names are told. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toolkit.errors import UsageError
from toolkit.providers.gradio.wire_shapes import GradioInfo

NAMED, LETTERS = 20, 80  # how many names an error tells at most, and how much of each


def build_arguments(info: GradioInfo, function: str, given: dict[str, Any]) -> list[Any]:
    """What `function` gets after the message: of each parameter what is `given`, else the app's default.

    Raises `UsageError` for what it does not take.
    """
    endpoint = info.named_endpoints.get(f"/{function}")
    taken = endpoint.parameters[1:] if endpoint else []
    if unknown := sorted(set(given) - {one.name for one in taken}):
        names = format_names(one.name for one in taken) or "nothing else"
        raise UsageError(f"The app does not take {', '.join(unknown)}.", hint=f"Besides the message: {names}.")
    return [given.get(one.name, one.default) for one in taken]


def format_names(names: Iterable[str]) -> str:
    """The names that an app tells, for an error: what can be shown, and not too many."""
    shown = ["".join(filter(str.isprintable, name[:LETTERS])) for name in names]
    more = [f"and {len(shown) - NAMED} more"] if len(shown) > NAMED else []
    return ", ".join([*shown[:NAMED], *more])
