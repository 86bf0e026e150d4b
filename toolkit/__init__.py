"""Visit a chat site once with a real browser, then call it from Python with no browser running.

The public names are looked up when they are first used, so that `import toolkit` loads neither Playwright nor aiohttp.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.browser.launch import launch
    from toolkit.browser.session_manager import SessionManager
    from toolkit.chats.contents import File, Image
    from toolkit.chats.deadlines import Deadlines
    from toolkit.chats.events import (
        ChatEvent,
        ChatSaved,
        Finished,
        Media,
        ModelSelected,
        Queued,
        Reasoning,
        Source,
        Sources,
        Status,
        Text,
        ToolCall,
        Usage,
    )
    from toolkit.chats.messages import ChatRequest, Message, format_prompt
    from toolkit.chats.stream import ChatStream
    from toolkit.client.client import Client
    from toolkit.client.session_health import Health
    from toolkit.client.sync_client import SyncClient, chat
    from toolkit.client.sync_context_harvest import harvest_in
    from toolkit.client.sync_stream import SyncStream
    from toolkit.errors import ToolkitError
    from toolkit.http.route import Route
    from toolkit.providers import AiChatOnline, Aura, Chainlit, CodeLinkAva, Gradio, OpenAssistant, OpenWebUI, Streamlit
    from toolkit.providers.base import Provider
    from toolkit.replay.local_network import LocalNetwork
    from toolkit.session.browser_session import BrowserSession, Cookie
    from toolkit.session.recipe import Harvest, Probe
    from toolkit.session.recipe_tokens import Renew, StoredValue, Token
    from toolkit.stores.choose import open_store
    from toolkit.stores.file import FileStore
    from toolkit.stores.memory import MemoryStore

_HOMES = {
    "AiChatOnline": "toolkit.providers",
    "Aura": "toolkit.providers",
    "BrowserSession": "toolkit.session.browser_session",
    "Chainlit": "toolkit.providers",
    "ChatEvent": "toolkit.chats.events",
    "ChatRequest": "toolkit.chats.messages",
    "ChatSaved": "toolkit.chats.events",
    "ChatStream": "toolkit.chats.stream",
    "Client": "toolkit.client.client",
    "CodeLinkAva": "toolkit.providers",
    "Cookie": "toolkit.session.browser_session",
    "Deadlines": "toolkit.chats.deadlines",
    "File": "toolkit.chats.contents",
    "FileStore": "toolkit.stores.file",
    "Finished": "toolkit.chats.events",
    "Gradio": "toolkit.providers",
    "Harvest": "toolkit.session.recipe",
    "Health": "toolkit.client.session_health",
    "Image": "toolkit.chats.contents",
    "LocalNetwork": "toolkit.replay.local_network",
    "Media": "toolkit.chats.events",
    "MemoryStore": "toolkit.stores.memory",
    "Message": "toolkit.chats.messages",
    "ModelSelected": "toolkit.chats.events",
    "OpenAssistant": "toolkit.providers",
    "OpenWebUI": "toolkit.providers",
    "Probe": "toolkit.session.recipe",
    "Provider": "toolkit.providers.base",
    "Queued": "toolkit.chats.events",
    "Reasoning": "toolkit.chats.events",
    "Renew": "toolkit.session.recipe_tokens",
    "Route": "toolkit.http.route",
    "SessionManager": "toolkit.browser.session_manager",
    "Source": "toolkit.chats.events",
    "Sources": "toolkit.chats.events",
    "Status": "toolkit.chats.events",
    "StoredValue": "toolkit.session.recipe_tokens",
    "Streamlit": "toolkit.providers",
    "SyncClient": "toolkit.client.sync_client",
    "SyncStream": "toolkit.client.sync_stream",
    "Text": "toolkit.chats.events",
    "Token": "toolkit.session.recipe_tokens",
    "ToolCall": "toolkit.chats.events",
    "ToolkitError": "toolkit.errors",
    "Usage": "toolkit.chats.events",
    "chat": "toolkit.client.sync_client",
    "format_prompt": "toolkit.chats.messages",
    "harvest_in": "toolkit.client.sync_context_harvest",
    "launch": "toolkit.browser.launch",
    "open_store": "toolkit.stores.choose",
}

__all__ = [  # the same names; a test keeps the two alike
    "AiChatOnline",
    "Aura",
    "BrowserSession",
    "Chainlit",
    "ChatEvent",
    "ChatRequest",
    "ChatSaved",
    "ChatStream",
    "Client",
    "CodeLinkAva",
    "Cookie",
    "Deadlines",
    "File",
    "FileStore",
    "Finished",
    "Gradio",
    "Harvest",
    "Health",
    "Image",
    "LocalNetwork",
    "Media",
    "MemoryStore",
    "Message",
    "ModelSelected",
    "OpenAssistant",
    "OpenWebUI",
    "Probe",
    "Provider",
    "Queued",
    "Reasoning",
    "Renew",
    "Route",
    "SessionManager",
    "Source",
    "Sources",
    "Status",
    "StoredValue",
    "Streamlit",
    "SyncClient",
    "SyncStream",
    "Text",
    "Token",
    "ToolCall",
    "ToolkitError",
    "Usage",
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
