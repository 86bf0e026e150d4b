"""The sites: what each is asked, and how its answer is read. A site is one file, or a folder with its own wire shapes;
`base` says what a provider is, `registry` which there are. No HTTP library, browser or store is known here.

The classes are looked up when they are first used, so that one provider's needs are not everybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.providers.aichatonline import AiChatOnline
    from toolkit.providers.aura import Aura
    from toolkit.providers.codelinkava import CodeLinkAva
    from toolkit.providers.gradio.provider import Gradio
    from toolkit.providers.openassistant import OpenAssistant
    from toolkit.providers.openwebui import OpenWebUI

__all__ = ["AiChatOnline", "Aura", "CodeLinkAva", "Gradio", "OpenAssistant", "OpenWebUI"]


def __getattr__(name: str) -> object:
    from toolkit.providers.registry import BUILT_IN

    for provider in BUILT_IN.values():
        if name == provider.class_name:
            return provider.load()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
