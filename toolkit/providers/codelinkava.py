"""CodeLinkAva: an OpenAI chat-completions stream behind a web page; with `base_url`, any such endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.chats.messages import FILES, IMAGES, TEXT, TOOLS
from toolkit.providers.base import CHAT_BOX, ChatRequest, ChatStream, Harvest, Messages, Pieces, Provider
from toolkit.providers.openai.request import THINK_TAGS, completion_body, wants_think_tags
from toolkit.providers.openai.stream import ERROR_EVENTS as OPENAI_ERROR_EVENTS
from toolkit.providers.openai.stream import read_openai_stream

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class CodeLinkAva(Provider):
    """ava-ai-ef611.web.app, whose page calls another host. Extra arguments go into the request body."""

    name = "codelinkava"
    url = "https://ava-ai-ef611.web.app"
    api_url = "https://ava-alpha-api.codelink.io"
    working = False
    supports_gpt_35_turbo = True
    accepts = frozenset({TEXT, IMAGES, FILES, TOOLS})
    options = ("temperature", "max_tokens", THINK_TAGS)
    error_events = OPENAI_ERROR_EVENTS
    harvest = Harvest(ready=CHAT_BOX, hosts=("ava-alpha-api.codelink.io",))

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(base_url)
        self.api = self.site if base_url else self.api_url

    @classmethod
    def create_async_generator(cls, model: str | None, messages: Messages, **kwargs: Any) -> ChatStream:
        """Asks the site; the stream gives the answer in pieces."""
        return cls._call(model, messages, kwargs)

    def takes_model(self, model: str) -> bool:
        """Whether this is another deployment: the public host takes no model."""
        return bool(self.base_url)

    def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        body = completion_body(request, temperature=0.6)
        if request.model and self.takes_model(request.model):
            body.setdefault("model", request.model)
        headers = {"sec-fetch-site": "same-origin"}  # what this API's own client sends, though it is another site
        call = http.post(f"{self.api}/api/chat", json=body, headers=headers)
        return read_openai_stream(call, think_tags=wants_think_tags(request))
