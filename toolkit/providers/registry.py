"""The registry: lists the providers and finds one by its name.

The toolkit's own providers stand in a table here, and each is imported when it is first used. Other packages register
theirs by entry points (`toolkit.providers.plugins`).
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
    """The record of a provider of the toolkit: the module and the name of its class."""

    module: str
    class_name: str

    def load(self) -> type[Provider]:
        """Import the class."""
        return cast("type[Provider]", getattr(import_module(self.module), self.class_name))


# The providers of the toolkit by name, in the order of every list. A new one is one line here; lists, help, demo
# recordings and tests derive from it. Only `toolkit/__init__.py` and `toolkit/providers/__init__.py` repeat the
# classes, for type checkers.
BUILT_IN = {
    "aura": BuiltIn("toolkit.providers.aura", "Aura"),
    "codelinkava": BuiltIn("toolkit.providers.codelinkava", "CodeLinkAva"),
    "aichatonline": BuiltIn("toolkit.providers.aichatonline", "AiChatOnline"),
    "openassistant": BuiltIn("toolkit.providers.openassistant", "OpenAssistant"),
    "openwebui": BuiltIn("toolkit.providers.openwebui.provider", "OpenWebUI"),
    "gradio": BuiltIn("toolkit.providers.gradio.provider", "Gradio"),
    "chainlit": BuiltIn("toolkit.providers.chainlit.provider", "Chainlit"),
    "streamlit": BuiltIn("toolkit.providers.streamlit.provider", "Streamlit"),
}


def names() -> tuple[str, ...]:
    """The names of all providers, the toolkit's own first. A provider of another package that cannot be used is left
    out, and logged once."""
    _log_broken()
    return (*BUILT_IN, *(plugin.name for plugin in _plugins() if plugin.kind is not None))


def broken() -> tuple[Plugin, ...]:
    """The providers of other packages that cannot be used."""
    return tuple(plugin for plugin in _plugins() if plugin.kind is None)


def find(name: str) -> type[Provider]:
    """The class of the provider `name`; case, hyphens and underscores make no difference.

    Raises `UnknownProvider` if there is none, with the name that comes nearest, or if it is one of another package that
    cannot be used.
    """
    key = name.lower().replace("-", "").replace("_", "")
    if key in BUILT_IN:
        return BUILT_IN[key].load()
    from toolkit.providers import plugins

    if key in plugins.registered_names():
        plugin = plugins.load_plugin(key)
        if plugin.kind is not None:
            log.debug("the provider %s is that of %s", key, plugin.source)
            return plugin.kind
        what = f"The provider {key!r} of {plugin.source} cannot be used: {plugin.problem}."
        raise UnknownProvider(what, hint=plugin.remedy)
    registered = [*BUILT_IN, *plugins.registered_names()]
    import difflib

    near = difflib.get_close_matches(key, registered, n=1)
    known = ", ".join(registered)
    hint = f"Did you mean {near[0]}? Known: {known}." if near else f"Known: {known}. `toolkit new` writes another."
    raise UnknownProvider(f"There is no provider {name!r}.", hint=hint)


def _plugins() -> list[Plugin]:
    from toolkit.providers import plugins

    return [plugins.load_plugin(name, name in BUILT_IN) for name in plugins.registered_names()]


@cache
def _log_broken() -> None:
    for plugin in broken():
        log.warning("the provider %s of %s cannot be used: %s", plugin.name, plugin.source, plugin.problem)
