"""The options that say how a question is to be answered, for every command that asks one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from toolkit.cli.options import F, Target, check_encoding, group_options
from toolkit.cli.terminal import notify

if TYPE_CHECKING:
    from toolkit.providers.base import Provider


class Settings(NamedTuple):
    """What a question goes with; `options` are those that only its provider knows."""

    model: str | None
    temperature: float | None
    max_tokens: int | None
    options: dict[str, Any]

    def arguments(self) -> dict[str, Any]:
        """As `Client.chat` takes them."""
        return {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens, **self.options}

    def note_unknown(self, provider: Provider) -> None:
        """Say what `provider` has no place for in its protocol, and what it passes on unseen."""
        for name, value in (("temperature", self.temperature), ("max_tokens", self.max_tokens)):
            if value is not None and name not in provider.options:
                notify(f"note: {provider.name} cannot be told {_spelled(name)}")
        for name in self.options:
            if not provider.refuses_unknown and name not in provider.options:
                notify(f"note: {provider.name} does not know the option {name}, and passes it on as it is")


# What has an option of its own, and what is no option of a call.
_OWN = {*("model", "temperature", "max_tokens"), *Target._fields}
_TAKEN = ("self", "messages")


def settings_options(*short: str) -> Callable[[F], F]:
    """The options of `Settings`, of which `--option` may have a `short` name too; the command gets one as its argument
    `settings`."""

    def decorated(command: F) -> F:
        own = click.option(
            "--option",
            *short,
            "options",
            multiple=True,
            callback=_read,
            metavar="NAME=VALUE",
            help="What only this provider knows, such as fn=chat. A VALUE that is JSON counts as such, else as text. "
            "Can be given several times.",
        )
        return group_options(command, "settings", Settings, (*_COMMON, own))

    return decorated


_COMMON = (
    click.option("--model", "-m", callback=check_encoding, metavar="NAME", help="One of its models, if not the first."),
    click.option("--temperature", "-t", type=click.FloatRange(0, 2), metavar="NUMBER", help="0 is sober, 2 is wild."),
    click.option(
        "--max-tokens", type=click.IntRange(1), metavar="NUMBER", help="How long the answer may be, in tokens."
    ),
)


def _read(context: click.Context, parameter: click.Parameter, pairs: Sequence[str]) -> dict[str, Any]:
    """Names and values. Raises `click.BadParameter`. A callback."""
    told: dict[str, Any] = {}
    for pair in pairs:
        check_encoding(context, parameter, pair)
        name, equals, value = pair.partition("=")
        name = name.strip()
        own = name.replace("-", "_")
        if not equals:
            wrong = f"{pair!r} has no '=': write NAME=VALUE."
        elif not name:
            wrong = f"{pair!r} has no name before its '='."
        elif own in _OWN:
            wrong = f"{name!r} has an option of its own: {_spelled(own)}."
        elif own in _TAKEN:
            wrong = f"{name!r} is no option of a call."
        elif name in told:
            wrong = f"{name!r} is there twice."
        else:
            told[name] = _value(value)
            continue
        raise click.BadParameter(wrong, context, parameter)
    return told


def _value(text: str) -> Any:
    """`text` as JSON (https://www.rfc-editor.org/rfc/rfc8259), which has no NaN; itself where it is none."""
    import msgspec

    from toolkit.streams.json_decoding import JSON_ERRORS

    try:
        return msgspec.json.decode(text)
    except JSON_ERRORS:
        return text


def _spelled(name: str) -> str:
    return f"--{name.replace('_', '-')}"
