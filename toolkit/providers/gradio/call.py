"""Asks a Gradio app one question, in the steps in which its page does it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from toolkit.chats.events import KEEP_ALIVE, KeepAlive, Piece, Pieces
from toolkit.chats.messages import ChatRequest, Message, format_prompt
from toolkit.errors import EmptyAnswer, ProtocolError, SiteError, StreamInterrupted, ToolkitError, UsageError
from toolkit.providers.gradio.answer import GradioAnswer, error_message
from toolkit.providers.gradio.answer_contents import unwrap_update
from toolkit.providers.gradio.app_config import SOCKET_QUEUE, AppConfig
from toolkit.providers.gradio.arguments import build_arguments, format_names, system_parameter
from toolkit.providers.gradio.chat_flow_search import ChatFlow
from toolkit.providers.gradio.history import build_history
from toolkit.providers.gradio.queue_socket import call_by_queue
from toolkit.providers.gradio.uploads import upload_files
from toolkit.providers.gradio.wire_shapes import GradioEvent, GradioFunction, GradioInfo, GradioOutputs
from toolkit.streams.json_decoding import decode_json
from toolkit.streams.sse import SSEDecoder

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

TEXT_WITH_FILES = "multimodaltextbox"


class GradioCall:
    """The session of one question: the values of the components of the app's page, which its functions change.

    `api` is the address of the app's functions and files.
    """

    def __init__(self, http: Transport, api: str, app: AppConfig, flow: ChatFlow) -> None:
        self._http = http
        self._api = api
        self._app = app
        self._flow = flow
        self._values: dict[int, Any] = {}
        # Names the session in which the app keeps what its functions hand to each other.
        self._session = {"session_hash": secrets.token_hex(6)} if len(flow.steps) > 1 else {}
        self._answer = GradioAnswer(api, None)

    async def fill_in(self, request: ChatRequest, settings: dict[str, Any]) -> None:
        """Put the question, the conversation before it and `settings` where the app's functions take them.

        Raises `UsageError` for what the app does not take.
        """
        app, flow = self._app, self._flow
        with_files = app.type(flow.box) == TEXT_WITH_FILES
        if request.needs and not with_files:
            raise UsageError("The app's text box takes text, and no images or files.")
        chatbot = app.first(sorted(flow.inputs), "chatbot")
        messages = request.messages
        if await self._fill_in_settings(settings, chatbot, _system_message(messages)):
            messages = tuple(message for message in messages if message.role != "system") or messages
        uploaded = [await upload_files(self._http, self._api, message) for message in messages]
        *earlier, last = messages
        restore = app.find_restore_function(flow.states(app)) if earlier else None
        history: list[Any] = []
        if last.role == "user" and (chatbot is not None or restore is not None):
            text, files = last.text, uploaded[-1]
            history = build_history(app, chatbot, list(zip(earlier, uploaded, strict=False)))
        else:
            text, files, restore = format_prompt(messages), [file for files in uploaded for file in files], None
        if restore is not None:
            self._session = self._session or {"session_hash": secrets.token_hex(6)}
            await self._http.json(dict, "POST", f"{self._api}/run/{restore}", self._session | {"data": [history]})
        self._values[flow.box] = {"text": text, "files": files} if with_files else text
        if chatbot is not None:
            self._values[chatbot] = history
        self._answer = GradioAnswer(self._api, history if app.type(flow.answer) == "chatbot" else None)

    async def _fill_in_settings(self, settings: dict[str, Any], chatbot: int | None, system: str) -> bool:
        """Put `settings`, and the app's defaults, where its functions take them. Returns whether `system`, the system
        message, has a place there too."""
        app, flow = self._app, self._flow
        others = {number for step in flow.steps for number in app.arguments(step)} - {flow.box, chatbot}
        if not (settings or others):
            return False
        info = await self._http.json(GradioInfo, "GET", f"{self._api}/info")
        named = [*flow.steps, *(one for one in app.dependencies if one.is_public and flow.box in one.inputs)]
        place = system_parameter(app, info, named, others) if system else None
        placed = {} if place is None or place in settings else {place: system}
        self._values = build_arguments(app, info, named, others, settings | placed)
        return bool(placed)

    async def run(self, step: GradioFunction) -> Pieces:
        """Call the function `step`; yields what it adds to the answer."""
        if self._app.has_socket_queue(step):
            async with aclosing(self._run_by_socket(step)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        name = quote(step.name, safe="")
        body = self._session | {"data": [self._values.get(number) for number in step.inputs]}
        if step.queue is False or self._app.major == SOCKET_QUEUE:
            outputs = await self._http.json(GradioOutputs, "POST", f"{self._api}/run/{name}", body)
            for piece in self._take(step, outputs.data):
                yield piece
            return
        call = f"{self._api}/call/{name}"
        event_id = (await self._http.json(GradioEvent, "POST", call, body)).event_id
        try:
            async with aclosing(self._read(step, f"{call}/{quote(event_id, safe='')}")) as pieces:
                async for piece in pieces:
                    yield piece
        except ToolkitError as error:
            error.url = call  # the id in the other address is of this call alone
            raise

    async def _run_by_socket(self, step: GradioFunction) -> Pieces:
        """Call the function `step` by the queue of Gradio 3."""
        session = self._session.get("session_hash") or secrets.token_hex(6)
        data = [self._values.get(number) for number in step.inputs]
        async with aclosing(call_by_queue(self._http, self._api, step.id, data, session)) as messages:
            async for message in messages:
                if not isinstance(message, list):
                    yield message
                    continue
                yield KEEP_ALIVE
                for piece in self._take(step, message):
                    yield piece

    async def _read(self, step: GradioFunction, url: str) -> AsyncGenerator[Piece, None]:
        """Read the events of a call of `step` at `url`; yields what they add to the answer."""
        async with self._http.get(url) as response:
            async for frame in response.decode(SSEDecoder(), keep_alive=KEEP_ALIVE):
                if isinstance(frame, KeepAlive) or frame.event not in ("generating", "complete", "error"):
                    yield KEEP_ALIVE  # a heartbeat
                    continue
                data: Any = decode_json(frame.data)
                if frame.event == "error":
                    raise SiteError(error_message(data), url=url)
                if frame.event == "complete" and data is None:  # the call was cancelled at the app
                    break
                if not isinstance(data, list):
                    raise ProtocolError("The app's answer is no list.", url=url)
                yield KEEP_ALIVE
                for piece in self._take(step, data):
                    yield piece
                if frame.event == "complete":
                    return
            raise StreamInterrupted("The stream ended before the answer was complete.", url=url)

    def _take(self, step: GradioFunction, outputs: list[Any]) -> Iterator[Piece]:
        """Take the values that `step` gives to components; yields what they add to the answer."""
        for number, value in zip(step.outputs, outputs, strict=False):
            self._values[number] = unwrap_update(value, self._values.get(number))
        if self._flow.answer in step.outputs:
            yield from self._answer.update(self._values.get(self._flow.answer))

    def rest(self) -> Iterator[Piece]:
        """What was held back of the answer, which has ended or failed."""
        return self._answer.end()

    def raise_for_no_answer(self) -> None:
        """Raise `EmptyAnswer` where the app's functions have ended and nobody has answered, or by components alone that
        are neither text nor files."""
        answer = self._answer
        if answer.empty and answer.passed_over:
            kinds = " and ".join(map(repr, answer.passed_over))
            raise EmptyAnswer(f"The answer has no text, only components of the type {kinds}.", url=self._api)
        if not answer.found:
            others = [one.name for one in self._app.dependencies if one.is_public]
            raise EmptyAnswer(
                f"The app's function {format_names([self._flow.name])} has ended without an answer.",
                url=self._api,
                hint=f"If the chat is another one, name it as `fn`: {format_names(others) or 'none is offered'}.",
            )


def _system_message(messages: Sequence[Message]) -> str:
    return "\n".join(message.text for message in messages if message.role == "system")
