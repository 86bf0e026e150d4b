"""`Chainlit`: asks an app over its socket.io connection, as the app's page does; measured on chainlit 2.12."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from toolkit.chats.events import KEEP_ALIVE
from toolkit.chats.messages import FILES, IMAGES, TEXT, Message, format_prompt
from toolkit.errors import BadRequest, LoginRequired, ReplayMismatch, SiteError, ToolkitError, UnknownModel, UsageError
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.chainlit.answer import ChainlitAnswer
from toolkit.providers.chainlit.chat_settings import Widget, changed_settings, settings_of, wanted_settings
from toolkit.providers.chainlit.uploads import FileReference, upload_files
from toolkit.providers.chainlit.wire_shapes import ProjectSettings
from toolkit.providers.socket_io import Acknowledged, SocketIO
from toolkit.streams.socket_io import SocketEvent

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

GREETED, FORGETTING, CHANGED = 1, 2, 3  # the numbers of events that the app acknowledges
GREETING_SECONDS = 5.0  # the longest wait for that
START_SECONDS = 60.0  # the longest wait for what the app does before a question

# The settings of the apps, by the transport over which they were asked.
_settings: WeakKeyDictionary[Transport, ProjectSettings] = WeakKeyDictionary()


class Chainlit(Provider):
    """Any app, at its `base_url`, with a login if it asks. Its chat profiles are the models.

    A call is a chat of its own, so the conversation before the question goes into the question. An app that keeps chats
    has this one in the person's history afterwards, and the answer's `chat_id` names it; with the option `chat_id`, a
    later call goes on there, and its question is what was said since the last answer. What the app does meanwhile, such
    as calling a tool, is told as `Status`. The option `chat_settings` changes some of the settings that the app lets a
    person change, by their ids.
    """

    name = "chainlit"
    accepts = frozenset({TEXT, IMAGES, FILES})
    options = ("chat_id", "chat_settings")
    refuses_unknown = True
    random = (
        "frames.connect.sessionId",
        "frames.client_message.message.id",
        "frames.client_message.message.createdAt",
        "body.session_id",  # the page's, which it also sets as a cookie
        "query.session_id",  # of an upload
    )
    uncompared = ("frames.fetch_favorites",)
    own_pages = r"/(?:login|thread/[^/]*|login/callback)/?"
    harvest = Harvest(
        ready="#chat-input, textarea, [contenteditable=true]",
        signed_out=r"/login/?$",
        probe=Probe(path="/user", identity=("identifier", "id"), null_is_open=True),
    )

    @classmethod
    def create_async_generator(
        cls, model: str | None, messages: Messages, proxy: str | None = None, **kwargs: Any
    ) -> ChatStream:
        """Asks the app; the stream gives the answer in pieces. `base_url` is required; `model` is a chat profile."""
        return cls._call(model, messages, {**kwargs, "proxy": proxy})

    async def list_models(self, http: Transport) -> tuple[str, ...]:
        """The chat profiles; of an app that has none, its own name."""
        settings = await self._ask_settings(http)
        return settings.profiles or (settings.ui.name or self.name,)

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        if http.uncached or http not in _settings:
            _settings[http] = await self._ask_settings(http)
        settings, thread = _settings[http], _thread(request.options)
        wanted = wanted_settings(request.options.get("chat_settings"))
        if thread and not settings.thread_resumable:
            raise UsageError("The app keeps no chats, so a call cannot go on with one.", provider=self.name)
        asked = _asked(request.messages, thread)
        if not settings.takes_files and any(message.needs for message in asked):
            raise UsageError("The app takes no images and files.", url=self.site)
        question, session = str(uuid.uuid4()), str(uuid.uuid4())
        auth = {
            "clientType": "webapp",
            "sessionId": session,
            "threadId": thread,
            "userEnv": "{}",
            "chatProfile": quote(self._profile(request.model, settings), safe=""),
        }
        answer = ChainlitAnswer(question, self.site, session, saves=settings.data_persistence)
        url, refusal = f"{self.api}/ws/socket.io/", partial(self._explain_refusal, http, settings)
        async with SocketIO(http, url, auth, explain_refusal=refusal) as connection:
            form = await self._begin(connection, thread)
            if wanted:
                await connection.emit("chat_settings_change", changed_settings(form, wanted, self.site), id=CHANGED)
                await _wait_for(CHANGED, connection)
            files = await upload_files(http, self.api, session, asked)
            connection.tell_when_left("stop")
            await connection.emit("client_message", _client_message(asked, question, files))
            while not answer.is_over():
                event = await connection.receive()
                if not isinstance(event, SocketEvent):
                    if answer.has_begun():  # before that, a heartbeat says nothing of the question
                        yield KEEP_ALIVE
                    continue
                try:
                    for piece in answer.read(event):
                        yield piece
                finally:
                    if answer.is_over():
                        connection.tell_when_left()
            yield Finished("stop")

    async def _ask_settings(self, http: Transport) -> ProjectSettings:
        try:
            return await http.json(ProjectSettings, "GET", f"{self.api}/project/settings")
        except ReplayMismatch:  # a recording of the connection alone
            return ProjectSettings()

    def _profile(self, model: str | None, settings: ProjectSettings) -> str:
        """The chat profile for a call of `model`, "" for an app that has none. Raises `UnknownModel`."""
        profiles = settings.profiles
        if model is None or (not profiles and model in (settings.ui.name, self.name)):
            return profiles[0] if profiles else ""
        if model not in profiles:
            has = f"it has {', '.join(profiles)}" if profiles else "it has none"
            raise UnknownModel(f"The app has no chat profile {model!r}: {has}.", url=self.site)
        return model

    async def _begin(self, connection: SocketIO, thread: str) -> dict[str, Any]:
        """Greet the app, and wait until it has done what it does at the beginning of a chat, or is back in `thread`:
        it may not be ready for a question before. Returns the settings of the chat that it lets a person change.

        It does not say that it does nothing. So the greeting is to be acknowledged, and then another event: by then it
        has told that it has begun something. That event has it forget this chat when the connection is closed.

        Raises `BadRequest` for a thread that the app does not go on with, and `SiteError` where it asks back first.
        """
        await connection.emit("connection_successful", id=GREETED)
        limit, busy, greeted, resumed = GREETING_SECONDS, False, False, False
        settings: dict[str, Any] = {}
        while busy or not greeted:
            try:
                async with asyncio.timeout(limit):
                    event = await connection.receive()
            except TimeoutError:
                break
            if isinstance(event, Acknowledged):
                if event.id == GREETED:
                    if thread and not resumed:
                        raise _unknown_thread(thread, self.site)
                    await connection.emit("clear_session", id=FORGETTING)
                greeted = event.id == FORGETTING
            elif isinstance(event, SocketEvent):
                if event.name == "ask":
                    raise SiteError("The app asks for something before a question is put.", url=self.site)
                if event.name in ("task_start", "task_end"):
                    busy = event.name == "task_start"
                    limit = START_SECONDS if busy else GREETING_SECONDS
                if event.name == "chat_settings":
                    settings = settings_of(event.argument(list[Widget]))
                resumed = resumed or event.name == "resume_thread"
        return settings

    async def _explain_refusal(self, http: Transport, settings: ProjectSettings, said: str) -> ToolkitError:
        """The error for a connection that the app refuses: it says the same for each reason, so its page's call that
        tells who is signed in is asked."""
        try:
            await http.json(Any, "GET", f"{self.api}/user")
        except ReplayMismatch:  # as in `_ask_settings`
            return LoginRequired(f"The app refused the connection: {said}.", url=self.site)
        wanted = f"It asks people for {', '.join(settings.user_env)}." if settings.user_env else None
        return SiteError(f"The app refused the connection: {said}.", url=self.site, hint=wanted)


def _thread(options: dict[str, Any]) -> str:
    """The thread that the option `chat_id` names: its id, or the address of its page."""
    value = options.get("chat_id") or ""
    if not isinstance(value, str):
        raise UsageError("The option `chat_id` is a text.")
    return value.strip().rstrip("/").rpartition("/")[2]


def _unknown_thread(thread: str, site: str) -> BadRequest:
    hint = "`chat_id` is what `stream.chat_id` was, or the address of one of this account's chats."
    return BadRequest(f"The app does not go on with the chat {thread!r}.", url=site, hint=hint)


def _asked(messages: Sequence[Message], thread: str) -> Sequence[Message]:
    """What a call asks: all of `messages`, or in a `thread` those since its last answer."""
    answers = [number for number, message in enumerate(messages) if message.role == "assistant"]
    return messages[answers[-1] + 1 :] if thread and answers and answers[-1] + 1 < len(messages) else messages


def _client_message(asked: Sequence[Message], question: str, files: list[FileReference]) -> dict[str, Any]:
    """The message that asks the `question` (its id), with `files`."""
    message = {
        "threadId": "",
        "id": question,
        "name": "User",
        "type": "user_message",
        "output": format_prompt(asked),
        "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return {"message": message, "fileReferences": files}


async def _wait_for(id: int, connection: SocketIO) -> None:
    """Wait until the app has dealt with the event that was sent under the number `id`; not for ever, since an app
    whose own code for that fails never says so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while await connection.receive() != Acknowledged(id):
                pass
