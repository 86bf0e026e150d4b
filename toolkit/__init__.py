"""Visit a chat site once with a real browser, then call it from Python with no browser running.

The public names are looked up when they are first used, so that `import toolkit` loads neither Playwright nor aiohttp.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.browser.launch import launch
    from toolkit.browser.manager import SessionManager
    from toolkit.call import harvest_in
    from toolkit.chat_stream import ChatEvent, ChatStream, Finished, Queued, Text
    from toolkit.client import Client
    from toolkit.deadlines import Deadlines
    from toolkit.errors import ToolkitError
    from toolkit.health import Health
    from toolkit.messages import ChatRequest, Message, format_prompt
    from toolkit.providers import AiChatOnline, Aura, CodeLinkAva, Gradio, OpenAssistant, OpenWebUI
    from toolkit.providers.base import Provider
    from toolkit.recipe import Harvest, Probe
    from toolkit.recording.network import LocalNetwork
    from toolkit.route import Route
    from toolkit.session import BrowserSession, Cookie
    from toolkit.stores.choose import open_store
    from toolkit.stores.file import FileStore
    from toolkit.stores.memory import MemoryStore
    from toolkit.sync import SyncClient, SyncStream, chat

_HOMES = {
    "AiChatOnline": "toolkit.providers",
    "Aura": "toolkit.providers",
    "BrowserSession": "toolkit.session",
    "ChatEvent": "toolkit.chat_stream",
    "ChatRequest": "toolkit.messages",
    "ChatStream": "toolkit.chat_stream",
    "Client": "toolkit.client",
    "CodeLinkAva": "toolkit.providers",
    "Cookie": "toolkit.session",
    "Deadlines": "toolkit.deadlines",
    "FileStore": "toolkit.stores.file",
    "Finished": "toolkit.chat_stream",
    "Gradio": "toolkit.providers",
    "Harvest": "toolkit.recipe",
    "Health": "toolkit.health",
    "LocalNetwork": "toolkit.recording.network",
    "MemoryStore": "toolkit.stores.memory",
    "Message": "toolkit.messages",
    "OpenAssistant": "toolkit.providers",
    "OpenWebUI": "toolkit.providers",
    "Probe": "toolkit.recipe",
    "Provider": "toolkit.providers.base",
    "Queued": "toolkit.chat_stream",
    "Route": "toolkit.route",
    "SessionManager": "toolkit.browser.manager",
    "SyncClient": "toolkit.sync",
    "SyncStream": "toolkit.sync",
    "Text": "toolkit.chat_stream",
    "ToolkitError": "toolkit.errors",
    "chat": "toolkit.sync",
    "format_prompt": "toolkit.messages",
    "harvest_in": "toolkit.call",
    "launch": "toolkit.browser.launch",
    "open_store": "toolkit.stores.choose",
}

__all__ = [  # the same names; a test keeps the two alike
    "AiChatOnline",
    "Aura",
    "BrowserSession",
    "ChatEvent",
    "ChatRequest",
    "ChatStream",
    "Client",
    "CodeLinkAva",
    "Cookie",
    "Deadlines",
    "FileStore",
    "Finished",
    "Gradio",
    "Harvest",
    "Health",
    "LocalNetwork",
    "MemoryStore",
    "Message",
    "OpenAssistant",
    "OpenWebUI",
    "Probe",
    "Provider",
    "Queued",
    "Route",
    "SessionManager",
    "SyncClient",
    "SyncStream",
    "Text",
    "ToolkitError",
    "chat",
    "format_prompt",
    "harvest_in",
    "launch",
    "open_store",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "errors"]
