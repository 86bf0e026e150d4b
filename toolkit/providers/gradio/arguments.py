"""Builds the arguments of a Gradio app's function from the app's `/info`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toolkit.errors import UsageError
from toolkit.providers.gradio.wire_shapes import GradioInfo

MAX_NAMES = 20  # that an error lists
MAX_NAME_LENGTH = 80  # characters of each that it shows


def build_arguments(info: GradioInfo, function: str, given: dict[str, Any]) -> list[Any]:
    """The arguments of `function` after the message: for each parameter the value in `given`, else the app's default.

    Raises `UsageError` for a name in `given` that is no parameter.
    """
    endpoint = info.named_endpoints.get(f"/{function}")
    parameters = endpoint.parameters[1:] if endpoint else []
    if unknown := sorted(set(given) - {one.name for one in parameters}):
        names = format_names(one.name for one in parameters) or "nothing else"
        raise UsageError(f"The app does not take {', '.join(unknown)}.", hint=f"Besides the message: {names}.")
    return [given.get(one.name, one.default) for one in parameters]


def format_names(names: Iterable[str]) -> str:
    """The names that an app has, as a list for an error: printable characters only, and not too many."""
    shown = ["".join(filter(str.isprintable, name[:MAX_NAME_LENGTH])) for name in names]
    more = [f"and {len(shown) - MAX_NAMES} more"] if len(shown) > MAX_NAMES else []
    return ", ".join([*shown[:MAX_NAMES], *more])
