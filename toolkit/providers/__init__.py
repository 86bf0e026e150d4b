"""The registry: which providers there are, by name. Each is one file of this folder, imported when it is asked for."""

from __future__ import annotations

import difflib
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

__all__ = ["AiChatOnline", "Aura", "CodeLinkAva", "Gradio", "OpenAssistant", "OpenWebUI", "find", "names"]

CLASSES = {
    "aura": "Aura",
    "codelinkava": "CodeLinkAva",
    "aichatonline": "AiChatOnline",
    "openassistant": "OpenAssistant",
    "openwebui": "OpenWebUI",
    "gradio": "Gradio",
}


def names() -> tuple[str, ...]:
    """The names of all providers."""
    return tuple(CLASSES)


def find(name: str) -> type[Provider]:
    """The provider of that name, whatever its case. Raises `UnknownProvider`, with the names that come near."""
    key = name.lower().replace("-", "").replace("_", "")
    if key not in CLASSES:
        near = difflib.get_close_matches(key, CLASSES, n=1)
        known = ", ".join(CLASSES)
        hint = f"Did you mean {near[0]}? Known: {known}." if near else f"Known: {known}."
        raise UnknownProvider(f"There is no provider {name!r}.", hint=hint)
    return cast("type[Provider]", getattr(import_module(f"{__name__}.{key}"), CLASSES[key]))


def __getattr__(name: str) -> object:
    for key, class_name in CLASSES.items():
        if name == class_name:
            return getattr(import_module(f"{__name__}.{key}"), class_name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
