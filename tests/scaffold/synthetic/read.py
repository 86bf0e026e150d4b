"""Sites at which it is difficult how the answer is read."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import secrets
import zlib
from collections.abc import Iterable, Iterator

from aiohttp import web

from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import EVENTS, Site, event, line, need, pieces, token_events


class Plain(Site):
    """One request, whose answer a subclass frames."""

    kind = EVENTS

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("stream") is True, "bad request")
        question = body.get("text", "")
        return await self.stream(request, self.frames(question, self.answer(question)), self.kind)

    def frames(self, question: str, text: str) -> Iterable[bytes]:
        raise NotImplementedError

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question, "stream": True})


class Snapshots(Plain):
    """Each event has the whole text so far."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        words = pieces(text)
        for end in range(1, len(words) + 1):
            yield event({"type": "partial", "message": {"author": "model", "text": "".join(words[:end])}})
        yield event({"type": "complete", "message": {"author": "model", "text": text}})


class Echo(Plain):
    """The question comes first, as a message like that of the answer."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield event({"role": "user", "text": question, "id": "m1"})
        for piece in pieces(text):
            yield event({"role": "assistant", "text": piece, "id": "m2"})
        yield event({"role": "system", "text": "", "status": "done"})


class CRLF(Plain):
    """Named events whose lines end with CR and LF; the data is text and no JSON."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield b": connected\r\n\r\n"
        for piece in pieces(text):
            yield event(json.dumps({"value": piece}, ensure_ascii=False), "token", "\r\n")
        yield event("{}", "end", "\r\n")


class KeepAlive(Plain):
    """Signs of life between the pieces: comments, blank data, and frames with a text of their own."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        for piece in pieces(text):
            yield b": ping\n\n" + event({"type": "heartbeat", "text": "still here"})
            yield event({"type": "token", "text": piece})
        yield event({"type": "heartbeat", "text": "still here"}) + event({"type": "end", "text": ""})


class NoEnd(Plain):
    """Nothing marks the end of the answer."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield from (event({"text": piece}) for piece in pieces(text))


class Base64JSON(Plain):
    """Each piece is JSON in base64 within JSON."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        for piece in pieces(text):
            yield event({"chunk": base64.b64encode(piece.encode()).decode(), "enc": "b64"})
        yield event({"chunk": "", "enc": "b64", "last": True})


class RawText(Plain):
    """The body is the answer."""

    kind = "text/plain; charset=utf-8"

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield from (piece.encode() for piece in pieces(text))


class Whole(Plain):
    """One document, whose answer is deep in it, after the question."""

    kind = "application/json"

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        turns = [{"by": "human", "parts": [{"text": question}]}, {"by": "bot", "parts": [{"text": text}]}]
        yield json.dumps({"ok": True, "result": {"turns": turns, "left": 12}}, ensure_ascii=False).encode()


class HTMLAnswer(Plain):
    """The answer is HTML, in JSON."""

    kind = "application/json"

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        first, _, rest = html.escape(text, quote=False).partition(" ")
        yield line({"html": f"<p><b>{first}</b> {rest}</p>", "took": 0.2})


class GZip(Plain):
    """The stream is compressed on its way."""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        question = (await request.json()).get("text", "")
        text, packed = self.answer(question), zlib.compressobj(wbits=31)
        frames = [packed.compress(frame) + packed.flush(zlib.Z_SYNC_FLUSH) for frame in token_events(text)]
        return await self.stream(request, [*frames, packed.flush()], EVENTS, {"content-encoding": "gzip"})


class ThoughtsFirst(Plain):
    """Thoughts come in frames like those of the answer, told apart by a field."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        for piece in pieces("The user wants to know something. Let me think about it."):
            yield event({"phase": "thinking", "delta": piece})
        for piece in pieces(text):
            yield event({"phase": "answer", "delta": piece})
        yield event({"phase": "finish", "delta": "", "usage": {"in": 12, "out": 40}})


class Polling(Site):
    """The answer is asked for again and again."""

    def routes(self) -> None:
        self.tasks: dict[str, list[str]] = {}
        self.route("POST", "/api/tasks", self.create)
        self.route("GET", "/api/tasks/{id}", self.look)

    async def create(self, request: web.Request) -> web.StreamResponse:
        text = self.answer((await request.json()).get("text", ""))
        number = secrets.token_hex(8)
        self.tasks[number] = [text[: len(text) // 2], text]
        return web.json_response({"task": {"id": number}, "status": "queued"}, status=202)

    async def look(self, request: web.Request) -> web.StreamResponse:
        texts = self.tasks.get(request.match_info["id"])
        need(texts is not None, "no such task", 404)
        text = texts.pop(0) if texts and len(texts) > 1 else (texts or [""])[0]
        return web.json_response({"status": "running" if len(text) < len(self.made[-1]) else "done", "output": text})

    async def ask(self, page: Page, question: str) -> None:
        number = (await page.post("/api/tasks", {"text": question})).json()["task"]["id"]
        for _ in self.tasks[number] * 2:
            if (await page.get(f"/api/tasks/{number}")).json()["status"] == "done":
                return
            await asyncio.sleep(0.05)


class TwoStreams(Site):
    """Two streams at once, of the same form: the answer, and what could be asked next."""

    def routes(self) -> None:
        self.jobs: dict[str, str] = {}
        self.route("POST", "/api/ask", self.take)
        self.route("GET", "/api/run/{job}/answer", self.chat)
        self.route("GET", "/api/run/{job}/ideas", self.ideas)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.jobs[job := secrets.token_hex(8)] = self.answer((await request.json()).get("text", ""))
        return web.json_response({"run": job})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        text = self.jobs.get(request.match_info["job"])
        need(text, "no such run", 404)
        return await self.stream(request, token_events(str(text)))

    async def ideas(self, request: web.Request) -> web.StreamResponse:
        need(request.match_info["job"] in self.jobs, "no such run", 404)
        idea = "You could also ask whether the light of the moon is scattered in the same way at night."
        return await self.stream(request, token_events(idea))

    async def ask(self, page: Page, question: str) -> None:
        run = (await page.post("/api/ask", {"text": question})).json()["run"]
        await asyncio.gather(page.get(f"/api/run/{run}/ideas"), page.get(f"/api/run/{run}/answer"))


class OneEvent(Plain):
    """The stream is one event, with the whole answer; the page then asks for a text that is none."""

    def routes(self) -> None:
        super().routes()
        self.route("GET", "/api/help", self.help)

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield event({"content": {"parts": [{"text": text}], "role": "model"}, "partial": False})

    async def help(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"help": "Ask whatever you like; answers of this model may be wrong."})

    async def ask(self, page: Page, question: str) -> None:
        await super().ask(page, question)
        await page.get("/api/help")


class Graph(Plain):
    """A known dialect, whose answers just end: where a question takes a tool, the state has more messages."""

    def frames(self, question: str, text: str) -> Iterator[bytes]:
        yield event({"run_id": "1", "attempt": 1}, "metadata")
        state = [{"type": "human", "content": question, "id": "q"}]
        if "capital" in question:
            state.append({"type": "ai", "content": "", "id": "c"})
            state.append({"type": "tool", "content": "It is in an atlas.", "id": "r"})
            yield event({"messages": state}, "values")
        for piece in pieces(text):
            yield event([{"type": "AIMessageChunk", "content": piece, "id": "a"}, {"step": 1}], "messages")
        yield event({"messages": [*state, {"type": "ai", "content": text, "id": "a"}]}, "values")


SITES = (
    *(Snapshots, Echo, CRLF, KeepAlive, NoEnd, Base64JSON, RawText, Whole, HTMLAnswer, GZip, ThoughtsFirst, Polling),
    *(TwoStreams, OneEvent, Graph),
)
