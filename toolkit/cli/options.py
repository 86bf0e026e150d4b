"""Options that several commands share, and what they make of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_debug = False


def debug_wanted() -> bool:
    """Whether `--debug` was given, before or after the command."""
    return _debug


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    global _debug
    _debug = value or (_debug and context.parent is not None)  # the group's comes first


debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks and a log on stderr."
)


def _want_trace(_: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        os.environ["TOOLKIT_TRACE"] = "1"  # as `toolkit.client.failure_files` reads it


def check_encoding(context: click.Context | None, parameter: click.Parameter | None, text: str | None) -> str | None:
    """`text`, checked: what a shell hands over in another encoding than the terminal's cannot be sent. A callback."""
    try:
        if text is not None:
            text.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("It is not text in this terminal's encoding.", context, parameter) from None
    return text


class Target(NamedTuple):
    """The options that say where the calls go and with which browser. `replay` is a file, or empty for the demo."""

    replay: str | None
    base_url: str | None
    account: str
    proxy: str | None
    profile: str | None
    browsers: Path | None
    store: str | None


class SessionOptions(NamedTuple):
    """The options that say which stored session is meant, besides its provider."""

    account: str | None
    base_url: str | None
    store: str | None


STORE = click.option("--store", metavar="STORE", help="Where sessions are kept, as TOOLKIT_STORE tells it.")
BROWSER = (
    click.option("--profile", metavar="NAME", help="Browser profile of browsers.json, such as headed."),
    click.option(
        "--browsers",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Another browsers.json; TOOLKIT_BROWSERS names one too.",
    ),
    click.option(
        "--trace",
        is_flag=True,
        expose_value=False,
        callback=_want_trace,
        help="If a visit fails, keep a trace of it as well as a picture.",
    ),
)
BASE_URL = click.option("--base-url", metavar="URL", help="Another deployment of the site's software.")


def _account(default: str | None) -> Callable[[F], F]:
    text = "One of several accounts that you have there, by a name of your choice."
    return click.option("--account", callback=check_encoding, metavar="NAME", default=default, help=text)


def target_options(command: F, *, replay: bool = True) -> F:
    """The options of `Target`, perhaps without `--replay`; the command gets one as its argument `target`."""
    options = (
        click.option(
            "--replay",
            metavar="[FILE]",
            is_flag=False,
            flag_value="",
            help="Answer offline, from a recording (HAR); without FILE from the provider's demo. Put it last.",
        ),
        BASE_URL,
        _account("default"),
        click.option(
            "--proxy",
            metavar="URL",
            help="Proxy for the browser and the calls, http://[user:password@]host:port or socks5://.",
        ),
        *BROWSER,
        STORE,
        debug_option,
    )
    return group_options(command, "target", Target, options if replay else options[1:])


def session_options(command: F) -> F:
    """The options of `SessionOptions`; the command gets one as its argument `options`."""
    return group_options(command, "options", SessionOptions, (BASE_URL, _account(None), STORE, debug_option))


def group_options(command: F, argument: str, kind: Any, options: Sequence[Callable[[Any], Any]]) -> F:
    """`command` with `options`, whose values it gets together as one `argument`, a named tuple of that `kind`."""

    def wrapped(**values: Any) -> Any:
        return command(**{argument: kind(**{name: values.pop(name, None) for name in kind._fields})}, **values)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]
