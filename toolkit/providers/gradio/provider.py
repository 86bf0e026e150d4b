"""Gradio: the chat apps of https://www.gradio.app, Hugging Face Spaces included; measured on 6.31, 5.49 and 4.44."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from toolkit.chats.messages import format_prompt
from toolkit.errors import ProtocolError, SiteError, StreamInterrupted
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.gradio.answer_text import TextDeltas, error_message, extract_text
from toolkit.providers.gradio.app_config import App
from toolkit.providers.gradio.arguments import build_arguments
from toolkit.providers.gradio.wire_shapes import GradioEvent, GradioInfo
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class Gradio(Provider):
    """Any `gradio.ChatInterface`, at its `base_url` (of a Space https://OWNER-NAME.hf.space), with a login if it asks.

    `fn` names the function to call, for apps that have several. All other arguments go into the app's additional inputs
    of these names, as its page "Use via API" tells them; what is not given has the app's own default.

    The last message is what is asked, and those before it are the history that the app's function gets, the way the
    app's page hands it over. Before gradio 6, and where an app has no such way, the conversation becomes one prompt.
    How the text, which an app tells anew each time that it has grown, becomes pieces is told in `gradio_text`.
    """

    name = "gradio"
    options = ("temperature", "max_tokens", "fn")
    refuses_unknown = True
    random = ("body.session_hash",)
    harvest = Harvest(probe=Probe(path="/config", identity=("username",), anonymous=True))

    @classmethod
    def create_async_generator(cls, model: str | None, messages: Messages, **kwargs: Any) -> ChatStream:
        """The answer, piece by piece. `model` goes into the additional input `model`."""
        return cls._call(model, messages, kwargs)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        app = await http.json(App, "GET", f"{self.api}/config")
        given = request.settings(temperature="temperature", max_tokens="max_tokens")
        given |= {"model": request.model} if request.model else {}
        chat, api = app.find_chat_function(given.pop("fn", None)), self.api + app.api_prefix
        *before, last = request.messages
        prompt, told = format_prompt(request.messages), dict[str, Any]()
        if before and last.role == "user" and (restoring := app.find_restore_function(chat)):
            shown = [{"role": one.role, "content": [{"type": "text", "text": one.content}]} for one in before]
            told = {"session_hash": secrets.token_hex(6)}
            await http.json(dict, "POST", f"{api}/run/{restoring}", told | {"data": [shown]})
            prompt = last.content
        data = [app.message(chat, prompt)]
        if given or len(app.arguments(chat)) > 1:
            data += build_arguments(await http.json(GradioInfo, "GET", f"{api}/info"), chat.name, given)
        call = f"{api}/call/{quote(chat.name, safe='')}"
        event = (await http.json(GradioEvent, "POST", call, told | {"data": app.fill_inputs(chat, data)})).event_id
        growing = TextDeltas()
        async with http.get(f"{call}/{quote(event, safe='')}") as response:
            async for sent in response.decode(SSEDecoder()):
                if sent.event == "error":
                    raise SiteError(error_message(decode_json(sent.data)), url=response.url)
                if sent.event not in ("generating", "complete"):  # a heartbeat: a sign of life, and no piece
                    continue
                answers: Any = decode_json(sent.data)
                if sent.event == "complete" and answers is None:  # somebody has cancelled it
                    break
                if not isinstance(answers, list):
                    raise ProtocolError("The app's answer is no list.", url=response.url)
                text = extract_text(answers[:1])
                if sent.event == "complete":
                    yield growing.finish(text)
                    yield Finished("stop")
                    return
                yield growing.update(text)
            raise StreamInterrupted("The stream ended before the answer was complete.", url=response.url)
