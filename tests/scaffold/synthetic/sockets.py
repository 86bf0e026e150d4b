"""Sites that are asked, and answer, over a WebSocket."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from aiohttp import WSCloseCode, WSMsgType, web

from tests.scaffold.synthetic.page import Page, PageSocket
from tests.scaffold.synthetic.sites import Site, need, pieces


class SocketSite(Site):
    """One socket for all questions, with frames of text and an end mark. What it is sent that it does not know closes
    the socket."""

    protocols: ClassVar[tuple[str, ...]] = ()

    def routes(self) -> None:
        self.route("GET", "/ws", self.socket)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=self.protocols)
        await socket.prepare(request)
        state: dict[str, Any] = {}
        for frame in self.greet(state):
            await socket.send_json(frame)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            try:
                async for frame in self.take(json.loads(message.data), state):
                    await socket.send_json(frame)
            except web.HTTPException as error:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error.text).encode())
                break
            if state.get("closed"):
                await socket.close()
        return socket

    def greet(self, state: dict[str, Any]) -> list[Any]:
        """What is said first."""
        return []

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        """What a frame is answered."""
        need(frame.get("type") == "ask", "unknown frame")
        for piece in pieces(self.answer(frame.get("text", ""))):
            yield {"type": "delta", "text": piece}
        yield {"type": "done"}

    # The page's script.

    async def visit(self, page: Page) -> None:
        await page.open()
        page.state["socket"] = await page.socket("/ws", *self.protocols)

    async def new_chat(self, page: Page) -> None:
        """The socket stays."""

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        await socket.send({"type": "ask", "text": question})
        while (await socket.receive())["type"] != "done":
            pass


class SocketPlain(SocketSite):
    """Deltas, and an end mark."""


class SocketSession(SocketSite):
    """An id that the first frame tells, a frame that begins, and one more id that answers that; ids of messages."""

    def greet(self, state: dict[str, Any]) -> list[Any]:
        state["session"] = secrets.token_hex(12)
        return [{"type": "hello", "session": state["session"], "text": "Ready"}]

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        need(frame.get("session") == state["session"], "unknown session")
        if frame.get("type") == "init":
            state["room"] = f"room-{secrets.token_hex(6)}"
            yield {"type": "ready", "room": {"id": state["room"], "size": 1}}
            return
        need(frame.get("room") == state.get("room"), "unknown room")
        need(uuid.UUID(frame["id"]).version == 4 and frame["id"] not in self.asked, "bad id")
        yield {"type": "accepted", "id": frame["id"], "text": frame["text"]}
        async for one in super().take(frame, state):
            yield {**one, "id": frame["id"]}

    async def visit(self, page: Page) -> None:
        await super().visit(page)
        socket: PageSocket = page.state["socket"]
        page.state["session"] = (await socket.receive())["session"]
        await socket.send({"type": "init", "session": page.state["session"]})
        page.state["room"] = (await socket.receive())["room"]["id"]

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        told = {"session": page.state["session"], "room": page.state["room"], "id": str(uuid.uuid4())}
        await socket.send({"type": "ask", "text": question, **told})
        while (await socket.receive())["type"] != "done":
            pass


class SocketToken(SocketSite):
    """A token in the query, which a call tells, for one socket; a subprotocol; and another socket for each chat."""

    protocols = ("chat.v1",)

    def routes(self) -> None:
        self.tokens: set[str] = set()
        self.route("POST", "/api/ticket", self.ticket)
        super().routes()

    async def ticket(self, request: web.Request) -> web.StreamResponse:
        self.tokens.add(token := secrets.token_urlsafe(24))
        return web.json_response({"ticket": token, "expires": 30})

    async def socket(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("ticket")
        need(token in self.tokens and request.query.get("v") == "2", "no ticket", 403)
        need("chat.v1" in request.headers.get("Sec-WebSocket-Protocol", ""), "no protocol")
        self.tokens.discard(str(token))
        return await super().socket(request)

    async def visit(self, page: Page) -> None:
        await page.open()

    async def new_chat(self, page: Page) -> None:
        if "socket" in page.state:
            await page.state["socket"].close()
        token = (await page.post("/api/ticket", {})).json()["ticket"]
        page.state["socket"] = await page.socket(f"/ws?v=2&ticket={token}", *self.protocols)


class SocketClose(SocketSite):
    """A socket for each question, whose end is the end of the answer."""

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        for piece in pieces(self.answer(frame.get("q", ""), frame.get("before"))):
            yield {"token": piece}
        state["closed"] = True

    async def visit(self, page: Page) -> None:
        await page.open()

    async def ask(self, page: Page, question: str) -> None:
        socket = await page.socket("/ws")
        await socket.send({"q": question, "lang": "en"})
        while await socket.receive() is not None:
            pass


class SocketSnapshots(SocketSite):
    """The whole text so far in each frame, and the conversation in each question."""

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        need(isinstance(frame.get("messages"), list), "no messages")
        *before, last = frame["messages"]
        need(all(one["role"] in ("user", "assistant") for one in frame["messages"]), "unknown role")
        text, said = self.answer(last["content"], before), ""
        for piece in pieces(text):
            said += piece
            yield {"message": {"content": said}, "final": said == text}

    async def new_chat(self, page: Page) -> None:
        page.state["messages"] = []

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        said = page.state["messages"]
        said.append({"role": "user", "content": question})
        await socket.send({"messages": said, "model": "small-2"})
        while not (await socket.receive())["final"]:
            pass
        said.append({"role": "assistant", "content": self.made[-1]})


class SocketNoise(SocketSite):
    """What is typed, pings in the middle of an answer, and analytics with the question; a greeting like an answer."""

    def greet(self, state: dict[str, Any]) -> list[Any]:
        return [{"type": "message", "text": "Hello, how can I help you today?"}, {"type": "end"}]

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        kind = frame.get("type")
        need(kind in ("typing", "ping", "analytics", "ask"), "unknown frame")
        if kind == "ping":
            yield {"type": "pong", "t": frame["t"]}
        elif kind == "ask":
            yield {"type": "echo", "text": frame["text"]}
            for piece in pieces(self.answer(frame["text"])):
                yield {"type": "message", "text": piece}
            yield {"type": "end"}

    async def visit(self, page: Page) -> None:
        await super().visit(page)
        for _ in range(2):
            await page.state["socket"].receive()

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        for end in (5, 10, len(question)):
            await socket.send({"type": "typing", "text": question[:end]})
        await socket.send({"type": "ask", "text": question})
        await socket.receive()
        await socket.send({"type": "ping", "t": int(time.time() * 1000)})
        await socket.send({"type": "analytics", "event": {"name": "asked", "text": question}})
        kinds = set[str]()
        while not {"end", "pong"} <= kinds:
            kinds.add((await socket.receive())["type"])


class SocketWhole(SocketSite):
    """One frame with the whole answer, after others that say how far it is."""

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        need(frame.get("action") == "sendMessage", "unknown frame")
        yield {"event": "status", "data": {"state": "thinking"}}
        yield {"event": "reply", "data": {"markdown": self.answer(frame["data"]["input"]), "state": "ready"}}

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        await socket.send({"action": "sendMessage", "data": {"input": question, "files": []}})
        while (await socket.receive())["event"] != "reply":
            pass


class SocketTalk(SocketSite):
    """The page sends on while it is answered: each piece has to be asked for."""

    impossible = "while it is answered"

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        if frame.get("type") == "ask":
            state["left"] = pieces(self.answer(frame["text"]))
        else:
            need(frame == {"type": "next"}, "unknown frame")
        yield {"type": "delta", "text": state["left"].pop(0), "more": bool(state["left"])}

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        await socket.send({"type": "ask", "text": question})
        while (await socket.receive())["more"]:
            await socket.send({"type": "next"})


class SocketOpenEnd(SocketSite):
    """No frame says that an answer is complete, and the socket stays open."""

    impossible = "no frame says that an answer is complete"

    async def take(self, frame: Any, state: dict[str, Any]) -> AsyncIterator[Any]:
        for piece in pieces(self.answer(frame["text"])):
            yield {"text": piece}

    async def ask(self, page: Page, question: str) -> None:
        socket: PageSocket = page.state["socket"]
        await socket.send({"text": question})
        said = (await socket.receive())["text"]
        while said != self.made[-1]:
            said += (await socket.receive())["text"]


SITES = (
    *(SocketPlain, SocketSession, SocketToken, SocketClose, SocketSnapshots, SocketNoise, SocketWhole, SocketTalk),
    SocketOpenEnd,
)
