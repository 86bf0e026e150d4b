"""The registry: which providers there are, by name. Each is one file of this folder, imported when it is asked for, or
of another package that registers it (`toolkit.providers.plugins`)."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from toolkit.errors import UnknownProvider

if TYPE_CHECKING:
    from toolkit.providers.aichatonline import AiChatOnline
    from toolkit.providers.aura import Aura
    from toolkit.providers.base import Provider
    from toolkit.providers.codelinkava import CodeLinkAva
    from toolkit.providers.gradio import Gradio
    from toolkit.providers.openassistant import OpenAssistant
    from toolkit.providers.openwebui import OpenWebUI
    from toolkit.providers.plugins import Plugin

__all__ = ["AiChatOnline", "Aura", "CodeLinkAva", "Gradio", "OpenAssistant", "OpenWebUI", "broken", "find", "names"]

log = logging.getLogger("toolkit")

CLASSES = {
    "aura": "Aura",
    "codelinkava": "CodeLinkAva",
    "aichatonline": "AiChatOnline",
    "openassistant": "OpenAssistant",
    "openwebui": "OpenWebUI",
    "gradio": "Gradio",
}


def names() -> tuple[str, ...]:
    """The names of all providers, the toolkit's own first. What other packages register and cannot be used is logged,
    once, and left out."""
    _log_broken()
    return (*CLASSES, *(plugin.name for plugin in _plugins() if plugin.kind is not None))


def broken() -> tuple[Plugin, ...]:
    """What other packages register and cannot be used."""
    return tuple(plugin for plugin in _plugins() if plugin.kind is None)


def find(name: str) -> type[Provider]:
    """The provider of that name, whatever its case. Raises `UnknownProvider`, with the names that come near, and for
    one of another package that cannot be used."""
    key = name.lower().replace("-", "").replace("_", "")
    if key in CLASSES:
        return cast("type[Provider]", getattr(import_module(f"{__name__}.{key}"), CLASSES[key]))
    from toolkit.providers import plugins

    if key in plugins.registered_entry_points():
        plugin = plugins.load_plugin(key)
        if plugin.kind is not None:
            return plugin.kind
        what = f"The provider {key!r} of the package {plugin.package} cannot be used: {plugin.problem}."
        raise UnknownProvider(what, hint="Mend that package, or uninstall it.")
    every = [*CLASSES, *plugins.registered_entry_points()]
    import difflib

    near = difflib.get_close_matches(key, every, n=1)
    known = ", ".join(every)
    hint = f"Did you mean {near[0]}? Known: {known}." if near else f"Known: {known}."
    raise UnknownProvider(f"There is no provider {name!r}.", hint=hint)


def _plugins() -> list[Plugin]:
    from toolkit.providers import plugins

    return [plugins.load_plugin(name, name in CLASSES) for name in plugins.registered_entry_points()]


@cache
def _log_broken() -> None:
    for plugin in broken():
        log.warning("the provider %s of the package %s cannot be used: %s", *plugin[:2], plugin.problem)


def __getattr__(name: str) -> object:
    for key, class_name in CLASSES.items():
        if name == class_name:
            return getattr(import_module(f"{__name__}.{key}"), class_name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
