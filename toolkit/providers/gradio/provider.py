"""The provider of Gradio apps, Hugging Face Spaces included; measured on gradio 6.31, 5.49, 4.44 and 3.50."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from toolkit.chats.messages import FILES, IMAGES, TEXT
from toolkit.errors import ToolkitError
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.call import GradioCall
from toolkit.providers.gradio.chat_flow_search import find_chat_flow

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class Gradio(Provider):
    """Any chat app, at its `base_url` (of a Space https://OWNER-NAME.hf.space), with a login if it asks: made with
    `gradio.ChatInterface`, or with `gradio.Blocks` that have a text box and a chatbot.

    `fn` names the function where the chat begins, for apps that have several. All other arguments go into the app's
    additional inputs of the same names, which its page "Use via API" lists; an input without an argument has the app's
    default.

    The last message is the question, and those before it become the history of the app's function, in the way of the
    app's own page. A system message goes into the additional input `system_message` or `system_prompt` where the app
    has one, else into the history. Before gradio 6, or if an app has no such way, the whole conversation becomes one
    prompt. Images and files go to apps whose text box takes them. An app sends the whole answer each time that it has
    grown; `GradioAnswer` makes pieces of it.
    """

    name = "gradio"
    accepts = frozenset({TEXT, IMAGES, FILES})
    options = ("temperature", "max_tokens", "fn")
    refuses_unknown = True
    error_events = (b"event: error\ndata: null\n\n", b'event: error\ndata: {"error": "busy"}\n\n')
    random = ("body.session_hash", "frames.session_hash")
    harvest = Harvest(probe=Probe(path="/config", identity=("username",), anonymous=True))

    @classmethod
    def create_async_generator(cls, model: str | None, messages: Messages, **kwargs: Any) -> ChatStream:
        """Asks the app; the stream gives the answer in pieces. `model` goes into the additional input `model`."""
        return cls._call(model, messages, kwargs)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        app = await http.json(AppConfig, "GET", f"{self.api}/config")
        settings = request.settings(temperature="temperature", max_tokens="max_tokens")
        settings |= {"model": request.model} if request.model else {}
        flow = find_chat_flow(app, settings.pop("fn", None))
        call = GradioCall(http, self.api + app.api_prefix, app, flow)
        await call.fill_in(request, settings)
        try:
            for step in flow.steps:
                async with aclosing(call.run(step)) as pieces:
                    async for piece in pieces:
                        yield piece
        except ToolkitError:
            for piece in call.rest():
                yield piece
            raise
        for piece in call.rest():
            yield piece
        call.raise_for_no_answer()
        yield Finished("stop")
