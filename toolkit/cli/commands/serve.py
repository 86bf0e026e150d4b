"""`toolkit serve`: an HTTP server for any OpenAI-style client, in front of the sites that there are sessions for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from toolkit.cli.command_table import LazyCommands
from toolkit.cli.options import browsers_option, debug_option, group_options, profile_option, store_option
from toolkit.cli.output import echo_text
from toolkit.cli.status_line import notify

if TYPE_CHECKING:
    from toolkit.gateway.serve_file import ServeSettings

F = TypeVar("F", bound=Callable[..., Any])
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ServeOptions(NamedTuple):
    """The options of the server."""

    config: Path | None
    host: str | None
    port: int | None
    base_url: tuple[str, ...]
    model: tuple[str, ...]
    only: tuple[str, ...]
    allow_host: tuple[str, ...]
    allow_origin: tuple[str, ...]
    no_key: bool
    log_json: bool
    proxy: str | None
    profile: str | None
    browsers: Path | None
    store: str | None

    def __repr__(self) -> str:  # a proxy and a store have passwords
        return f"<ServeOptions {self.host}:{self.port}>"


def _serve_options(command: F) -> F:
    options = (
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A TOML file with settings; options come before it.",
        ),
        click.option("--host", metavar="ADDRESS", help="The address to listen at; 127.0.0.1 by default."),
        click.option(
            "--port", type=click.IntRange(0, 65535), metavar="NUMBER", help="0 is a free one; 4141 by default."
        ),
        click.option(
            "--model",
            multiple=True,
            metavar="NAME=ID[,ID...]",
            help="A name of your own for a model, and others where it fails.",
        ),
        click.option(
            "--only", multiple=True, metavar="PATTERN", help="Serve only models of such names, as 'openwebui/*'."
        ),
        click.option(
            "--base-url", multiple=True, metavar="PROVIDER=URL", help="Which deployment of a provider is served."
        ),
        click.option("--allow-host", multiple=True, metavar="NAME", help="Another Host that clients may call it by."),
        click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="A web page's origin that may call it."),
        click.option("--no-key", is_flag=True, help="Ask clients for no key; on loopback only."),
        click.option("--log-json", is_flag=True, help="Log each request, and all else, as lines of JSON on stderr."),
        click.option("--proxy", metavar="URL", help="Proxy for the browser and the calls."),
        profile_option,
        browsers_option,
        store_option,
        debug_option,
    )
    return group_options(command, "options", ServeOptions, options)


@click.group(
    commands=LazyCommands("serve"),
    invoke_without_command=True,
    short_help="Serve your sites to any OpenAI-style client.",
)
@_serve_options
@click.pass_context
def serve(context: click.Context, options: ServeOptions) -> None:
    """Run an HTTP server through which OpenAI-style clients call the sites that you have sessions for.

    Models are called PROVIDER/MODEL, PROVIDER@ACCOUNT/MODEL, or PROVIDER alone for the site's own choice. Clients show
    a key, which is made at the first start and kept for you alone; TOOLKIT_SERVE_KEY gives another one. Web pages
    cannot call the server.
    """
    if context.invoked_subcommand is None:
        _serve(options)


def _serve(options: ServeOptions) -> None:
    import asyncio

    from toolkit.cli.log_output import show_log
    from toolkit.cli.serve_checks import check_settings
    from toolkit.cli.served_key import given_key, kept_key
    from toolkit.errors import UsageError
    from toolkit.gateway.access_key import key_file, make_key
    from toolkit.gateway.first_process import leave_first_process
    from toolkit.gateway.listening import loop_factory
    from toolkit.gateway.serve_file import find_file, load_settings

    file = find_file(options.config)
    settings = _with_options(load_settings(file) if file is not None else None, options)
    if options.no_key and settings.host not in LOOPBACK:
        raise UsageError("A server without a key listens on loopback only.", hint="Leave out --no-key, or --host.")
    check_settings(settings)
    key, about = "", None
    if not options.no_key and (given := given_key(settings)) is not None:
        key, about = given[0], f"note: the key is that of {given[1]}"
    elif not options.no_key:
        found = kept_key()
        key, about = found or make_key(key_file()), found and "note: `toolkit serve key` shows the key"
    leave_first_process()
    with (
        _log_as_json() if settings.log_json else show_log(),
        asyncio.Runner(loop_factory=loop_factory()) as runner,
    ):
        runner.run(_run(settings, key, about))


def _with_options(settings: ServeSettings | None, options: ServeOptions) -> ServeSettings:
    """The settings of the file with the options in their place, or beside them where there may be several."""
    import msgspec

    from toolkit.gateway.serve_file import ServeSettings
    from toolkit.gateway.served_models import read_alias

    settings = settings or ServeSettings()
    return msgspec.structs.replace(
        settings,
        host=options.host or settings.host,
        port=settings.port if options.port is None else options.port,
        allow_hosts=(*settings.allow_hosts, *options.allow_host),
        allow_origins=(*settings.allow_origins, *options.allow_origin),
        only=options.only or settings.only,
        models={**settings.models, **dict(read_alias(text) for text in options.model)},
        deployments={**settings.deployments, **dict(_read_base_url(text) for text in options.base_url)},
        store=options.store or settings.store,
        proxy=options.proxy or settings.proxy,
        profile=options.profile or settings.profile,
        browsers=str(options.browsers) if options.browsers is not None else settings.browsers,
        log_json=options.log_json or settings.log_json,
    )


@contextmanager
def _log_as_json() -> Iterator[None]:
    """Has the toolkit's log go to stderr as lines of JSON."""
    import logging

    from toolkit.cli.log_output import log_to
    from toolkit.gateway.json_log import JSONLines

    handler = logging.StreamHandler()
    handler.setFormatter(JSONLines())
    with log_to(handler, logging.INFO):
        yield


async def _run(settings: ServeSettings, key: str, about_key: str | None) -> None:
    """Serve until the end. `about_key` says where the key is to be found; None for one that is new, or for none."""
    from toolkit.cli.store_note import store_note
    from toolkit.gateway.application import app
    from toolkit.gateway.connection_limit import raise_connection_limit
    from toolkit.gateway.listening import Listener, bind
    from toolkit.gateway.request_guard import own_hosts
    from toolkit.gateway.service_manager import READY, STOPPING, notify_service_manager
    from toolkit.stores.choose import open_store

    store = open_store(settings.store)
    about_store = await store_note(store, needs_sessions=not settings.deployments)  # nobody has to wait for it yet
    bound = bind(settings.host, settings.port)
    port = bound.getsockname()[1]
    application = app(
        key=key,
        other_keys=settings.keys.values(),
        hosts=own_hosts(settings.host, port, settings.allow_hosts),
        origins=settings.allow_origins,
        store=store,
        base_urls=settings.deployments,
        aliases=settings.aliases,
        only=settings.only,
        longest_prompts=settings.longest_prompts,
        deadlines=settings.deadlines,
        proxy=settings.proxy,
        profile=settings.profile,
        browsers=Path(settings.browsers) if settings.browsers is not None else None,
    )
    if settings.host not in LOOPBACK:
        notify(f"note: others can reach {settings.host}: whoever has the key can use your sessions")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host

    def on_ready() -> None:
        gc.freeze()  # what is loaded stays, and no call waits while a collection looks through it
        echo_text(f"ready: http://{host}:{port}")
        echo_text(f"export OPENAI_BASE_URL=http://{host}:{port}/v1")
        if about_key:
            notify(about_key)
        elif key:
            echo_text(f"export OPENAI_API_KEY={key}")
        notify_service_manager(READY)
        if about_store is not None:
            notify(about_store)

    listener = Listener(application, bound, raise_connection_limit())
    await listener.run(on_ready, lambda: notify_service_manager(STOPPING))


def _read_base_url(text: str) -> tuple[str, str]:
    from toolkit.errors import UsageError
    from toolkit.providers import registry
    from toolkit.session.site_address import normalize_base_url

    name, equals, url = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} names no deployment.", hint="Write PROVIDER=URL.")
    registry.find(name)
    return name, normalize_base_url(url)
