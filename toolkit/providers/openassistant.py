"""OpenAssistant: its website and inference server (https://github.com/LAION-AI/Open-Assistant).

A chat is five requests: create a chat, add the prompt, request an answer, read its events, delete the chat.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from toolkit.chats.events import KEEP_ALIVE, KeepAlive
from toolkit.chats.messages import format_prompt
from toolkit.errors import LoginRequired, StreamInterrupted, UnknownModel
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider, Queued
from toolkit.providers.reported_errors import reported_error
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class AssistantModel(Struct):
    """One entry of the site's list of models."""

    name: str


class AssistantCreated(Struct):
    """A chat or a message that was created."""

    id: str


class AssistantMessage(Struct):
    """A message; `content` is null until it is complete."""

    state: str
    content: str | None = None


class AssistantEvent(Struct):
    """One event of an answer; only the fields of its `event_type` are set."""

    event_type: str
    text: str = ""
    error: str | None = None
    message: AssistantMessage | None = None
    queue_position: int = 0
    queue_size: int = 0


# The sampling parameters of the site's page.
SAMPLING = {
    "top_k": 50,
    "top_p": None,
    "typical_p": None,
    "temperature": 0.35,
    "repetition_penalty": 1.1111111111111112,
    "max_new_tokens": 1024,
}
POLL_SECONDS = 0.5


class OpenAssistant(Provider):
    """open-assistant.io. Needs a login. Extra arguments go into the sampling parameters."""

    name = "openassistant"
    url = "https://open-assistant.io/chat"
    working = False
    needs_auth = True
    model = "OA_SFT_Llama_30B_6"
    known_models = (model,)
    options = ("temperature", "max_tokens")
    one_at_a_time = True  # a second call on one account cancels the first, whose stream then never ends
    statuses: ClassVar = {
        403: LoginRequired,
        # The server checks the name of the model with the rest of the body, so the explanation is one of a field.
        (422, "model_config_name"): UnknownModel,
        (422, "not found"): UnknownModel,
        (422, "not in allowed models"): UnknownModel,
    }
    error_events = (b'data: {"event_type": "error", "error": "internal error", "message": null}\r\n\r\n',)
    own_pages = r"/(?:chat|dashboard|auth|account|messages)(?:/.*)?"
    harvest = Harvest(
        page="/chat",
        cookies=(r"(__Secure-)?next-auth\.session-token(\.0)?",),
        signed_out=r"^/auth/",
        probe=Probe(path="/api/auth/session", identity=("user.email", "user.id", "user.name")),
    )

    @classmethod
    def create_async_generator(
        cls,
        model: str | None,
        messages: Messages,
        proxy: str | None = None,
        cookies: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> ChatStream:
        """Asks the site; the stream gives the answer in pieces. `cookies` are the names and values of a session to use
        as it is."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy, "cookies": cookies})

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        models = await http.json(list[AssistantModel], "GET", f"{self.api}/api/chat/models")
        return tuple(model.name for model in models)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        api, model = f"{self.api}/api/chat", request.model or await self.first_model(http)
        async with http.temporary(AssistantCreated, api, "chat_id") as chat:
            ids = {"chat_id": chat, "message_id": await self._request_answer(request, http, chat, model)}
            has_text, final = False, None
            async with http.post(f"{api}/events", params=ids) as response:
                async for frame in response.decode(SSEDecoder(), may_be_empty=True, keep_alive=KEEP_ALIVE):
                    if isinstance(frame, KeepAlive) or frame.event == "ping":  # an older server's, which is not JSON
                        yield KEEP_ALIVE
                        continue
                    event = decode_json(frame.data, AssistantEvent)
                    if event.event_type == "pending":
                        yield Queued(event.queue_position, event.queue_size)
                    elif event.event_type == "error":
                        raise reported_error(event.error, response.url)
                    elif event.event_type == "message":
                        final = event.message
                        break
                    elif event.text:
                        has_text = True
                        yield event.text
                    else:
                        yield KEEP_ALIVE
            if not has_text:  # the events can be read only once, so from here on by polling
                final = await self._poll_message(http, ids, final)
            if final is None or final.state != "complete":
                raise StreamInterrupted("The stream ended before the message was finished.", url=response.url)
            if final.content and not has_text:
                yield final.content
            yield Finished("stop")

    async def _request_answer(self, request: ChatRequest, http: Transport, chat: str, model: str) -> str:
        """Add the prompt to the chat of the id `chat`, and request an answer of `model`. Returns the answer's id."""
        api = f"{self.api}/api/chat"
        prompt = {"chat_id": chat, "content": format_prompt(request.messages), "parent_id": None}
        parent = (await http.json(AssistantCreated, "POST", f"{api}/prompter_message", prompt)).id
        answer = {
            "chat_id": chat,
            "parent_id": parent,
            "sampling_parameters": SAMPLING | request.settings(temperature="temperature", max_tokens="max_new_tokens"),
            "plugins": [],
            "model_config_name": model,
        }
        return (await http.json(AssistantCreated, "POST", f"{api}/assistant_message", answer)).id

    async def _poll_message(
        self, http: Transport, ids: dict[str, str], message: AssistantMessage | None
    ) -> AssistantMessage:
        """Ask for the message of `ids` until it is finished; `message` is what is known of it so far."""
        while message is None or message.state in ("pending", "in_progress"):
            await asyncio.sleep(0 if message is None else POLL_SECONDS)
            message = await http.json(AssistantMessage, "GET", f"{self.api}/api/chat/message", params=ids)
        return message
