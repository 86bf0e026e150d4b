"""The options that say how a question is to be answered, for every command that asks one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from toolkit.cli.options import F, Target, check_encoding, group_options


class ChatOptions(NamedTuple):
    """The settings of a chat call. `provider_options` are those that only its provider knows (`--option`)."""

    model: str | None
    temperature: float | None
    max_tokens: int | None
    provider_options: dict[str, Any]

    def arguments(self) -> dict[str, Any]:
        """Returns the keyword arguments for `Client.chat`."""
        common = {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}
        return {**common, **self.provider_options}


# Names that `--option` refuses: those that have an option of their own, and other arguments of `Client.chat`.
_NAMES_OF_OPTIONS = {"model", "temperature", "max_tokens", *Target._fields}
_RESERVED_NAMES = ("self", "messages")


def chat_options(*short_names: str) -> Callable[[F], F]:
    """Adds the options of `ChatOptions`. The command gets one as argument `settings`.

    `short_names` are further names for `--option`, such as `-o`.
    """

    def decorate(command: F) -> F:
        provider_option = click.option(
            "--option",
            *short_names,
            "provider_options",
            multiple=True,
            callback=_parse_pairs,
            metavar="NAME=VALUE",
            help="What only this provider knows, such as fn=chat. A VALUE that is JSON counts as such, else as text. "
            "Can be given several times.",
        )
        return group_options(command, "settings", ChatOptions, (*_COMMON, provider_option))

    return decorate


_COMMON = (
    click.option("--model", "-m", callback=check_encoding, metavar="NAME", help="One of its models, if not the first."),
    click.option("--temperature", "-t", type=click.FloatRange(0, 2), metavar="NUMBER", help="0 is sober, 2 is wild."),
    click.option(
        "--max-tokens", type=click.IntRange(1), metavar="NUMBER", help="How long the answer may be, in tokens."
    ),
)


def _parse_pairs(context: click.Context, parameter: click.Parameter, pairs: Sequence[str]) -> dict[str, Any]:
    """Returns the values of `NAME=VALUE` pairs by name. Raises `click.BadParameter`. A callback."""
    values: dict[str, Any] = {}
    for pair in pairs:
        check_encoding(context, parameter, pair)
        name, equals, value = pair.partition("=")
        name = name.strip()
        problem = _name_problem(pair, name, bool(equals))
        if not problem and name in values:
            problem = f"{name!r} is there twice."
        if problem:
            raise click.BadParameter(problem, context, parameter)
        values[name] = _parse_value(value)
    return values


def _name_problem(pair: str, name: str, has_equals: bool) -> str:
    """Says what is wrong with the name in a pair; an empty text if nothing is."""
    argument = name.replace("-", "_")
    if not has_equals:
        return f"{pair!r} has no '=': write NAME=VALUE."
    if not name:
        return f"{pair!r} has no name before its '='."
    if argument in _NAMES_OF_OPTIONS:
        return f"{name!r} has an option of its own: {_option_name(argument)}."
    if argument in _RESERVED_NAMES:
        return f"{name!r} is no option of a call."
    return ""


def _parse_value(text: str) -> Any:
    """Returns the value of `text` as JSON (https://www.rfc-editor.org/rfc/rfc8259), or `text` itself if it is none."""
    import msgspec

    from toolkit.streams.json_decoding import JSON_ERRORS

    try:
        return msgspec.json.decode(text)
    except JSON_ERRORS:
        return text


def _option_name(argument: str) -> str:
    return f"--{argument.replace('_', '-')}"
