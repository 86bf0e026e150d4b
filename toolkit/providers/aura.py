"""Aura: openchat-ui, a Next.js app (https://github.com/imoneoi/openchat-ui), which streams its answer as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from toolkit.chats.events import KEEP_ALIVE
from toolkit.chats.messages import Message
from toolkit.errors import RateLimited, ServiceUnavailable, UnknownModel
from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.streams.text import TextDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class AuraModel(Struct):
    """One entry of the site's list of models."""

    id: str


DISPLAY_NAMES = {"openchat_3.6": "OpenChat 3.6 (latest)", "openchat_v3.2_mistral": "OpenChat 3.5 (latest)"}
MAX_LENGTH = 24576  # characters of a prompt, as the site's page sends it
TOKEN_LIMIT = 8192  # what the page sends
# What the site keeps free besides the messages is 768 tokens, and its own prompt where none is sent (measured). What a
# tokenizer may add to each message is a guess on the safe side.
RESERVED_TOKENS, TOKENS_PER_MESSAGE = 1000, 8


def token_limit(messages: Iterable[Message], wanted: int | None) -> int:
    """The `tokenLimit` to send, in tokens: `wanted` (the page's own by default), or more where `messages` need it.

    It is the room for the whole conversation at the site, which leaves out what does not fit, the question included,
    and answers all the same. A token is never less than one byte of UTF-8, so as many as there are bytes are enough.
    """
    needed = sum(len(message.text.encode("utf-8", "replace")) + TOKENS_PER_MESSAGE for message in messages)
    return max(TOKEN_LIMIT if wanted is None else wanted, needed + RESERVED_TOKENS)


RATE_LIMITED = ("ate limit", "ate-limit", "Too Many Requests", "too many requests", "exceeded your current quota")
UNKNOWN_MODEL = ("does not exist or you do not have access", "model_not_found", "odel not found")
KEY_REFUSED = ("API key", "api key", "api_key", "nauthorized")


class Aura(Provider):
    """openchat.team. Needs no login and sets no cookies. The answer ends with the stream, without an end marker.

    `max_tokens` is not the length of the answer, which is the site's own matter, but the room for the conversation.
    Every failure of the server behind the site has the status 500; the reason phrase alone tells which one it is.
    """

    name = "aura"
    url = "https://openchat.team"
    working = False
    known_models = tuple(DISPLAY_NAMES)
    options = ("temperature", "max_tokens")
    marks_end = False
    option_notes: ClassVar = {
        "max_tokens": "the room for the whole conversation at the site (raised where the messages need more), and not "
        "the length of the answer, which the site does not let be chosen",
    }
    # The words of the OpenAI-style servers behind the site. Their 401 is about the site's own key: no visitor can log
    # in for that, so it is a failure of the site.
    statuses: ClassVar = {
        **{(500, words): RateLimited for words in RATE_LIMITED},
        **{(500, words): UnknownModel for words in UNKNOWN_MODEL},
        500: ServiceUnavailable,
    }
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
        Playwright, which the caller has opened. `max_tokens` is sent as `tokenLimit`: see `token_limit`."""
        call = {**kwargs, "proxy": proxy, "webdriver": webdriver}
        return cls._call(model, messages, call, temperature=temperature, max_tokens=max_tokens)

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        models = await http.json(list[AuraModel], "POST", f"{self.api}/api/models", {"key": ""})
        return tuple(model.id for model in models)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        model = request.model or await self.first_model(http)
        body = {
            "model": {
                "id": model,
                "name": DISPLAY_NAMES.get(model, model),
                "maxLength": MAX_LENGTH,
                "tokenLimit": token_limit(request.messages, request.max_tokens),
            },
            "messages": [message.as_dict() for message in request.messages if message.role != "system"],
            "key": "",
            "prompt": "\n".join(message.text for message in request.messages if message.role == "system"),
            "temperature": 0.5 if request.temperature is None else request.temperature,
        }
        try:
            async with http.post(f"{self.api}/api/chat", json=body | request.options) as response:
                async for piece in response.decode(TextDecoder(), keep_alive=KEEP_ALIVE):
                    yield piece
        except ServiceUnavailable as error:
            if any(words in error.reason for words in KEY_REFUSED):
                error.hint = "The server behind the site refuses the site's own key: a login does not help."
            raise
