"""`OpenWebUI`: asks a deployment for an answer by OpenAI's protocol, and saves the turn there if it is to be saved."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.chats.messages import FILES, IMAGES, TEXT, TOOLS
from toolkit.errors import AccountPending, BadRequest, ServiceUnavailable, UnknownModel
from toolkit.providers.base import ChatRequest, ChatStream, Harvest, Messages, Pieces, Probe, Provider, Token
from toolkit.providers.openai.request import THINK_TAGS, wants_think_tags
from toolkit.providers.openai.stream import ERROR_EVENTS as OPENAI_ERROR_EVENTS
from toolkit.providers.openai.stream import read_openai_stream
from toolkit.providers.openai.wire import Models
from toolkit.providers.openwebui.chat_saving import ChatSaving
from toolkit.providers.openwebui.file_uploads import FileUploads
from toolkit.providers.openwebui.request_body import BODY_FIELDS, USAGE_FIELD, build_body
from toolkit.providers.openwebui.save_options import SAVE_OPTIONS, read_save_options

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

KEY_HINT = "The site has no valid key for the server of that model: tell its operator, or ask another model."


class OpenWebUI(Provider):
    """Any deployment, at its `base_url`. Needs a login.

    Files of messages are uploaded, and stay among the person's files. With `save=True` the finished turn is in the
    person's history at the site, in the folder that `folder` names. The answer's `chat_id` says in which chat; with
    the option `chat_id` a later call goes on there: with the whole conversation as its messages, or with a new
    question alone, before which the site's messages are put. All other arguments go into the request body.
    """

    name = "openwebui"
    needs_auth = True
    single_page = True
    accepts = frozenset({TEXT, IMAGES, FILES, TOOLS})
    options = ("temperature", "max_tokens", THINK_TAGS, *SAVE_OPTIONS, *BODY_FIELDS)
    error_events = (*OPENAI_ERROR_EVENTS, b'data: {"error": {"detail": "Server Connection Error"}}\n\n')
    random = ("body.chat.history",)  # the ids of messages, and when they were written
    statuses: ClassVar = {
        # The site's own refusals are `{"detail": ...}`; those of the servers behind it are passed on as they are. No
        # visitor can log in for the site's own key there, so that is a failure of the site.
        (401, '{"error":{'): ServiceUnavailable,
        (401, "do not have permission"): AccountPending,  # the person is signed in, but not admitted yet
        (401, "could not find what"): BadRequest,  # a chat that there is not
        (400, "Model not found"): UnknownModel,
        (403, "Model not found"): UnknownModel,  # the model exists, but not for this account
        (404, "model_not_found"): UnknownModel,  # the site lists it, but the server behind it has it no more
    }
    own_pages = r"/(?:auth|c|workspace|notes|admin|playground|channels)(?:/.*)?"
    harvest = Harvest(
        cookies=("token",),
        token=Token(place="localstorage", key="token", instead_of_cookies=True),
        signed_out=r"/auth/?$",
        probe=Probe(path="/api/v1/auths/", identity=("email", "id", "name"), pending=("role", "pending")),
        key_probe=Probe(path="/api/models", identity=(), anonymous=True),  # the other is for "a human session" alone
    )

    @classmethod
    def create_async_generator(
        cls, model: str | None, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> ChatStream:
        """Asks the site; the stream gives the answer in pieces. `base_url` is required."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy})

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        async with http.get(f"{self.api}/api/models") as response:
            await response.raise_for_page("a list of models", single_page=True)
            return tuple(model.id for model in (await response.json(Models)).data)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        options = read_save_options(request.options)
        saving = ChatSaving(options, http, self.site) if options is not None else None
        if saving is not None:
            await saving.open()
        uploads = FileUploads(http, self.api)
        async for event in uploads.upload(request.messages):
            yield event
        messages = uploads.replace(request.messages)
        model = request.model or await self.first_model(http)
        if saving is None:
            pieces = self._ask(build_body(request, model, messages, ()), request, http)
        else:
            body = build_body(request, model, saving.context(messages), saving.files())
            pieces = saving.save_at_end(self._ask(body, request, http), messages, model)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def _ask(self, body: dict[str, Any], request: ChatRequest, http: Transport) -> Pieces:
        """Ask for an answer with `body`, once more without asking for its usage where a server behind the site refuses
        to tell that."""
        while True:
            call = http.post(f"{self.api}/api/chat/completions", json=body)
            pieces = read_openai_stream(call, single_page=True, think_tags=wants_think_tags(request))
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        yield piece
                return
            except BadRequest as error:
                if USAGE_FIELD in request.options or USAGE_FIELD not in error.body or body.pop(USAGE_FIELD, 0) == 0:
                    raise
            except ServiceUnavailable as error:
                if error.status == 401:
                    error.hint = KEY_HINT
                raise
