"""The option `--timeout`: how long to wait for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.options import F

if TYPE_CHECKING:
    from toolkit.chats.deadlines import Deadlines

# The names of deadlines on the command line, and those of `toolkit.chats.deadlines.Deadlines`.
NAMES = {
    "first": "first_piece",
    "between": "between_pieces",
    "total": "total",
    "connect": "connect",
    "turn": "turn",
    "keep-alives": "keep_alives",
}
OPTIONS_OF_DEADLINES = {field: name for name, field in NAMES.items()}
FOR_EVER = "none"


def _parse_deadlines(context: click.Context, parameter: click.Parameter, text: str | None) -> Deadlines | None:
    """Returns the deadlines that `NAME=SECONDS,...` names, or SECONDS alone, which is `total`. A callback."""
    if text is None:
        return None
    from toolkit.chats.deadlines import Deadlines
    from toolkit.errors import UsageError

    values: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.strip().rpartition("=")
        name = name.strip().lower() if equals else "total"
        if name not in NAMES:
            raise click.BadParameter(f"{name!r} is none of {', '.join(NAMES)}.", context, parameter)
        try:
            seconds = None if value.strip().lower() == FOR_EVER else float(value)
            if seconds == 0:
                raise click.BadParameter("0 s is no time to wait.", context, parameter)
            values[NAMES[name]] = seconds
        except ValueError:
            problem = f"{value!r} is no number of seconds, and not {FOR_EVER}."
            raise click.BadParameter(problem, context, parameter) from None
    try:
        return Deadlines(**values)
    except UsageError as error:
        raise click.BadParameter(error.what, context, parameter) from None


def _parse_short(context: click.Context, parameter: click.Parameter, text: str | None) -> Deadlines | None:
    """As `_parse_deadlines`, for a command that takes `SHORT_SECONDS` in all unless `total` is named. A callback."""
    from msgspec.structs import replace

    deadlines = _parse_deadlines(context, parameter, text)
    if text is None or deadlines is None or "total" in _names(text):
        return deadlines
    from toolkit.client.client import SHORT_SECONDS

    return replace(deadlines, total=SHORT_SECONDS)


def _names(text: str) -> set[str]:
    """The names of the deadlines in `text`."""
    return {part.strip().rpartition("=")[0].strip().lower() or "total" for part in text.split(",")}


def short_timeout_option(command: F) -> F:
    """Adds `--timeout`, for what a site answers at once. The command gets `Deadlines` as argument `deadlines`, None if
    it is not given: then it takes 30 s in all."""
    return click.option(
        "--timeout",
        "deadlines",
        callback=_parse_short,
        metavar="SECONDS",
        help="How long to wait in all, by default 30 s; none is for ever. NAME=SECONDS,... as `toolkit chat` has it.",
    )(command)


def timeout_option(command: F) -> F:
    """Adds `--timeout`. The command gets `Deadlines` as argument `deadlines`, None if it is not given."""
    return click.option(
        "--timeout",
        "deadlines",
        callback=_parse_deadlines,
        metavar="NAME=SECONDS,...",
        help="How long to wait: first (for the answer's first sign), between (for each further one), total, connect, "
        "turn, keep-alives; none is for ever. SECONDS alone is total.",
    )(command)
