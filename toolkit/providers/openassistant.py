"""OpenAssistant: its website and inference server (github.com/LAION-AI/Open-Assistant). A chat is five calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from toolkit.chats.messages import format_prompt
from toolkit.errors import LoginRequired, SiteError, StreamInterrupted
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider, Queued
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class AssistantModel(Struct):
    """Open Assistant: one of its models."""

    name: str


class AssistantCreated(Struct):
    """Open Assistant: a chat or a message that has been made."""

    id: str


class AssistantMessage(Struct):
    """Open Assistant: a message; `content` is null until it is complete."""

    state: str
    content: str | None = None


class AssistantEvent(Struct):
    """Open Assistant: one event of an answer (the fields that belong to its `event_type` are there)."""

    event_type: str
    text: str = ""
    error: str | None = None
    message: AssistantMessage | None = None
    queue_position: int = 0
    queue_size: int = 0


SAMPLING = {"top_k": 50, "top_p": None, "typical_p": None, "temperature": 0.35,
            "repetition_penalty": 1.1111111111111112, "max_new_tokens": 1024}  # fmt: skip


class OpenAssistant(Provider):
    """open-assistant.io. Needs a login. Extra arguments go into the sampling parameters."""

    name = "openassistant"
    url = "https://open-assistant.io/chat"
    working = False
    needs_auth = True
    known_models = (model := "OA_SFT_Llama_30B_6",)
    options = ("temperature", "max_tokens")
    one_at_a_time = True  # a second call on one account cancels the first, whose stream then never ends
    statuses: ClassVar = {403: LoginRequired}
    harvest = Harvest(page="/chat", cookies=(r"(__Secure-)?next-auth\.session-token(\.0)?",), signed_out=r"^/auth/",
        probe=Probe(path="/api/auth/session", identity=("user.email", "user.id", "user.name")))  # fmt: skip

    @classmethod
    def create_async_generator(
        cls, model: str | None, messages: Messages, proxy: str | None = None,
        cookies: dict[str, str] | None = None, **kwargs: Any,
    ) -> ChatStream:  # fmt: skip
        """The answer, piece by piece. `cookies` are the names and values of a session to use as it is."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy, "cookies": cookies})

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        return tuple(one.name for one in await http.json(list[AssistantModel], "GET", f"{self.api}/api/chat/models"))

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        api = f"{self.api}/api/chat"
        sampling = SAMPLING | request.settings(temperature="temperature", max_tokens="max_new_tokens")
        async with http.temporary(AssistantCreated, api, "chat_id") as chat:
            prompt = {"chat_id": chat, "content": format_prompt(request.messages), "parent_id": None}
            parent = (await http.json(AssistantCreated, "POST", f"{api}/prompter_message", prompt)).id
            ask: dict[str, Any] = {"chat_id": chat, "parent_id": parent, "sampling_parameters": sampling, "plugins": []}
            ask["model_config_name"] = request.model or self.model
            message = (await http.json(AssistantCreated, "POST", f"{api}/assistant_message", ask)).id
            ids = {"chat_id": chat, "message_id": message}
            said, final = False, None
            async with http.post(f"{api}/events", params=ids) as response:
                async for sent in response.decode(SSEDecoder(), may_be_empty=True):
                    if sent.event == "ping":  # an older server's; its data is not JSON
                        continue
                    event = decode_json(sent.data, AssistantEvent)
                    if event.event_type == "pending":
                        yield Queued(event.queue_position, event.queue_size)
                    elif event.event_type == "error":
                        raise SiteError(f"The site reported: {event.error}", url=response.url)
                    elif event.event_type == "message":
                        final = event.message
                        break
                    elif event.text:
                        said = True
                        yield event.text
            while not said and (final is None or final.state in ("pending", "in_progress")):
                await asyncio.sleep(0 if final is None else 0.5)  # events are read once: from here on, by polling
                final = await http.json(AssistantMessage, "GET", f"{api}/message", params=ids)
            if final is None or final.state != "complete":
                raise StreamInterrupted("The stream ended before the message was finished.", url=response.url)
            if final.content and not said:
                yield final.content
            yield Finished("stop")
