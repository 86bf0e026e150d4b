"""A whole chat call as one function, with a client of its own: for the classmethods of `Provider`."""

from __future__ import annotations

from typing import Any

from toolkit.chats.messages import ChatRequest
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client
from toolkit.client.sync_context_harvest import harvest_sync_context
from toolkit.providers.base import Provider
from toolkit.providers.model_lists import ModelsRequest
from toolkit.session.frame_locals import forgetting_locals


@forgetting_locals
def open_chat(
    provider: type[Provider] | Provider, request: ChatRequest | ModelsRequest, **arguments: Any
) -> ChatStream:
    """Make one call with a client of its own. `arguments` are those of `Client`.

    `webdriver` is another name of `context`.
    """
    arguments.setdefault("context", arguments.pop("webdriver", None))
    return Client(provider, **harvest_sync_context(provider, arguments)).answer(request)
