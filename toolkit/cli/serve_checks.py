"""Checks the settings of `toolkit serve` before it listens, so that a slip is told at the start and not to clients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from toolkit.errors import UnknownProvider, UsageError
from toolkit.providers import registry

if TYPE_CHECKING:
    from toolkit.gateway.serve_file import ServeSettings

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-f:.]+\](:\d+)?", re.IGNORECASE | re.ASCII)
_LITERAL = re.compile(r"[^*?\[@/]*")  # the beginning of a pattern that stands for itself


def check_settings(settings: ServeSettings) -> None:
    """Raise `UsageError`, `UnknownProvider` or `ConfigError` for what no server could do anything with."""
    from toolkit.gateway.serve_file import is_origin

    for name, ids in settings.aliases.items():
        for one in ids:
            _check_model(name, one)
    for pattern in settings.only:
        _check_pattern(pattern, settings.aliases)
    for host in settings.allow_hosts:
        if not _HOST.fullmatch(host):
            hint = "Write it as clients send it: llm.example.org, or with a port."
            raise UsageError(f"{host!r} is no Host that clients could call the server by.", hint=hint)
    for origin in settings.allow_origins:
        if not is_origin(origin):
            raise UsageError(f"{origin!r} is no origin of web pages.", hint="Write it as https://notes.example.org.")
    if settings.proxy is not None:
        from toolkit.http.route import Route

        Route.through(settings.proxy)
    if settings.profile is not None or settings.browsers is not None:
        from pathlib import Path

        from toolkit.browser.browsers_file import load_profiles

        file = Path(settings.browsers) if settings.browsers is not None else None
        load_profiles(file).get(settings.profile)


def _check_model(name: str, model: str) -> None:
    """Raise for a `model`, which `name` stands for, of a provider that there is not."""
    if not name:
        raise UsageError(f"The name that stands for {model!r} is empty.")
    provider = re.split("[@/]", model)[0]
    if provider not in registry.names():
        _raise_unknown(provider, f"The name {name!r} stands for {model!r}.")


def _check_pattern(pattern: str, aliases: Iterable[str]) -> None:
    """Raise for a `pattern` that fits no name of a model, whatever sessions there will be."""
    literal = _LITERAL.match(pattern)
    begins = literal[0] if literal is not None else ""
    is_whole = len(begins) == len(pattern) or pattern[len(begins)] in "@/"
    names = (*registry.names(), *aliases)
    if any(name == begins if is_whole else name.startswith(begins) for name in names):
        return
    if any(name.startswith(begins) for name in aliases):  # which may have an @ or a slash in it
        return
    _raise_unknown(begins, f"`--only {pattern}` serves nothing.")


def _raise_unknown(provider: str, where: str) -> None:
    try:
        registry.find(provider)
    except UnknownProvider as error:
        raise UnknownProvider(f"{where} {error.what}", hint=error.hint) from None
    raise UnknownProvider(f"{where} Write the provider's name as `toolkit providers` does.")
