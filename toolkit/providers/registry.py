"""The registry: finds a provider by its name.

The toolkit's own are imported when they are asked for; other packages register theirs (`toolkit.providers.plugins`).
"""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from toolkit.errors import UnknownProvider

if TYPE_CHECKING:
    from toolkit.providers.base import Provider
    from toolkit.providers.plugins import Plugin

log = logging.getLogger("toolkit")


class BuiltIn(NamedTuple):
    """A provider of the toolkit's own: where its class is."""

    module: str
    class_name: str

    def load(self) -> type[Provider]:
        return cast("type[Provider]", getattr(import_module(self.module), self.class_name))


# The providers of the toolkit's own, by name. A new one is one line here; lists, help and tests derive from it.
BUILT_IN = {
    "aura": BuiltIn("toolkit.providers.aura", "Aura"),
    "codelinkava": BuiltIn("toolkit.providers.codelinkava", "CodeLinkAva"),
    "aichatonline": BuiltIn("toolkit.providers.aichatonline", "AiChatOnline"),
    "openassistant": BuiltIn("toolkit.providers.openassistant", "OpenAssistant"),
    "openwebui": BuiltIn("toolkit.providers.openwebui", "OpenWebUI"),
    "gradio": BuiltIn("toolkit.providers.gradio.provider", "Gradio"),
}


def names() -> tuple[str, ...]:
    """The names of all providers, the toolkit's own first. What other packages register and cannot be used is logged,
    once, and left out."""
    _log_broken()
    return (*BUILT_IN, *(plugin.name for plugin in _plugins() if plugin.kind is not None))


def broken() -> tuple[Plugin, ...]:
    """What other packages register and cannot be used."""
    return tuple(plugin for plugin in _plugins() if plugin.kind is None)


def find(name: str) -> type[Provider]:
    """The provider of that name, whatever its case. Raises `UnknownProvider`, with the names that come near, and for
    one of another package that cannot be used."""
    key = name.lower().replace("-", "").replace("_", "")
    if key in BUILT_IN:
        return BUILT_IN[key].load()
    from toolkit.providers import plugins

    if key in plugins.registered_entry_points():
        plugin = plugins.load_plugin(key)
        if plugin.kind is not None:
            return plugin.kind
        what = f"The provider {key!r} of the package {plugin.package} cannot be used: {plugin.problem}."
        raise UnknownProvider(what, hint="Mend that package, or uninstall it.")
    every = [*BUILT_IN, *plugins.registered_entry_points()]
    import difflib

    near = difflib.get_close_matches(key, every, n=1)
    known = ", ".join(every)
    hint = f"Did you mean {near[0]}? Known: {known}." if near else f"Known: {known}."
    raise UnknownProvider(f"There is no provider {name!r}.", hint=hint)


def _plugins() -> list[Plugin]:
    from toolkit.providers import plugins

    return [plugins.load_plugin(name, name in BUILT_IN) for name in plugins.registered_entry_points()]


@cache
def _log_broken() -> None:
    for plugin in broken():
        log.warning("the provider %s of the package %s cannot be used: %s", *plugin[:2], plugin.problem)
