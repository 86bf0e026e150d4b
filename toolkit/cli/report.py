"""From an error to a message on stderr and an exit code."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

import click

from toolkit.cli.terminal import colours, printable

ERROR, USAGE, LOGIN, LIMITED, INTERRUPTED = 1, 2, 3, 4, 130

# What a URL in a text may not show: user and password, and the query.
_USER = re.compile(r"(\w://)[^\s/'\"]*@")
# Arguments, as the command line calls them.
_BASE_URL = re.compile(r"`base_url`|^base_url|(?<= )base_url(?= is)")
_FN = re.compile(r"`fn`")
_QUERY = re.compile(r"(\w://[^\s?'\"]*)\?[^\s'\"]*")


def report_error(error: Exception) -> int:
    """Print `error` for a person, with a traceback if `--debug` was given, and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group of commands alone: its help, as click has it
        error.show()
        return error.exit_code
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f" See `{context.command_path} --help`." if context is not None else ""
        text = error.format_message()
        _say(f"{text}{'' if text.endswith(('.', '?')) else '.'}{hint}")
        return error.exit_code

    from toolkit.cli.options import debug_wanted
    from toolkit.errors import LoginRequired, RateLimited, ToolkitError, UsageError

    if debug_wanted():
        for line in traced(error):
            click.echo(line, nl=False, err=True)
    if isinstance(error, OSError) and not isinstance(error, ToolkitError):  # such as a full disk under stdout
        place = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror or type(error).__name__}{place}.")
        return ERROR
    if not isinstance(error, ToolkitError):
        _say(f"{_told(error)}\nThis is a bug, of the toolkit or of the provider; `--debug` shows where.")
        return ERROR
    if isinstance(error, RateLimited) and error.retry_after is not None:
        error.hint = f"Wait {error.retry_after:.0f} s before the next call."
    _say(_FN.sub("`--option fn=NAME`", _BASE_URL.sub("`--base-url`", str(error))))
    if isinstance(error, LoginRequired):
        return LOGIN
    if isinstance(error, RateLimited):
        return LIMITED
    return USAGE if isinstance(error, UsageError) else ERROR


def traced(error: BaseException) -> Iterator[str]:
    """The traceback of `error` and of what led to it, as Python shows it, without what may be secret."""
    chain, link = [(error, "")], ""
    while True:
        if error.__cause__ is not None:
            error, link = error.__cause__, "\nThe above exception was the direct cause of the following exception:\n\n"
        elif error.__context__ is not None and not error.__suppress_context__:
            error, link = error.__context__, "\nDuring handling of the above exception, another exception occurred:\n\n"
        else:
            break
        if any(error is known for known, _ in chain):
            break
        chain.append((error, link))
    for one, then in reversed(chain):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(one.__traceback__)
        yield f"{_told(one)}\n{then}"


def _told(error: BaseException) -> str:
    """The type and text of an error. Ours hold no secret; aiohttp's can hold what went over the wire, others URLs."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.split(".")[0] == "aiohttp" or not str(error):
        return name
    text = _QUERY.sub(r"\1", _USER.sub(r"\1", str(error)))
    return f"{name}: {printable(text)}"


def _say(text: str) -> None:
    colour = colours()
    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=colour)
    click.echo(printable(text), err=True, color=colour)
