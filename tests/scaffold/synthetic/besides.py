"""Sites whose page sends more than the chat, offers a choice of models, or computes what no answer tells."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from itertools import count

from aiohttp import web

from tests.scaffold.synthetic.asked import checked_messages
from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import Site, event, need, pieces, token_events


class Decoys(Site):
    """The question goes to five addresses: to a moderation, a search, the model, a title and a statistic."""

    def routes(self) -> None:
        self.route("POST", "/api/generate", self.chat)
        for name in ("moderate", "search", "title", "collect"):
            self.route("POST", f"/api/{name}", self.other)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return await self.stream(request, token_events(self.answer((await request.json()).get("input", ""))))

    async def other(self, request: web.Request) -> web.StreamResponse:
        text = (await request.json()).get("input", "")
        if request.path == "/api/title":
            return await self.stream(request, token_events(f"About the question: {text[:20]}"))
        return web.json_response({"flagged": False, "echo": text, "hits": [f"{text} | an old page"]})

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/moderate", {"input": question})
        await page.post("/api/search", {"input": question})
        await page.post("/api/generate", {"input": question})
        await page.post("/api/title", {"input": question})
        await page.post("/api/collect", {"input": question})


class SameAddress(Site):
    """The title is asked for at the same address as the answer, by a field."""

    def routes(self) -> None:
        self.route("POST", "/api/llm", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body.get("task") == "title":
            return await self.stream(request, token_events("A short talk about nature"))
        need(body.get("task") == "chat", "unknown task")
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/llm", {"task": "title", "text": question})
        await page.post("/api/llm", {"task": "chat", "text": question})


class ModelList(Site):
    """A list of models, one of which each call names."""

    MODELS = ("tiny-1", "small-2", "large-3")

    def routes(self) -> None:
        self.used: list[str] = []
        self.route("GET", "/api/models", self.models)
        self.route("POST", "/api/chat", self.chat)

    async def models(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"models": [{"id": name, "label": name.title()} for name in self.MODELS]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("model") in self.MODELS, "no such model", 404)
        self.used.append(body["model"])
        question = checked_messages(body.get("messages"))
        text = self.answer(question, body["messages"][:-1])
        return await self.stream(request, token_events(text))

    async def visit(self, page: Page) -> None:
        await page.open()
        await page.get("/api/models")

    async def ask(self, page: Page, question: str) -> None:
        messages = page.state.setdefault("messages", [])
        messages.append({"role": "user", "content": question})
        await page.post("/api/chat", {"model": "small-2", "messages": messages, "temperature": 0.7})
        messages.append({"role": "assistant", "content": self.made[-1]})


class Signature(Site):
    """A signature of the body and the time, with a key that a script has."""

    impossible = "computes"
    KEY = b"a key that a script hides"

    def routes(self) -> None:
        self.seen: set[str] = set()
        self.route("POST", "/api/chat", self.chat)

    def sign(self, text: str, at: str) -> str:
        return hmac.new(self.KEY, f"{at}.{text}".encode(), hashlib.sha256).hexdigest()

    async def chat(self, request: web.Request) -> web.StreamResponse:
        text, at = (await request.json()).get("text", ""), request.headers.get("x-time", "")
        need(request.headers.get("x-sign") == self.sign(text, at) and at not in self.seen, "bad signature", 403)
        self.seen.add(at)
        return await self.stream(request, token_events(self.answer(text)))

    async def ask(self, page: Page, question: str) -> None:
        at = str(time.time_ns() // 1_000_000)
        await page.post("/api/chat", {"text": question}, headers={"x-time": at, "x-sign": self.sign(question, at)})


class ShortSignature(Signature):
    """The same, shorter, and under a name that does not tell."""

    def sign(self, text: str, at: str) -> str:
        return super().sign(text, at)[:20]


ZEROS = "0000"  # an old solution is one for another riddle as well once in 65,536 times


class ProofOfWork(Site):
    """A riddle for each call, whose solution takes a search."""

    impossible = "computes"

    def routes(self) -> None:
        self.seeds: set[str] = set()
        self.route("GET", "/api/challenge", self.challenge)
        self.route("POST", "/api/chat", self.chat)

    async def challenge(self, request: web.Request) -> web.StreamResponse:
        self.seeds.add(seed := secrets.token_hex(8))
        return web.json_response({"seed": seed, "zeros": len(ZEROS)})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seed, number = body.get("seed"), body.get("answer")
        need(seed in self.seeds and self.solves(seed, number), "no proof", 403)
        self.seeds.discard(seed)
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    def solves(self, seed: str, number: object) -> bool:
        return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest().startswith(ZEROS)

    async def ask(self, page: Page, question: str) -> None:
        seed = (await page.get("/api/challenge")).json()["seed"]
        number = next(number for number in count() if self.solves(seed, number))
        await page.post("/api/chat", {"seed": seed, "answer": number, "text": question})


class Sealed(Site):
    """The body is encrypted, so that no request shows the question."""

    impossible = "question"

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        question = bytes(byte ^ 90 for byte in bytes.fromhex((await request.json())["sealed"])).decode()
        return await self.stream(request, token_events(self.answer(question)))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"sealed": bytes(byte ^ 90 for byte in question.encode()).hex()})


class SealedAnswer(Site):
    """The answer is encrypted, so that no answer shows what the page does."""

    impossible = "answer"
    told = True

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        text = self.answer((await request.json()).get("text", ""))
        sealed = [event({"sealed": bytes(byte ^ 90 for byte in piece.encode()).hex()}) for piece in pieces(text)]
        return await self.stream(request, sealed)

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question})


class Unseen(Site):
    """The answer comes where no file has it; the site repeats the question, and is told of the answer afterwards."""

    impossible = "no body from there on holds"

    def routes(self) -> None:
        self.route("POST", "/api/rows", self.rows)
        self.route("POST", "/api/note", self.note)

    async def rows(self, request: web.Request) -> web.StreamResponse:
        asked = (await request.json())["asked"]
        self.answer(asked)
        return web.json_response({"rows": [{"who": "me", "content": asked}]})

    async def note(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"noted": len((await request.json())["rows"])})

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/rows", {"asked": question})
        rows = [{"who": "me", "content": question}, {"who": "it", "content": self.made[-1]}]
        await page.post("/api/note", {"rows": rows})


SITES = (Decoys, SameAddress, ModelList, Signature, ShortSignature, ProofOfWork, Sealed, SealedAnswer, Unseen)
