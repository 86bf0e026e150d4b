"""Options that several commands share, and the named tuples in which commands get their values."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_debug = False


def debug_wanted() -> bool:
    """Whether `--debug` was given, before or after the command's name."""
    return _debug


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    """A callback. It is called for the group's option first, and then for the command's, which must not reset it."""
    global _debug
    _debug = value or (_debug and context.parent is not None)


debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks and a log on stderr."
)


def _set_trace(_: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        os.environ["TOOLKIT_TRACE"] = "1"  # `toolkit.client.failed_visit_files` reads it


def check_encoding(context: click.Context | None, parameter: click.Parameter | None, text: str | None) -> str | None:
    """Returns `text`. Raises `click.BadParameter` if it has bytes of another encoding than the terminal's. A callback.

    Python holds such bytes as lone surrogates, which cannot be sent.
    """
    try:
        if text is not None:
            text.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("It is not text in this terminal's encoding.", context, parameter) from None
    return text


class Target(NamedTuple):
    """The options that say where calls go, and with which browser. `replay` is a file, or empty for the demo."""

    replay: str | None
    base_url: str | None
    account: str
    proxy: str | None
    profile: str | None
    browsers: Path | None
    store: str | None

    def __repr__(self) -> str:  # a proxy and a store have passwords
        return f"<Target {self.base_url or 'of the provider'} account={self.account}>"


class SessionOptions(NamedTuple):
    """The options that say which stored session of a provider is meant. None means that the option was not given."""

    account: str | None
    base_url: str | None
    store: str | None

    def __repr__(self) -> str:
        return f"<SessionOptions account={self.account}>"


def _account_option(default: str | None) -> Callable[[F], F]:
    text = "One of several accounts that you have there, by a name of your choice."
    return click.option("--account", callback=check_encoding, metavar="NAME", default=default, help=text)


store_option = click.option("--store", metavar="STORE", help="Where sessions are kept, as TOOLKIT_STORE tells it.")
base_url_option = click.option("--base-url", metavar="URL", help="Another deployment of the site's software.")
profile_option = click.option("--profile", metavar="NAME", help="Browser profile of browsers.json, such as headed.")
browsers_option = click.option(
    "--browsers",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another browsers.json; TOOLKIT_BROWSERS names one too.",
)
trace_option = click.option(
    "--trace",
    is_flag=True,
    expose_value=False,
    callback=_set_trace,
    help="If a visit fails, keep a trace of it as well as a picture.",
)
_replay_option = click.option(
    "--replay",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Answer offline, from a recording (HAR); without FILE from the provider's demo. Put it last.",
)
_proxy_option = click.option(
    "--proxy",
    metavar="URL",
    help="Proxy for the browser and the calls, http://[user:password@]host:port or socks5://.",
)
_LIVE_TARGET_OPTIONS = (
    base_url_option,
    _account_option("default"),
    _proxy_option,
    profile_option,
    browsers_option,
    trace_option,
    store_option,
    debug_option,
)


def output_option(text: str, *, required: bool = True) -> Callable[[F], F]:
    """The option for the file that a command writes, with `text` as its help."""
    kind = click.Path(dir_okay=False)
    return click.option(
        "--output", "-o", required=required, metavar="FILE", type=kind, callback=_output_path, help=text
    )


def _output_path(context: click.Context, parameter: click.Parameter, name: str | None) -> Path | None:
    """A callback. Stdout is no such file: the answer is printed there."""
    if name in ("", "-"):
        raise click.BadParameter("Name a file.", context, parameter)
    return Path(name) if name is not None else None


def target_options(command: F) -> F:
    """Adds the options of `Target`, and `--trace` and `--debug`. The command gets a `Target` as argument `target`."""
    return group_options(command, "target", Target, (_replay_option, *_LIVE_TARGET_OPTIONS))


def live_target_options(command: F) -> F:
    """As `target_options`, without `--replay`: for commands that need the real site. `Target.replay` is then None."""
    return group_options(command, "target", Target, _LIVE_TARGET_OPTIONS)


def new_site_options(command: F) -> F:
    """As `live_target_options`, for a site that has no provider yet."""
    site = click.option("--base-url", metavar="URL", help="The site's address, such as https://chat.example.org.")
    others = (site if option is base_url_option else option for option in _LIVE_TARGET_OPTIONS)
    return group_options(command, "target", Target, tuple(others))


def session_options(command: F) -> F:
    """Adds the options of `SessionOptions`, and `--debug`. The command gets one as argument `options`."""
    options = (base_url_option, _account_option(None), store_option, debug_option)
    return group_options(command, "options", SessionOptions, options)


def group_options(command: F, argument: str, kind: Any, options: Sequence[Callable[[Any], Any]]) -> F:
    """Adds `options` to a command, which gets their values together as one `argument`, a named tuple of type `kind`.

    The fields of `kind` are the names of the options; a field without an option is None.
    """

    def with_grouped_options(**values: Any) -> Any:
        grouped = kind(**{name: values.pop(name, None) for name in kind._fields})
        return command(**{argument: grouped}, **values)

    decorated: Any = with_grouped_options
    decorated.__name__, decorated.__doc__ = command.__name__, command.__doc__
    decorated.__click_params__ = getattr(command, "__click_params__", [])
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
