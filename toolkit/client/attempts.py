"""What a provider is asked in one attempt at a call."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from toolkit.chats.events import Pieces
from toolkit.chats.messages import ChatRequest
from toolkit.http.transport import Transport
from toolkit.providers.base import Provider
from toolkit.providers.models import ModelsRequest, cached_models


def stream_answer(provider: Provider, request: ChatRequest | ModelsRequest, http: Transport) -> Pieces:
    """What `provider` makes of `request`: the pieces of a chat's answer, or the names of models."""
    return _pieces(provider, request, http) if isinstance(request, ModelsRequest) else provider.stream(request, http)


async def _pieces(provider: Provider, request: ModelsRequest, http: Transport) -> AsyncGenerator[str, None]:
    for name in await cached_models(provider, http, refresh=request.refresh):
        yield name
