"""Aura: openchat-ui, a Next.js app (https://github.com/imoneoi/openchat-ui), which streams its answer as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.streams.text import TextDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class AuraModel(Struct):
    """One entry of the site's list of models."""

    id: str


DISPLAY_NAMES = {"openchat_3.6": "OpenChat 3.6 (latest)", "openchat_v3.2_mistral": "OpenChat 3.5 (latest)"}
MAX_LENGTH = 24576  # characters of a prompt, as the site's page sends it


class Aura(Provider):
    """openchat.team. Needs no login and sets no cookies. The answer ends with the stream, without an end marker."""

    name = "aura"
    url = "https://openchat.team"
    working = False
    known_models = tuple(DISPLAY_NAMES)
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
        """Asks the site; the stream gives the answer in pieces. `webdriver` (or `context`) is a browser context of
        Playwright, which the caller has opened."""
        call = {**kwargs, "proxy": proxy, "webdriver": webdriver}
        return cls._call(model, messages, call, temperature=temperature, max_tokens=max_tokens)

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        models = await http.json(list[AuraModel], "POST", f"{self.api}/api/models", {"key": ""})
        return tuple(model.id for model in models)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        model = request.model or self.known_models[0]
        body = {
            "model": {
                "id": model,
                "name": DISPLAY_NAMES.get(model, model),
                "maxLength": MAX_LENGTH,
                "tokenLimit": 8192 if request.max_tokens is None else request.max_tokens,
            },
            "messages": [message.as_dict() for message in request.messages if message.role != "system"],
            "key": "",
            "prompt": "\n".join(message.text for message in request.messages if message.role == "system"),
            "temperature": 0.5 if request.temperature is None else request.temperature,
        }
        async with http.post(f"{self.api}/api/chat", json=body | request.options) as response:
            async for text in response.decode(TextDecoder()):
                yield text
