"""What the synthetic sites share."""

from __future__ import annotations

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ClassVar, NoReturn

from aiohttp import web

from tests.scaffold.synthetic.page import Page

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FIRST, SECOND, FOLLOW_UP = "Why is the sky blue?", "How many legs has a spider?", "And an ant?"
# What the model says, by chance of the question: with letters beyond ASCII, which bodies have to carry.
SAYINGS = (
    "Air scatters short waves of light more than long ones – that is all there is to it.",
    "Eight of them carry it along, four on each side; nature found “eight” handy.",
    "Six will do: three on the left and three on the right, as with every beetle.",
    "Nobody knows for sure, though café philosophers have debated it since 1905.",
)
EVENTS, LINES = "text/event-stream", "application/x-ndjson"


def say(question: str) -> str:
    """The model's answer, another one to each question."""
    number = zlib.crc32(question.encode())
    return f"{SAYINGS[number % len(SAYINGS)]} (Note {number % 9000 + 1000}.)"


def pieces(text: str) -> list[str]:
    """A text in pieces, as models give it."""
    words = text.split(" ")
    return [word if at == 0 else f" {word}" for at, word in enumerate(words)]


def event(value: Any, name: str = "", end: str = "\n") -> bytes:
    """A server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{f'event: {name}{end}' if name else ''}data: {text}{end}{end}".encode()


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def refuse(why: str, status: int = 400) -> NoReturn:
    """Answer with a 4xx."""
    error: type[web.HTTPException] = {401: web.HTTPUnauthorized, 403: web.HTTPForbidden, 404: web.HTTPNotFound}.get(
        status, web.HTTPBadRequest
    )
    raise error(text=why)


def need(condition: object, why: str, status: int = 400) -> None:
    """Answer with a 4xx where `condition` does not hold."""
    if not condition:
        refuse(why, status)


class Site:
    """A site, and its page's script.

    `made` are the answers that it has given, in order, and `asked` what it took for the questions, with the history as
    far as it was sent. `impossible` is a part of the reason for which its provider cannot be written, "" where it can.
    `told` says that the answer's text is needed to find it, which the window has and a file may not.
    """

    impossible: ClassVar[str] = ""
    told: ClassVar[bool] = False

    def __init__(self) -> None:
        self.made: list[str] = []
        self.asked: list[str] = []
        self.app = web.Application()
        self.route("GET", "/", self.root)
        self.routes()

    def routes(self) -> None:
        """Register what the site answers; each subclass has it."""
        raise NotImplementedError

    def route(self, method: str, path: str, handler: Handler) -> None:
        self.app.router.add_route(method, path, handler)

    async def root(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=self.html(), content_type="text/html")

    def html(self) -> str:
        return "<!doctype html><title>Chat</title><body><textarea></textarea></body>"

    def answer(self, question: str, history: Any = "") -> str:
        """The answer of the model to `question`; takes note of both."""
        need(isinstance(question, str) and question.strip(), "no question")
        self.asked.append(f"{history} {question}")
        self.made.append(say(question))
        return self.made[-1]

    async def stream(
        self, request: web.Request, frames: Iterable[bytes], kind: str = EVENTS, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        """Answer piece by piece."""
        response = web.StreamResponse(headers={"content-type": kind, **(headers or {})})
        await response.prepare(request)
        for frame in frames:
            await response.write(frame)
        return response

    # The page's script.

    async def visit(self, page: Page) -> None:
        """Open the page, logged in where there is a login."""
        await page.open()

    async def new_chat(self, page: Page) -> None:
        """Begin another conversation."""
        page.state.clear()

    async def ask(self, page: Page, question: str) -> None:
        """Ask, in the conversation that there is."""
        raise NotImplementedError

    async def leave(self, page: Page) -> None:
        """What the page does at the end of a conversation."""

    async def talk(self, page: Page) -> None:
        """The whole session that is recorded; `page.shown` is what the person saw."""
        await self.visit(page)
        for number, question in enumerate((FIRST, SECOND, FOLLOW_UP)):
            if number < 2:
                await self.new_chat(page)
            await self.ask(page, question)
            page.shown.append(self.made[-1])
            if number != 1:
                await self.leave(page)


def token_events(text: str, key: str = "text") -> list[bytes]:
    """The plainest stream: events with a piece each, and an end mark."""
    return [*(event({key: piece}) for piece in pieces(text)), event("[DONE]")]
