"""A stand-in for Open Assistant's website and the inference server behind it: login, and a chat in five steps.

The shapes are those of the recorded exchanges, the rules (one pending request, a rate limit, which errors) those that
were measured. `oa_script.py` has what the worker says, `nextauth.py` the login.

Ways to fail: `refuse(step, status, message)`, `script.error`, `script.terminal = False`, `ending` ("hang", "cut"),
`script.finished_first`, `idle_models`, `rate_limit`, `login.expire()`.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import defaultdict
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.sites.base import Handler, Refusal, Site, page, refuse, unframed
from tests.sites.nextauth import PASSWORD, USER, Login, Names, cookies, csrf_of
from tests.sites.oa_script import MODELS, Message, Script, chat_record, compact, models_document, sampling_error

HOST = "open-assistant.io"
CLOSE = {"Keep-Alive": "timeout=5", "Connection": "close"}  # the real server says both
JSON = "application/json; charset=utf-8"
WINDOW_SECONDS = 660
STEPS = {
    "chat": "/api/chat",
    "prompter_message": "/api/chat/prompter_message",
    "assistant_message": "/api/chat/assistant_message",
    "events": "/api/chat/events",
    "message": "/api/chat/message",
}


class OpenAssistantSite(Site):
    """`script`: what the worker says (`answer` is its text). `idle_models`: models that have no worker, so that their
    messages stay pending. `rate_limit`: assistant messages per user in 660 s. `open_chats`: ids of chats that nobody
    has deleted yet. `failing_deletes`: so many deletions fail, as after a failure of the inference server. `login`: who
    is signed in."""

    public_hosts = (HOST,)

    def __init__(self) -> None:
        super().__init__()
        self.script = Script()
        self.login = Login()
        self.idle_models: set[str] = set()
        self.rate_limit = 20
        self.failing_deletes = 0
        self.chats: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}
        self.messages: dict[str, Message] = {}
        self._used: dict[str, list[float]] = defaultdict(list)
        self._ids = 0

    @property
    def open_chats(self) -> set[str]:
        return set(self.chats)

    def refuse(self, step: str, status: int, message: str | list[Any]) -> None:
        """Answer that step with `{"message": message}`, a string or a list of objects."""
        text = compact({"message": message})
        self.refusals[STEPS[step]] = Refusal(status, text, content_type=JSON, headers=CLOSE)

    def hosts(self) -> dict[str, web.Application]:
        return {HOST: self.app()}

    def app(self) -> web.Application:
        chat = [
            web.post("/api/chat", self._signed_in(self._create)),
            web.get("/api/chat", self._signed_in(self._list)),
            web.put("/api/chat", self._signed_in(self._update)),
            web.delete("/api/chat", self._signed_in(self._delete)),
            web.get("/api/chat/models", self._signed_in(self._models)),
            web.post("/api/chat/prompter_message", self._signed_in(self._prompter)),
            web.post("/api/chat/assistant_message", self._signed_in(self._assistant)),
            web.get("/api/chat/message", self._signed_in(self._message)),
            web.get("/api/chat/events", self._signed_in(self._events)),
            web.post("/api/chat/events", self._signed_in(self._events)),
            web.post("/api/chat/vote", self._signed_in(self._vote)),
        ]
        pages = [
            web.get("/", self._home),
            web.get("/chat", self._chat_page),
            web.get("/chat/{id}", self._chat_page),
            web.get("/auth/signin", self._signin_page),
            web.get("/api/auth/providers", self._providers),
            web.get("/api/auth/session", self._session),
            web.post("/api/auth/callback/credentials", self._sign_in),
        ]
        return self.application([*chat, *pages])

    # Login and pages

    def _signed_in(self, handler: Handler) -> Handler:
        """`handler`, for those with a session: the others get 403 with nothing in it. A site's page made the call."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self.check_fetch(request, referer="/chat")
            self._check_cookies(request)
            if self.login.user(request, secure=self.is_secure(request)) is None:
                return await refuse(request, Refusal(403, headers=CLOSE))
            return await handler(request)

        return guarded

    def _check_cookies(self, request: web.Request) -> None:
        """Each name once, and none but the site's own."""
        pairs = request.headers.get("Cookie", "")
        sent = [pair.split("=", 1)[0].strip() for pair in pairs.split(";")] if pairs else []
        own = vars(Names(self.is_secure(request))).values()
        for name in sent:
            if name != "NEXT_LOCALE" and not any(name == one or name.startswith(f"{one}.") for one in own):
                self.note(request, f"cookies that have no business here: {name}")
        if len(set(sent)) != len(sent):
            self.note(request, "a cookie's name comes twice")

    async def _home(self, request: web.Request) -> web.Response:
        return web.Response(text='<!doctype html><a href="/chat">Chat</a>', content_type="text/html")

    async def _chat_page(self, request: web.Request) -> web.Response:
        if self.login.user(request, secure=self.is_secure(request)) is None:
            target = f"/auth/signin?callbackUrl={quote(request.path, safe='')}"
            return web.Response(status=307, headers={"Location": target})
        return page("openassistant.html")

    async def _signin_page(self, request: web.Request) -> web.Response:
        wrong = "Sign in failed. Check the details you provided are correct." if "error" in request.query else ""
        back = request.query.get("callbackUrl", "/chat")
        response = page("signin.html", ERROR=wrong)
        token = self.login.add_form_cookies(
            request, response, callback=self.origin(request) + back, secure=self.is_secure(request)
        )
        text = (response.text or "").replace("{{CSRF}}", token)
        response.text = text.replace("{{CALLBACK}}", quote(back, safe="/"))
        return response

    async def _providers(self, request: web.Request) -> web.Response:
        return self._json({"credentials": {"id": "credentials", "name": "Credentials", "type": "credentials"}})

    async def _session(self, request: web.Request) -> web.Response:
        self._check_cookies(request)
        origin, secure = self.origin(request), self.is_secure(request)
        response = self.login.session(request, origin=origin, secure=secure)
        return self._as_next(response)

    async def _sign_in(self, request: web.Request) -> web.Response:
        form, secure = await request.post(), self.is_secure(request)
        if form.get("csrfToken") != csrf_of(cookies(request).get(Names(secure).csrf, "")):
            return web.Response(status=302, headers={"Location": "/auth/signin?csrf=true"})
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return web.Response(status=302, headers={"Location": "/auth/signin?error=CredentialsSignin"})
        back = str(form.get("callbackUrl") or "/chat")
        local = back if back.startswith("/") and not back.startswith("//") else "/chat"
        response = web.Response(status=302, headers={"Location": local})
        self.login.add_session(response, USER, secure=secure)
        return response

    # The chat

    def _user(self, request: web.Request) -> str:
        return self.login.user(request, secure=self.is_secure(request)) or ""

    def _new_id(self) -> str:
        self._ids += 1
        return f"06b01000-0000-7000-8000-{self._ids:012x}"

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if await request.read():
            self.note(request, "a body where none belongs")
        chat = chat_record(self._new_id())
        self.chats[chat["id"]] = chat
        self.owners[chat["id"]] = self._user(request)
        return self._json(chat)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        own = [chat for chat in self.chats.values() if self.owners[chat["id"]] == self._user(request)]
        shown = [chat for chat in reversed(own) if not chat["hidden"]]
        return self._json({"chats": shown, "next": None, "prev": None})

    async def _update(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        self.check_fields(request, body, {"chat_id": str}, {"title": str, "hidden": bool, "allow_data_use": bool})
        if not self._has_chat(request, body.get("chat_id")):
            return await self._broken(request)
        self.chats[body["chat_id"]].update({key: body[key] for key in ("title", "hidden") if key in body})
        return await refuse(request, Refusal(200, headers=CLOSE))

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        chat_id = request.query.get("chat_id")
        if self.failing_deletes:
            self.failing_deletes -= 1
            return await refuse(
                request, Refusal(500, "Internal Server Error", content_type="text/plain", headers=CLOSE)
            )
        if not self._has_chat(request, chat_id):
            return await self._broken(request)
        del self.chats[str(chat_id)]
        return await refuse(request, Refusal(200, headers=CLOSE))

    async def _models(self, request: web.Request) -> web.StreamResponse:
        response = unframed(content_type=JSON)
        response.headers.update({"Etag": '"models"', "Vary": "Accept-Encoding", **CLOSE})
        text = compact(models_document()).encode()
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.headers["Content-Encoding"] = "gzip"
            text = gzip.compress(text, mtime=0)
        await response.prepare(request)
        await response.write(text)
        await response.write_eof()
        return response

    async def _prompter(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        self.check_fields(request, body, {"chat_id": str, "content": str, "parent_id": (str, type(None))})
        if not self._has_chat(request, body.get("chat_id")):
            return await self._broken(request)
        chat, parent = str(body["chat_id"]), body.get("parent_id")
        earlier = [one for one in self.messages.values() if one.chat_id == chat]
        wrong = None
        if parent is None and earlier:
            wrong = "Trying to add first message to non-empty chat"
        elif parent is not None and parent not in [one.id for one in earlier]:
            wrong = "Parent message not found"
        elif parent is not None and self.messages[parent].role != "assistant":
            wrong = "Parent message is not an assistant message"
        elif parent is not None and self.messages[parent].state != "complete":
            wrong = "Parent message is not complete"
        if wrong is not None:
            return self._json({"message": wrong}, status=400)
        message = Message(
            self._new_id(), chat, parent, role="prompter", state="manual", content=str(body.get("content"))
        )
        self.messages[message.id] = message
        self.chats[chat]["title"] = self.chats[chat]["title"] or message.content
        return self._json(message.read())

    async def _assistant(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        fields = {"chat_id": str, "parent_id": str, "model_config_name": str, "sampling_parameters": dict}
        self.check_fields(request, body, fields, {"plugins": list})
        bad = sampling_error(body.get("sampling_parameters"))
        if bad is not None:
            return self._json({"message": [bad]}, status=422)
        if body.get("model_config_name") not in MODELS:
            where, text = ["body", "model_config_name"], f"Model {body.get('model_config_name')} not found"
            return self._json({"message": [{"loc": where, "msg": text, "type": "value_error"}]}, status=422)
        parent = self.messages.get(str(body.get("parent_id")))
        if not self._has_chat(request, body.get("chat_id")) or parent is None or parent.role != "prompter":
            return await self._broken(request)
        if self._over_limit(request):
            return self._json({"message": "Something went wrong"}, status=500)
        self._cancel_pending(request)
        message = Message(self._new_id(), parent.chat_id, parent.id, role="assistant", state="pending")
        message.model = body["model_config_name"]
        message.sampling = body["sampling_parameters"]
        self.messages[message.id] = message
        message.start(self.script, self.answer, terminal=self.ending == "eof")
        return self._json(message.read(fresh=True))

    def _over_limit(self, request: web.Request) -> bool:
        now = asyncio.get_running_loop().time()
        used = [when for when in self._used[self._user(request)] if now - when < WINDOW_SECONDS]
        self._used[self._user(request)] = [*used, now]
        return len(used) >= self.rate_limit

    def _cancel_pending(self, request: web.Request) -> None:
        """One account has one pending request. One that already has output goes on, yet nobody should count on it."""
        for message in self.messages.values():
            open_still = self.owners.get(message.chat_id) == self._user(request) and message.chat_id in self.chats
            if open_still and message.state in ("pending", "in_progress"):
                self.note(request, "a second request while another one of the account is not finished")
                if message.state == "pending":
                    message.state = "cancelled"

    async def _message(self, request: web.Request) -> web.StreamResponse:
        message = self._asked(request)
        if message is None:
            return await self._broken(request)
        return self._json(message.poll())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if await request.read():
            self.note(request, "a body where none belongs")
        message = self._asked(request)
        if message is None:
            return await self._broken(request)
        if message.finished:
            return await refuse(request, Refusal(200, headers=CLOSE))
        if message.opened:
            self.note(request, "the events of one message asked for twice")
        message.opened = True
        response = unframed()
        response.headers.update(CLOSE)
        try:
            return await self.send(request, response, self._frames(request, message))
        finally:  # the worker goes on without a reader
            begun = message.state == "in_progress" or (message.state == "pending" and message.frames)
            if begun and self.ending != "hang" and message.model not in self.idle_models:
                message.finish()

    async def _frames(self, request: web.Request, message: Message) -> AsyncGenerator[bytes, None]:
        """What one reader gets: pending while nothing comes, then the events that nobody else has read yet."""
        while True:
            if message.state == "cancelled" or message.model in self.idle_models:
                yield message.pending_frame()
                await self.pause(request, self.script.pending_seconds)
            elif message.chat_id not in self.chats:  # nobody tells a stream that its chat is gone
                await self.wait(request, lambda: False)
            elif message.frames:
                yield message.next_chunk()
            else:
                break
        while self.ending == "hang" and self.script.ping_seconds is not None:
            await self.pause(request, self.script.ping_seconds)
            yield self.script.ping

    def _has_chat(self, request: web.Request, chat_id: Any) -> bool:
        known = chat_id in self.chats and self.owners[chat_id] == self._user(request)
        if not known:
            self.note(request, "no such chat")
        return known

    def _asked(self, request: web.Request) -> Message | None:
        """The message that the query names, if it is in the chat that the query names."""
        if set(request.query) != {"chat_id", "message_id"}:
            self.note(request, "the query is not chat_id and message_id")
        message = self.messages.get(request.query.get("message_id", ""))
        if message is None or message.chat_id not in self.chats or message.chat_id != request.query.get("chat_id"):
            self.note(request, "no such message")
            return None
        return message

    async def _vote(self, request: web.Request) -> web.StreamResponse:
        body = await self.json_object(request)
        self.check_fields(request, body, {"chat_id": str, "message_id": str, "score": int})
        return await refuse(request, Refusal(200, headers=CLOSE))

    async def _broken(self, request: web.Request) -> web.StreamResponse:
        text = "Internal Server Error"
        return await refuse(request, Refusal(500, text, content_type="text/plain; charset=utf-8", headers=CLOSE))

    def _json(self, document: Any, *, status: int = 200) -> web.Response:
        return self._as_next(web.Response(text=compact(document), status=status))

    def _as_next(self, response: web.Response) -> web.Response:
        """The headers of a Next.js answer with a JSON body."""
        response.headers["Content-Type"] = JSON
        response.headers["Etag"] = f'"{len(response.body or b""):x}"'  # type: ignore[arg-type]
        response.headers.update({"Vary": "Accept-Encoding", **CLOSE})
        return response
