"""Saves the turn of a call in the person's history at the site, as its own page would."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from toolkit.chats.details import AnswerDetails
from toolkit.chats.events import ChatSaved, Finished, KeepAlive, Pieces
from toolkit.chats.messages import Message
from toolkit.errors import AccountPending, BadRequest, ToolkitError
from toolkit.providers.openwebui.chat_history import ChatHistory, make_title, turns_of
from toolkit.providers.openwebui.message_shapes import answer_fields, message_files
from toolkit.providers.openwebui.request_body import unique_files
from toolkit.providers.openwebui.save_options import SaveOptions
from toolkit.providers.openwebui.wire_shapes import ChatFolder, StoredChat

if TYPE_CHECKING:
    from toolkit.http.transport import Transport

CHAT_ID_HINT = "`chat_id` is what `stream.chat_id` was, or the address of one of this account's chats."

REFUSED = 401

# The models of answers that did not end and so were not saved, by their text, over a transport: where a conversation
# goes on with such an answer, it is saved with the next question.
_unsaved: WeakKeyDictionary[Transport, dict[str, str]] = WeakKeyDictionary()


class ChatSaving:
    """Saves one turn as `options` say, at the deployment `site`, over `http`.

    `open` goes before the question, so that what is wrong with the options shows before there is an answer.
    """

    def __init__(self, options: SaveOptions, http: Transport, site: str) -> None:
        self._options = options
        self._http = http
        self._site = site
        self._api = f"{site}/api/v1"
        self._chat: StoredChat | None = None
        self._history = ChatHistory({})
        self._folder_id: str | None = None
        self._answerers = _unsaved.setdefault(http, {})

    async def open(self) -> None:
        """Read the chat that is gone on with, and find or create the folder.

        Raises `BadRequest` where the account has no such chat, or may have no folders.
        """
        if self._options.chat_id:
            url = f"{self._api}/chats/{quote(self._options.chat_id, safe='')}"
            try:
                self._chat = await self._http.json(StoredChat, "GET", url)
            except BadRequest as error:
                error.what, error.hint = f"This account has no chat {self._options.chat_id!r}.", CHAT_ID_HINT
                error.args = (error.what,)
                raise
            self._history = ChatHistory(self._chat.chat)
        if self._options.folder:
            self._folder_id = await self._find_folder(self._options.folder)

    async def _find_folder(self, name: str) -> str:
        """The id of the folder `name`, one at the top before others; it is created where there is none."""
        url = f"{self._api}/folders/"
        folders = await self._http.json(list[ChatFolder], "GET", url)
        found = sorted((one for one in folders if one.name == name), key=lambda one: one.parent_id is not None)
        if found:
            return found[0].id
        return (await self._http.json(ChatFolder, "POST", url, {"name": name})).id

    def context(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """What to ask where the caller gives `messages`.

        Questions alone go on with the chat, so what was said there stands before them. With an answer among them, or
        the chat's own beginning, they are the whole conversation already.
        """
        turns = turns_of(messages)
        if any(turn.role == "assistant" for turn in turns) or self._history.begins_with(turns):
            return tuple(messages)
        earlier = self._history.messages()
        if any(message.role == "system" for message in messages):
            earlier = [message for message in earlier if message.role != "system"]
        systems = [message for message in messages if message.role == "system"]
        return (*systems, *earlier, *(message for message in messages if message.role != "system"))

    def files(self) -> list[dict[str, Any]]:
        """The files that the whole chat has, for the field `files` of a call."""
        files = self._chat.chat.get("files") if self._chat is not None else None
        return [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []

    async def save_at_end(self, pieces: Pieces, messages: Sequence[Message], model: str) -> Pieces:
        """The `pieces` of the answer of `model` to `messages`; before the end is told, the turn is saved, and that is
        told."""
        text, details, ended = list[str](), AnswerDetails(), False
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    if isinstance(piece, str):
                        text.append(piece)
                    elif isinstance(piece, Finished):
                        ended = True
                        if (saved := await self.save(messages, model, "".join(text), details)) is not None:
                            yield saved
                    elif not isinstance(piece, KeepAlive):
                        details.add(piece)
                    yield piece
        finally:
            if text and not ended:
                self._answerers["".join(text).strip()] = model

    async def save(
        self, messages: Sequence[Message], model: str, text: str, details: AnswerDetails
    ) -> ChatSaved | None:
        """Save the answer of `model` to `messages`; None where there is nothing to save, because it calls tools.

        Raises what the call raises, with words that say that only the saving has failed.
        """
        if not text.strip() and not details.media:
            return None
        try:
            chat = await self._store(messages, model, answer_fields(text, details))
            if self._folder_id is not None and chat.folder_id != self._folder_id:
                url = f"{self._api}/chats/{quote(chat.id, safe='')}/folder"
                await self._http.json(Any, "POST", url, {"folder_id": self._folder_id})
        except ToolkitError as error:
            raise _not_saved(error) from None
        return ChatSaved(chat.id, f"{self._site}/c/{quote(chat.id, safe='')}")

    async def _store(self, messages: Sequence[Message], model: str, answer: dict[str, Any]) -> StoredChat:
        turns, now = turns_of(messages), time.time()
        attached = [file for turn in turns for file in message_files(turn) if file["type"] == "file"]
        history = self._history.add(self._history.find_place(turns), model, answer, now, self._answerers)
        chat: dict[str, Any] = {"history": history}
        if files := unique_files([*self.files(), *attached]):
            chat["files"] = files
        if self._chat is not None:
            url = f"{self._api}/chats/{quote(self._chat.id, safe='')}"
            return await self._http.json(StoredChat, "POST", url, {"chat": chat})
        system = "\n".join(message.text for message in messages if message.role == "system")
        chat |= {"title": make_title(turns), "models": [model], "messages": []}
        chat |= {"params": {"system": system}} if system else {}
        body = {"chat": chat} | ({"folder_id": self._folder_id} if self._folder_id else {})
        return await self._http.json(StoredChat, "POST", f"{self._api}/chats/new", body)


def _not_saved(error: ToolkitError) -> ToolkitError:
    """`error` with words that say that the answer itself is whole."""
    what = f"The answer is whole, but it was not saved in the history at the site: {error.what}"
    if isinstance(error, AccountPending):  # what the site says of a thing that is not allowed, to any account
        refused = BadRequest(what, url=error.url, hint="Whoever runs the site can allow it to this account.")
        refused.status = REFUSED
        return refused
    error.what, error.args = what, (what,)
    return error
