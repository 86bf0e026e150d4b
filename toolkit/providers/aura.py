"""Aura: openchat-ui, a Next.js app (https://github.com/imoneoi/openchat-ui), whose answer is plain text as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.streams.text import TextDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class AuraModel(Struct):
    """Aura: one of its models."""

    id: str


NAMES = {"openchat_3.6": "OpenChat 3.6 (latest)", "openchat_v3.2_mistral": "OpenChat 3.5 (latest)"}
MAX_LENGTH = 24576


class Aura(Provider):
    """openchat.team. Needs no login and sets no cookies; the end of the answer is the end of the stream."""

    name = "aura"
    url = "https://openchat.team"
    working = False
    known_models = tuple(NAMES)
    options = ("temperature", "max_tokens")
    harvest = Harvest(ready=CHAT_BOX)

    @classmethod
    def create_async_generator(
        cls,
        model: str | None,
        messages: Messages,
        proxy: str | None = None,
        temperature: float = 0.5,
        max_tokens: int = 8192,
        webdriver: Any = None,
        **kwargs: Any,
    ) -> ChatStream:
        """The answer, piece by piece. `webdriver` (or `context`) is a Playwright browser context of the caller's."""
        call = {**kwargs, "proxy": proxy, "webdriver": webdriver}
        return cls._call(model, messages, call, temperature=temperature, max_tokens=max_tokens)

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        found = await http.json(list[AuraModel], "POST", f"{self.api}/api/models", {"key": ""})
        return tuple(model.id for model in found)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        model = request.model or self.known_models[0]
        body = {
            "model": {
                "id": model,
                "name": NAMES.get(model, model),
                "maxLength": MAX_LENGTH,
                "tokenLimit": 8192 if request.max_tokens is None else request.max_tokens,
            },
            "messages": [turn.as_dict() for turn in request.messages if turn.role != "system"],
            "key": "",
            "prompt": "\n".join(turn.content for turn in request.messages if turn.role == "system"),
            "temperature": 0.5 if request.temperature is None else request.temperature,
        }
        async with http.post(f"{self.api}/api/chat", json=body | request.options) as response:
            async for text in response.decode(TextDecoder()):
                yield text
