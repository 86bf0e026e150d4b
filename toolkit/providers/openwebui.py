"""Open WebUI (https://github.com/open-webui/open-webui), a self-hosted page for any model, with OpenAI's protocol."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.chats.messages import IMAGES, TEXT, TOOLS
from toolkit.errors import AccountPending, UnknownModel
from toolkit.providers.base import ChatRequest, ChatStream, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.openai.request import THINK_TAGS, completion_body, wants_think_tags
from toolkit.providers.openai.stream import read_openai_stream
from toolkit.providers.openai.wire import Models

if TYPE_CHECKING:
    from toolkit.http.transport import Transport


class OpenWebUI(Provider):
    """Any deployment, at its `base_url`. Needs a login. Extra arguments go into the request body."""

    name = "openwebui"
    needs_auth = True
    single_page = True
    accepts = frozenset({TEXT, IMAGES, TOOLS})
    options = ("temperature", "max_tokens", THINK_TAGS)
    statuses: ClassVar = {
        (401, "do not have permission"): AccountPending,  # the person is signed in, but not admitted yet
        (400, "Model not found"): UnknownModel,
        (403, "Model not found"): UnknownModel,  # the model exists, but not for this account
    }
    harvest = Harvest(
        cookies=("token",),
        bearer="token",
        signed_out=r"/auth/?$",
        probe=Probe(path="/api/v1/auths/", identity=("email", "id", "name")),
    )

    @classmethod
    def create_async_generator(
        cls, model: str | None, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> ChatStream:
        """Asks the site; the stream gives the answer in pieces. `base_url` is required."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy})

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        async with http.get(f"{self.api}/api/models", headers=self.authorization(http)) as response:
            await response.raise_for_page("a list of models", single_page=True)
            return tuple(model.id for model in (await response.json(Models)).data)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        body = completion_body(request, model=request.model or await self.first_model(http))
        call = http.post(f"{self.api}/api/chat/completions", json=body, headers=self.authorization(http))
        pieces = read_openai_stream(call, single_page=True, think_tags=wants_think_tags(request))
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece
