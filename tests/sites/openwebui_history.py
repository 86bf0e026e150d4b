"""What the stand-in for Open WebUI keeps of a person: files, folders, chats (shapes measured on open-webui 0.12.4)."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any

from aiohttp import web

from tests.sites.base import Handler, Site

Guard = Callable[[Handler], Handler]
NOT_FOUND = "We could not find what you're looking for :/"


class StoredFiles:
    """`states`: what is told of a file one after the other; after `completed` or `failed` (with `error`) the stream
    ends, else it goes on without a word, or `ends` as well. `reads_at_once`: as older versions, which tell no state.
    `contents`: the files by their ids, as name, MIME type and bytes."""

    def __init__(self, site: Site) -> None:
        self.states = ["processing", "completed"]
        self.error = ""
        self.reads_at_once = self.ends = False
        self.contents: dict[str, tuple[str, str, bytes]] = {}
        self._site = site

    def routes(self, api: str, guard: Guard) -> list[web.RouteDef]:
        files = f"{api}/v1/files/"
        return [web.post(files, guard(self._upload)), web.get(files + "{id}/process/status", guard(self._status))]

    async def _upload(self, request: web.Request) -> web.Response:
        form = _form_file(request.headers.get("Content-Type", ""), await request.read())
        if form is None:
            self._site.note(request, "no file")
            return web.json_response({"detail": [{"type": "missing", "loc": ["body", "file"]}]}, status=422)
        id, (name, kind, content) = str(uuid.uuid4()), form
        self.contents[id] = form
        meta = {"name": name, "content_type": kind, "size": len(content), "data": {}}
        now = int(time.time())
        shape = {"id": id, "user_id": "user-1", "hash": None, "filename": name, "meta": meta}
        state = {"content": "text"} if self.reads_at_once else {"status": "pending"}
        return web.json_response({**shape, "data": state, "created_at": now, "updated_at": now, "status": True})

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["id"] not in self.contents:
            return web.json_response({"detail": NOT_FOUND}, status=404)
        if request.query.get("stream") != "true":
            self._site.note(request, "the states are not asked for as a stream")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        return await self._site.send(request, response, self._frames())

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        for state in self.states:
            yield _event({"status": state} | ({"error": self.error} if state == "failed" else {}))
        if not self.ends and self.states[-1] not in ("completed", "failed"):
            await asyncio.Event().wait()


class StoredHistory:
    """`chats`: by their ids. `folders`: the names by their ids. `saves`: whether this account may save chats."""

    def __init__(self, site: Site) -> None:
        self.chats: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}
        self.saves = True
        self._site = site

    def routes(self, api: str, guard: Guard) -> list[web.RouteDef]:
        chats, folders = f"{api}/v1/chats", f"{api}/v1/folders/"
        return [
            web.post(f"{chats}/new", guard(self._new)),
            web.get(chats + "/{id}", guard(self._get)),
            web.post(chats + "/{id}", guard(self._update)),
            web.post(chats + "/{id}/folder", guard(self._move)),
            web.get(folders, guard(self._list_folders)),
            web.post(folders, guard(self._new_folder)),
        ]

    async def _new(self, request: web.Request) -> web.Response:
        body = await self._site.json_object(request)
        self._site.check_fields(request, body, {"chat": dict}, {"folder_id": (str, type(None))})
        chat, folder = body.get("chat", {}), body.get("folder_id")
        required = {"title": str, "models": list, "history": dict, "messages": list}
        self._site.check_fields(request, chat, required, {"params": dict, "files": list}, where="chat.")
        if not self.saves:
            return _forbidden()
        if folder is not None and folder not in self.folders:
            return web.json_response({"detail": NOT_FOUND}, status=404)
        self._check_history(request, chat["history"])
        id, now = str(uuid.uuid4()), int(time.time())
        self.chats[id] = {"id": id, "user_id": "user-1", "title": chat["title"], "chat": chat, "folder_id": folder}
        self.chats[id] |= {"created_at": now, "updated_at": now, "share_id": None, "archived": False}
        return web.json_response(self.chats[id])

    async def _get(self, request: web.Request) -> web.Response:
        """A chat of somebody else is as one that there is not."""
        if (chat := self.chats.get(request.match_info["id"])) is None:
            return web.json_response({"detail": NOT_FOUND}, status=401)
        return web.json_response(chat | {"chat": {**chat["chat"], "share_mode": "continue"}})

    async def _update(self, request: web.Request) -> web.Response:
        """The fields given replace the old ones; of the history, messages that are not given stay."""
        body = await self._site.json_object(request)
        self._site.check_fields(request, body, {"chat": dict})
        chat = self.chats.get(request.match_info["id"])
        if chat is None or not self.saves:
            return _forbidden()
        before, given = chat["chat"]["history"]["messages"], body["chat"]["history"]
        given["messages"] = {**before, **given["messages"]}
        self._check_history(request, given)
        chat["chat"] |= body["chat"]
        return web.json_response(chat)

    async def _move(self, request: web.Request) -> web.Response:
        folder = (await self._site.json_object(request)).get("folder_id")
        chat = self.chats[request.match_info["id"]]
        if folder not in self.folders:
            return web.json_response({"detail": NOT_FOUND}, status=404)
        chat["folder_id"] = folder
        return web.json_response(chat)

    async def _list_folders(self, request: web.Request) -> web.Response:
        return web.json_response([_folder(id, name) for id, name in self.folders.items()])

    async def _new_folder(self, request: web.Request) -> web.Response:
        body = await self._site.json_object(request)
        self._site.check_fields(request, body, {"name": str})
        if body["name"] in self.folders.values():
            return web.json_response({"detail": "Folder already exists"}, status=400)
        id = str(uuid.uuid4())
        self.folders[id] = body["name"]
        return web.json_response(_folder(id, body["name"]))

    def _check_history(self, request: web.Request, history: dict[str, Any]) -> None:
        """A tree: each message has its own id, parent and children name each other, and the current one is there."""
        messages: dict[str, Any] = history["messages"]
        for id, message in messages.items():
            parent = message["parentId"]
            if message["id"] != id or (parent is not None and id not in messages[parent]["childrenIds"]):
                self._site.note(request, "a message is not where its parent says")
            if any(messages[child]["parentId"] != id for child in message["childrenIds"]):
                self._site.note(request, "a message is not where its child says")
            if message["role"] == "assistant" and not (message.get("done") and message.get("model")):
                self._site.note(request, "an answer is not done, or of no model")
        if history["currentId"] not in messages:
            self._site.note(request, "there is no current message")


def _form_file(content_type: str, body: bytes) -> tuple[str, str, bytes] | None:
    """Name, MIME type and bytes of the field `file` of a form; the log has read the body, so aiohttp cannot."""
    boundary = re.fullmatch(r"multipart/form-data; boundary=(\w+)", content_type)
    for part in body.split(b"--" + boundary[1].encode()) if boundary else ():
        head, _, content = part.partition(b"\r\n\r\n")
        found = re.search(r'name="file"; filename="(.*)"\r\nContent-Type: (.*)', head.decode())
        if found:
            return found[1], found[2], content.removesuffix(b"\r\n")
    return None


def _folder(id: str, name: str) -> dict[str, Any]:
    return {"id": id, "name": name, "meta": None, "parent_id": None, "is_expanded": False}


def _forbidden() -> web.Response:
    text = "You do not have permission to access this resource. Please contact your administrator for assistance."
    return web.json_response({"detail": text}, status=401)


def _event(document: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()
