"""The providers: for each chat site the requests that it needs, and how its answer is read.

Here belong the base class (`base`), the providers of the toolkit (each is one file, or a folder if its JSON shapes need
one), the registry that finds them and those of other packages by name, and the lists of models. No HTTP library,
browser or store belongs here: a provider gets a `Transport` and gives text and events. Other rooms use the provider
classes, each of which is imported when it is first used; `registry`, `model_lists` and `base` are imported by module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.providers.aichatonline import AiChatOnline
    from toolkit.providers.aura import Aura
    from toolkit.providers.chainlit.provider import Chainlit
    from toolkit.providers.codelinkava import CodeLinkAva
    from toolkit.providers.gradio.provider import Gradio
    from toolkit.providers.openassistant import OpenAssistant
    from toolkit.providers.openwebui.provider import OpenWebUI
    from toolkit.providers.streamlit.provider import Streamlit

__all__ = ["AiChatOnline", "Aura", "Chainlit", "CodeLinkAva", "Gradio", "OpenAssistant", "OpenWebUI", "Streamlit"]


def __getattr__(name: str) -> object:
    from toolkit.providers.registry import BUILT_IN

    for provider in BUILT_IN.values():
        if name == provider.class_name:
            return provider.load()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
