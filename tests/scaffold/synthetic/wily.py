"""Sites of which it is easy to take one thing for another."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from aiohttp import web

from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.read import Plain
from tests.scaffold.synthetic.sites import FIRST, Site, event, need, pieces, token_events


class Counter(Site):
    """A number that counts the person's questions, for which nobody can know where it stands."""

    impossible = "be told"

    def routes(self) -> None:
        self.last = 40
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("number") == self.last + 1, "out of order")
        self.last += 1
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"number": self.last + 1, "text": question})


class QuestionLength(Site):
    """How long the question is, besides the question."""

    impossible = "be told"

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("length") == len(body.get("text", "")), "wrong length")
        return await self.stream(request, token_events(self.answer(body["text"])))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question, "length": len(question)})


class Turns(Site):
    """The place of a question in its conversation, which begins with the same number each time."""

    def routes(self) -> None:
        self.chats: dict[str, int] = {}
        self.route("POST", "/api/chats", self.create)
        self.route("POST", "/api/ask", self.chat)

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.chats[number := secrets.token_hex(8)] = 0
        return web.json_response({"data": {"chatId": number}})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(self.chats.get(body.get("chatId")) == body.get("turn"), "not the turn")
        self.chats[body["chatId"]] += 1
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state.update(chatId=(await page.post("/api/chats")).json()["data"]["chatId"], turn=0)

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/ask", {**page.state, "text": question})
        page.state["turn"] += 1


class TwiceAsked(Site):
    """The question stands twice in the body: as the last of the messages, and alone."""

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        said = body.get("messages") or [{}]
        need(said[-1].get("content") == body.get("query"), "two questions")
        return await self.stream(request, token_events(self.answer(body["query"], said[:-1])))

    async def ask(self, page: Page, question: str) -> None:
        messages = page.state.setdefault("messages", [])
        messages.append({"role": "user", "content": question})
        await page.post("/api/chat", {"query": question, "messages": messages})
        messages.append({"role": "assistant", "content": self.made[-1]})


class IsoTime(Site):
    """The time as text, which has to be this moment's."""

    def routes(self) -> None:
        self.last = datetime.fromtimestamp(0, UTC)
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        sent = datetime.fromisoformat(body.get("created"))
        need(self.last < sent and abs(sent.timestamp() - time.time()) < 5, "not the time")
        self.last = sent
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def ask(self, page: Page, question: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await page.post("/api/chat", {"created": at, "text": question})


class NextToken(Site):
    """A token for one call: the first is in the page, each answer has the next in a header."""

    def routes(self) -> None:
        self.tokens: set[str] = set()
        self.route("POST", "/api/chat", self.chat)

    def fresh(self) -> str:
        self.tokens = {secrets.token_hex(12)}
        return next(iter(self.tokens))

    def html(self) -> str:
        return f'<!doctype html><title>Chat</title><body data-token="{self.fresh()}"></body>'

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.headers.get("x-once") in self.tokens, "used", 403)
        text = self.answer((await request.json()).get("text", ""))
        return await self.stream(request, token_events(text), headers={"x-next": self.fresh()})

    async def visit(self, page: Page) -> None:
        page.storage["once"] = (await page.open()).text.partition('data-token="')[2].partition('"')[0]

    async def ask(self, page: Page, question: str) -> None:
        answer = await page.post("/api/chat", {"text": question}, headers={"x-once": page.storage["once"]})
        page.storage["once"] = answer.headers["x-next"]


class OldChats(Site):
    """The page lists old chats, in which the same question was asked and answered otherwise; a new chat is the first
    of the list that its creation is answered with."""

    def routes(self) -> None:
        self.chats = [{"id": f"c-{secrets.token_hex(6)}", "title": FIRST}]
        self.route("GET", "/api/chats", self.listed)
        self.route("GET", "/api/chats/{id}", self.old)
        self.route("POST", "/api/chats", self.create)
        self.route("POST", "/api/ask", self.chat)

    async def listed(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"chats": self.chats})

    async def old(self, request: web.Request) -> web.StreamResponse:
        said = [{"by": "user", "text": FIRST}, {"by": "bot", "text": "Because the sea is blue, and it mirrors that."}]
        return web.json_response({"messages": said})

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.chats.insert(0, {"id": f"c-{secrets.token_hex(6)}", "title": ""})
        return await self.listed(request)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("chat") == self.chats[0]["id"], "not the open chat", 404)
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def visit(self, page: Page) -> None:
        await page.open()
        await page.get("/api/chats")
        await page.get(f"/api/chats/{self.chats[-1]['id']}")

    async def new_chat(self, page: Page) -> None:
        page.state["chat"] = (await page.post("/api/chats", {})).json()["chats"][0]["id"]

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/ask", {"chat": page.state["chat"], "text": question})


class PartOfText(Site):
    """An id that the page has from an answer, within a longer text of its own."""

    def routes(self) -> None:
        self.rooms: set[str] = set()
        self.route("POST", "/api/rooms", self.create)
        self.route("POST", "/api/say", self.chat)

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.rooms.add(number := secrets.token_hex(9))
        return web.json_response({"room": number})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        kind, _, room = body.get("topic", "").partition(":")
        need(kind == "room" and room in self.rooms, "no such topic", 404)
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state["topic"] = f"room:{(await page.post('/api/rooms', {})).json()['room']}"

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/say", {**page.state, "text": question})


class Registered(Site):
    """An id that the page makes up, and tells the site before it uses it."""

    def routes(self) -> None:
        self.known: set[str] = set()
        self.route("POST", "/api/sessions", self.register)
        self.route("POST", "/api/chat", self.chat)

    async def register(self, request: web.Request) -> web.StreamResponse:
        number = (await request.json()).get("session", "")
        uuid.UUID(number)
        need(number not in self.known, "taken", 409)
        self.known.add(number)
        return web.json_response({"ok": True}, status=201)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("session") in self.known, "no such session", 404)
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def new_chat(self, page: Page) -> None:
        page.state["session"] = str(uuid.uuid4())
        await page.post("/api/sessions", {**page.state, "agent": "web"})

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {**page.state, "text": question})


class AroundQuestion(Site):
    """A text of the page's around the question."""

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        prompt = (await request.json()).get("prompt", "")
        before, after = "Answer in one sentence.\nQ: ", "\nA:"
        need(prompt.startswith(before) and prompt.endswith(after), "no frame")
        return await self.stream(request, token_events(self.answer(prompt[len(before) : -len(after)])))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"prompt": f"Answer in one sentence.\nQ: {question}\nA:"})


class Drafts(Plain):
    """A text that is no answer comes first, in frames of the same kind: the whole at the end is the answer."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield event({"state": "working", "output": "Searching the web …"})
        words = pieces(text)
        for end in range(3, len(words)):
            yield event({"state": "working", "output": "".join(words[:end]) + " ▌"})
        yield event({"state": "ready", "output": text})


class Letters(Plain):
    """A letter a piece."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield from (event({"c": letter}) for letter in text)
        yield event({"over": True})


class NamedEnd(Plain):
    """The end mark has an id of the call in it, and the reason of each piece is null but the last's."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        words = pieces(text)
        for number, piece in enumerate(words):
            reason = "stop" if number == len(words) - 1 else None
            yield event({"out": [{"piece": piece, "finish_reason": reason}]})
        yield f"event: closed\ndata: {json.dumps({'id': secrets.token_hex(8)})}\n\n".encode()


class OldTalk(Plain):
    """What was said before goes along in a form of the site's own."""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self.stream(request, token_events(self.answer(body.get("text", ""), body.get("past"))))

    async def ask(self, page: Page, question: str) -> None:
        past = page.state.setdefault("past", [])
        await page.post("/api/chat", {"text": question, "past": past})
        page.state["past"] = [*past, f"{question} -> {self.made[-1]}"]


SITES = (
    *(Counter, QuestionLength, Turns, TwiceAsked, IsoTime, NextToken, OldChats, PartOfText, Registered),
    *(AroundQuestion, Drafts, Letters, NamedEnd, OldTalk),
)
