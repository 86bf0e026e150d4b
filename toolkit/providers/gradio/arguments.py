"""Builds what the functions of a Gradio app take. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from toolkit.errors import UsageError
from toolkit.providers.gradio.wire_shapes import GradioFunction, GradioInfo

if TYPE_CHECKING:
    from toolkit.providers.gradio.app_config import AppConfig

MAX_NAMES = 20  # that an error lists
MAX_NAME_LENGTH = 80  # characters of each that it shows


def build_arguments(
    app: AppConfig, info: GradioInfo, functions: Iterable[GradioFunction], wanted: set[int], given: dict[str, Any]
) -> dict[int, Any]:
    """The values of the components `wanted`: those that `given` has by the names of their parameters, else the app's
    defaults. `info` has the names of the parameters of `functions`, as far as the app tells them.

    Raises `UsageError` for a name in `given` that is no parameter.
    """
    values = {number: app.props(number).value for number in wanted}
    named: dict[str, int] = {}
    for function in functions:
        endpoint = info.named_endpoints.get(f"/{function.name}")
        for number, parameter in zip(app.arguments(function), endpoint.parameters if endpoint else (), strict=False):
            if number in wanted and number not in named.values():
                named.setdefault(parameter.name, number)
                values[number] = parameter.default
    if unknown := sorted(set(given) - set(named)):
        names = format_names(named) or "nothing else"
        raise UsageError(f"The app does not take {', '.join(unknown)}.", hint=f"Besides the message: {names}.")
    return values | {named[name]: value for name, value in given.items()}


def format_names(names: Iterable[str]) -> str:
    """The names that an app has, as a list for an error: printable characters only, and not too many."""
    shown = ["".join(filter(str.isprintable, name[:MAX_NAME_LENGTH])) for name in names]
    more = [f"and {len(shown) - MAX_NAMES} more"] if len(shown) > MAX_NAMES else []
    return ", ".join([*shown[:MAX_NAMES], *more])
