"""Sites at which a call needs what an earlier answer has told."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from aiohttp import web

from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import Site, event, need, pieces, token_events


class HeaderId(Site):
    """The conversation's id in a header of an answer, and in a header of the calls."""

    def routes(self) -> None:
        self.fresh: set[str] = set()
        self.route("POST", "/api/conversations", self.create)
        self.route("POST", "/api/chat", self.chat)

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.fresh.add(number := f"cnv_{secrets.token_hex(12)}")
        return web.Response(status=201, headers={"x-conversation-id": number})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.headers.get("x-conversation") in self.fresh, "no such conversation", 404)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state["id"] = (await page.post("/api/conversations", {})).headers["x-conversation-id"]

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question}, headers={"x-conversation": page.state["id"]})


class MetaToken(Site):
    """A token in the page's HTML, another one each time, bound to a cookie."""

    def routes(self) -> None:
        self.tokens: dict[str, str] = {}  # by the cookie
        self.route("POST", "/chat", self.chat)

    async def root(self, request: web.Request) -> web.StreamResponse:
        visitor = request.cookies.get("visitor") or secrets.token_hex(8)
        self.tokens[visitor] = token = secrets.token_urlsafe(30)
        text = (
            f'<!doctype html><head><title>Chat</title>\n<meta name="csrf-token" content="{token}"></head><body></body>'
        )
        response = web.Response(text=text, content_type="text/html")
        response.set_cookie("visitor", visitor, httponly=True)
        return response

    async def chat(self, request: web.Request) -> web.StreamResponse:
        token = self.tokens.get(request.cookies.get("visitor", ""))
        need(token and request.headers.get("x-csrf-token") == token, "token mismatch", 403)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def visit(self, page: Page) -> None:
        html = (await page.open()).text
        page.storage["csrf"] = html.partition('content="')[2].partition('"')[0]

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/chat", {"text": question}, headers={"x-csrf-token": page.storage["csrf"]})


class ScriptState(Site):
    """A token in the JSON that a script of the page holds, for one chat."""

    def routes(self) -> None:
        self.fresh: set[str] = set()
        self.route("POST", "/chat", self.chat)

    def html(self) -> str:
        self.fresh.add(nonce := secrets.token_hex(16))
        state = f'{{"locale":"en","build":"a81f","chat":{{"nonce":"{nonce}","limit":4000}}}}'
        return f"<!doctype html><title>Chat</title><script>window.__STATE__ = {state};</script><body></body>"

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("nonce") in self.fresh, "stale nonce", 403)
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        html = (await page.open()).text
        page.state["nonce"] = html.partition('"nonce":"')[2].partition('"')[0]

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/chat", {"nonce": page.state["nonce"], "text": question})


class PathId(Site):
    """The chat's id in the middle of a path; it is deleted with its chat."""

    def routes(self) -> None:
        self.chats: set[str] = set()
        self.route("POST", "/api/chats", self.create)
        self.route("POST", "/api/chats/{id}/messages", self.chat)

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.chats.add(number := str(secrets.randbelow(10**12) + 10**12))
        return web.json_response({"chat": {"id": int(number), "title": None}}, status=201)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.match_info["id"] in self.chats, "no such chat", 404)
        return await self.stream(request, token_events(self.answer((await request.json()).get("content", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state["id"] = (await page.post("/api/chats", {"kind": "plain"})).json()["chat"]["id"]

    async def ask(self, page: Page, question: str) -> None:
        await page.post(f"/api/chats/{page.state['id']}/messages", {"content": question})


class Deleted(PathId):
    """Chats that the page deletes, so that no more than one is there."""

    def routes(self) -> None:
        super().routes()
        self.route("DELETE", "/api/chats/{id}", self.remove)

    async def create(self, request: web.Request) -> web.StreamResponse:
        need(not self.chats, "one chat is open")
        return await super().create(request)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        need(request.match_info["id"] in self.chats, "no such chat", 404)
        self.chats.discard(request.match_info["id"])
        return web.Response(status=204)

    async def leave(self, page: Page) -> None:
        await page.delete(f"/api/chats/{page.state['id']}")


class LocationId(Site):
    """The id of a new chat is where the site redirects to."""

    def routes(self) -> None:
        self.chats: set[str] = set()
        self.route("POST", "/new", self.create)
        self.route("GET", "/c/{id}", self.show)
        self.route("POST", "/api/c/{id}", self.chat)

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.chats.add(number := secrets.token_urlsafe(9) + "0x")
        raise web.HTTPSeeOther(f"/c/{number}")

    async def show(self, request: web.Request) -> web.StreamResponse:
        need(request.match_info["id"] in self.chats, "no such chat", 404)
        return web.Response(text=self.html(), content_type="text/html")

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.match_info["id"] in self.chats, "no such chat", 404)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state["id"] = (await page.post("/new")).path.removeprefix("/c/")

    async def ask(self, page: Page, question: str) -> None:
        await page.post(f"/api/c/{page.state['id']}", {"text": question})


class AlikeIds(Site):
    """Four ids of the same look: of the conversation, of its root, of the account, and one that the page makes up."""

    def routes(self) -> None:
        self.account = str(uuid.uuid4())
        self.roots: dict[str, str] = {}
        self.used: set[str] = set()
        self.route("GET", "/api/account", self.about)
        self.route("POST", "/api/conversation", self.create)
        self.route("POST", "/api/turn", self.chat)

    async def about(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"account": {"id": self.account, "plan": "free"}})

    async def create(self, request: web.Request) -> web.StreamResponse:
        number, root = str(uuid.uuid4()), str(uuid.uuid4())
        self.roots[number] = root
        return web.json_response({"trace": str(uuid.uuid4()), "id": number, "root": {"id": root, "parent": None}})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("account") == self.account, "not your account", 403)
        need(body.get("parent") == self.roots.get(body.get("conversation", "")), "no such parent", 404)
        uuid.UUID(body["id"])
        need(body["id"] not in self.used | {body["conversation"], body["parent"]}, "the turn is there already")
        self.used.add(body["id"])
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def visit(self, page: Page) -> None:
        await page.open()
        page.storage["account"] = (await page.get("/api/account")).json()["account"]["id"]

    async def new_chat(self, page: Page) -> None:
        made = (await page.post("/api/conversation", {})).json()
        page.state |= {"conversation": made["id"], "parent": made["root"]["id"]}

    async def ask(self, page: Page, question: str) -> None:
        ids = {"id": str(uuid.uuid4()), "account": page.storage["account"], **page.state}
        await page.post("/api/turn", {**ids, "text": question})


class ParentId(Site):
    """The site keeps the history: a turn names the one before, whose id the last frame of its answer told."""

    NONE = "00000000-0000-0000-0000-000000000000"

    def routes(self) -> None:
        self.turns: dict[str, tuple[str, str]] = {}  # the conversation and the text, by the id of the answer
        self.route("POST", "/api/turn", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        parent, number = body.get("parent"), body.get("message", "")
        uuid.UUID(number)
        need(number not in self.turns, "that message is there")
        if parent == self.NONE:
            need(body.get("conversation") is None, "a new conversation has no id")
            conversation, history = str(uuid.uuid4()), ""
        else:
            need(parent in self.turns, "no such parent", 404)
            conversation, history = self.turns[parent]
            need(body.get("conversation") == conversation, "no such conversation", 404)
        text, made = self.answer(body.get("text", ""), history), str(uuid.uuid4())
        self.turns[made] = conversation, f"{history} {body['text']} {text}"
        ids = {"conversation": conversation, "answer": made}
        frames = [event({"type": "open", "conversation": conversation})]
        frames += [event({"type": "piece", "text": piece}) for piece in pieces(text)]
        return await self.stream(request, [*frames, event({"type": "close", **ids})])

    async def new_chat(self, page: Page) -> None:
        page.state.update(parent=self.NONE, conversation=None)

    async def ask(self, page: Page, question: str) -> None:
        answer = await page.post("/api/turn", {**page.state, "message": str(uuid.uuid4()), "text": question})
        last: Any = answer.text.strip().rpartition('"answer": "')[2].partition('"')[0]
        page.state |= {"parent": last, "conversation": self.turns[last][0]}


class CookieFromAnswer(Site):
    """A ticket for each chat, which an answer sets as a cookie."""

    def routes(self) -> None:
        self.tickets: set[str] = set()
        self.route("POST", "/api/start", self.start)
        self.route("POST", "/api/chat", self.chat)

    async def start(self, request: web.Request) -> web.StreamResponse:
        self.tickets = {secrets.token_hex(16)}  # the one before is void
        response = web.json_response({"ok": True})
        response.set_cookie("ticket", next(iter(self.tickets)), httponly=True, path="/api")
        return response

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.cookies.get("ticket") in self.tickets, "no ticket", 403)
        return await self.stream(request, token_events(self.answer((await request.json()).get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        await page.post("/api/start", {"from": "web"})

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question})


class TwoRequests(Site):
    """The question is posted, and its answer streamed from an address that this tells, once."""

    def routes(self) -> None:
        self.jobs: dict[str, str] = {}
        self.route("POST", "/api/ask", self.take)
        self.route("GET", "/api/stream/{job}", self.chat)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.jobs[job := secrets.token_hex(10)] = self.answer((await request.json()).get("text", ""))
        return web.json_response({"status": "queued", "job": job}, status=202)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        text = self.jobs.pop(request.match_info["job"], None)
        need(text, "no such job", 404)
        return await self.stream(request, token_events(str(text)))

    async def ask(self, page: Page, question: str) -> None:
        job = (await page.post("/api/ask", {"text": question})).json()["job"]
        await page.get(f"/api/stream/{job}", headers={"accept": "text/event-stream"})


SITES = (
    *(HeaderId, MetaToken, ScriptState, PathId, Deleted, LocationId, AlikeIds, ParentId, CookieFromAnswer, TwoRequests),
)
