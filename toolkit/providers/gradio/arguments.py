"""Builds what the functions of a Gradio app take. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from toolkit.errors import UsageError
from toolkit.providers.gradio.wire_shapes import GradioFunction, GradioInfo, GradioParameter

if TYPE_CHECKING:
    from toolkit.providers.gradio.app_config import AppConfig

SYSTEM_NAMES = ("system_message", "system_prompt")  # as the examples of Gradio and of Hugging Face have it
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
    for number, parameter in _parameters(app, info, functions, wanted):
        named.setdefault(parameter.name, number)
        if parameter.name:  # version 3 tells neither names nor defaults
            values[number] = parameter.default
    if unknown := sorted(set(given) - set(named)):
        names = format_names(named) or "nothing else"
        raise UsageError(f"The app does not take {', '.join(unknown)}.", hint=f"Besides the message: {names}.")
    return values | {named[name]: value for name, value in given.items()}


def system_parameter(
    app: AppConfig, info: GradioInfo, functions: Iterable[GradioFunction], wanted: set[int]
) -> str | None:
    """The name of the parameter that is the system message, by the usual names for it; None if there is none."""
    names = {parameter.name for _, parameter in _parameters(app, info, functions, wanted)}
    return next((name for name in SYSTEM_NAMES if name in names), None)


def _parameters(
    app: AppConfig, info: GradioInfo, functions: Iterable[GradioFunction], wanted: set[int]
) -> Iterator[tuple[int, GradioParameter]]:
    """The parameters of `functions`, each with its component, which is one of `wanted` and comes once."""
    seen: set[int] = set()
    for function in functions:
        endpoint = info.named_endpoints.get(f"/{function.name}")
        for number, parameter in zip(app.arguments(function), endpoint.parameters if endpoint else (), strict=False):
            if number in wanted and number not in seen:
                seen.add(number)
                yield number, parameter


def format_names(names: Iterable[str]) -> str:
    """The names that an app has, as a list for an error: printable characters only, and not too many."""
    shown = ["".join(filter(str.isprintable, name[:MAX_NAME_LENGTH])) for name in names]
    more = [f"and {len(shown) - MAX_NAMES} more"] if len(shown) > MAX_NAMES else []
    return ", ".join([*shown[:MAX_NAMES], *more])
