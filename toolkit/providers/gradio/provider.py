"""The provider of Gradio apps, Hugging Face Spaces included; measured on gradio 6.31, 5.49 and 4.44."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from toolkit.chats.messages import format_prompt
from toolkit.errors import ProtocolError, SiteError, StreamInterrupted
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.gradio.answer_text import TextDeltas, error_message, extract_text
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.arguments import build_arguments
from toolkit.providers.gradio.wire_shapes import GradioEvent, GradioFunction, GradioInfo
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class Gradio(Provider):
    """Any `gradio.ChatInterface`, at its `base_url` (of a Space https://OWNER-NAME.hf.space), with a login if it asks.

    `fn` names the function to call, for apps that have several. All other arguments go into the app's additional inputs
    of the same names, which its page "Use via API" lists; an input without an argument has the app's default.

    The last message is the question, and those before it become the history of the app's function, in the way of the
    app's own page. Before gradio 6, or if an app has no such way, the whole conversation becomes one prompt. An app
    sends the whole text each time that it has grown; `TextDeltas` makes pieces of it.
    """

    name = "gradio"
    options = ("temperature", "max_tokens", "fn")
    refuses_unknown = True
    random = ("body.session_hash",)
    harvest = Harvest(probe=Probe(path="/config", identity=("username",), anonymous=True))

    @classmethod
    def create_async_generator(cls, model: str | None, messages: Messages, **kwargs: Any) -> ChatStream:
        """Asks the app; the stream gives the answer in pieces. `model` goes into the additional input `model`."""
        return cls._call(model, messages, kwargs)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        app = await http.json(AppConfig, "GET", f"{self.api}/config")
        settings = request.settings(temperature="temperature", max_tokens="max_tokens")
        settings |= {"model": request.model} if request.model else {}
        chat, api = app.find_chat_function(settings.pop("fn", None)), self.api + app.api_prefix
        prompt, session = await self._restore_history(request, http, app, chat, api)
        arguments = [app.message(chat, prompt)]
        if settings or len(app.arguments(chat)) > 1:
            arguments += build_arguments(await http.json(GradioInfo, "GET", f"{api}/info"), chat.name, settings)
        call = f"{api}/call/{quote(chat.name, safe='')}"
        body = session | {"data": app.fill_inputs(chat, arguments)}
        event_id = (await http.json(GradioEvent, "POST", call, body)).event_id
        deltas = TextDeltas()
        async with http.get(f"{call}/{quote(event_id, safe='')}") as response:
            async for frame in response.decode(SSEDecoder()):
                if frame.event == "error":
                    raise SiteError(error_message(decode_json(frame.data)), url=response.url)
                if frame.event not in ("generating", "complete"):  # a heartbeat, without text
                    continue
                outputs: Any = decode_json(frame.data)
                if frame.event == "complete" and outputs is None:  # the call was cancelled at the app
                    break
                if not isinstance(outputs, list):
                    raise ProtocolError("The app's answer is no list.", url=response.url)
                text = extract_text(outputs[:1])
                if frame.event == "complete":
                    yield deltas.finish(text)
                    yield Finished("stop")
                    return
                yield deltas.update(text)
            raise StreamInterrupted("The stream ended before the answer was complete.", url=response.url)

    async def _restore_history(
        self, request: ChatRequest, http: Transport, app: AppConfig, chat: GradioFunction, api: str
    ) -> tuple[str, dict[str, Any]]:
        """Store the messages before the last one as the history of `chat`, if the app can do that.

        Returns the prompt for `chat`, and the fields of the call that name the session with the history. Without a
        history the prompt is the whole conversation, and there are no such fields.
        """
        *earlier, last = request.messages
        restore = app.find_restore_function(chat) if earlier and last.role == "user" else None
        if not restore:
            return format_prompt(request.messages), {}
        history = [{"role": one.role, "content": [{"type": "text", "text": one.text}]} for one in earlier]
        session = {"session_hash": secrets.token_hex(6)}
        await http.json(dict, "POST", f"{api}/run/{restore}", session | {"data": [history]})
        return last.text, session
