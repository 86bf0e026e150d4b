"""Sites at which it is difficult how the question is sent."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from typing import Any

from aiohttp import web

from tests.scaffold.synthetic.page import Page
from tests.scaffold.synthetic.sites import LINES, Site, event, line, need, pieces, refuse, token_events


def checked_messages(messages: Any) -> str:
    """The last question of a list of messages, whose roles must alternate."""
    need(isinstance(messages, list) and messages, "no messages")
    for number, message in enumerate(messages):
        role = "user" if number % 2 == 0 else "assistant"
        need(isinstance(message, dict) and message.get("role") == role, f"message {number} is no {role}'s")
        need(isinstance(message.get("content"), str) and message["content"], f"message {number} is empty")
    need(len(messages) % 2 == 1, "the last message is no question")
    return str(messages[-1]["content"])


class FormPost(Site):
    """A form with the question in one of its fields."""

    def routes(self) -> None:
        self.route("POST", "/ask", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.content_type == "application/x-www-form-urlencoded", "no form")
        form = await request.post()
        need(form.get("mode") == "fast" and form.get("lang") == "en", "unknown mode")
        return await self.stream(request, token_events(self.answer(str(form.get("prompt", "")))))

    async def ask(self, page: Page, question: str) -> None:
        await page.post_form("/ask", {"prompt": question, "mode": "fast", "lang": "en"})


class Multipart(Site):
    """A multipart form, one field of which is JSON."""

    def routes(self) -> None:
        self.route("POST", "/converse", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.content_type == "multipart/form-data", "no multipart form")
        form = await request.post()
        data = json.loads(str(form.get("data", "null")))
        need(isinstance(data, dict) and data.get("retry") is False and form.get("version") == "2", "bad data")
        text = self.answer(data.get("inputs", ""))
        frames = [*(line({"token": piece}) for piece in pieces(text)), line({"finished": True})]
        return await self.stream(request, frames, LINES)

    async def ask(self, page: Page, question: str) -> None:
        data = json.dumps({"inputs": question, "retry": False})
        await page.post_multipart("/converse", {"data": data, "version": "2"})


class PartsOfMessages(Site):
    """Messages in parts, those of the model with others than the person's; the text stands in each twice."""

    def routes(self) -> None:
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        messages = (await request.json())["messages"]
        for message in messages:
            steps = [] if message["role"] == "user" else [{"type": "step"}]
            need(message["parts"] == [*steps, {"type": "text", "text": message["content"]}], "parts of another message")
            need(("done" in message) is (message["role"] == "assistant"), "a message of another form")
        need(len({message["id"] for message in messages}) == len(messages), "ids that are alike")
        plain = [{"role": message["role"], "content": message["content"]} for message in messages]
        return await self.stream(request, token_events(self.answer(checked_messages(plain), plain[:-1])))

    async def ask(self, page: Page, question: str) -> None:
        said = page.state.setdefault("messages", [])
        said.append(self.message("user", question))
        await page.post("/api/chat", {"messages": said})
        said.append({**self.message("assistant", self.made[-1], {"type": "step"}), "done": True})

    def message(self, role: str, text: str, *before: dict[str, str]) -> dict[str, Any]:
        parts = [*before, {"type": "text", "text": text}]
        return {"id": secrets.token_hex(8), "role": role, "content": text, "parts": parts}


class QueryString(Site):
    """The question in the address, as EventSource asks."""

    def routes(self) -> None:
        self.route("GET", "/api/answer", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        need(request.query.get("style") == "short", "unknown style")
        return await self.stream(request, token_events(self.answer(request.query.get("q", ""))))

    async def ask(self, page: Page, question: str) -> None:
        await page.get("/api/answer", headers={"accept": "text/event-stream"}, q=question, style="short")


class GraphQL(Site):
    """One address for everything: which call it is, its body says."""

    CREATE = "mutation CreateChat { createChat { id } }"
    SEND = "mutation Send($chat: ID!, $text: String!) { send(chat: $chat, text: $text) { reply { text } } }"
    VIEWER = "query Viewer { viewer { name } }"

    def routes(self) -> None:
        self.chats: set[str] = set()
        self.route("POST", "/graphql", self.graphql)

    async def graphql(self, request: web.Request) -> web.StreamResponse:
        call = await request.json()
        name, variables = call.get("operationName"), call.get("variables", {})
        if name == "Viewer" and call["query"] == self.VIEWER:
            return web.json_response({"data": {"viewer": {"name": "Guest"}}})
        if name == "CreateChat" and call["query"] == self.CREATE:
            self.chats.add(number := uuid.uuid4().hex)
            return web.json_response({"data": {"createChat": {"id": number}}})
        need(name == "Send" and call["query"] == self.SEND, "unknown operation")
        need(variables.get("chat") in self.chats, "no such chat")
        text = self.answer(variables.get("text", ""))
        return web.json_response({"data": {"send": {"reply": {"text": text}}}})

    async def visit(self, page: Page) -> None:
        await page.open()
        await page.post("/graphql", {"operationName": "Viewer", "query": self.VIEWER, "variables": {}})

    async def new_chat(self, page: Page) -> None:
        call = {"operationName": "CreateChat", "query": self.CREATE, "variables": {}}
        page.state["chat"] = (await page.post("/graphql", call)).json()["data"]["createChat"]["id"]

    async def ask(self, page: Page, question: str) -> None:
        variables = {"chat": page.state["chat"], "text": question}
        await page.post("/graphql", {"operationName": "Send", "query": self.SEND, "variables": variables})


class OnePrompt(Site):
    """The history as one text, with names before the turns."""

    def routes(self) -> None:
        self.route("POST", "/v2/complete", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(isinstance(body.get("prompt"), str) and body.get("stop") == ["\nHuman:"], "bad request")
        text = self.answer(body["prompt"])
        return await self.stream(request, token_events(text, "completion"))

    async def ask(self, page: Page, question: str) -> None:
        before = page.state.get("prompt", "")
        prompt = f"{before}\n\nHuman: {question}\n\nAssistant:" if before else question
        await page.post("/v2/complete", {"prompt": prompt, "stop": ["\nHuman:"]})
        shown = f"Human: {question}\n\nAssistant: {self.made[-1]}"
        page.state["prompt"] = f"{before}\n\n{shown}" if before else shown


class MessageList(Site):
    """The history as a list of messages, each with an id and a time that the page makes up."""

    def routes(self) -> None:
        self.seen: set[str] = set()
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        question = checked_messages(body.get("messages"))
        for message in body["messages"]:
            uuid.UUID(message["id"])
        last = body["messages"][-1]["id"]
        need(last not in self.seen, "a message of that id is there")
        self.seen.add(last)
        text = self.answer(question, body["messages"][:-1])
        return await self.stream(request, token_events(text, "delta"))

    async def ask(self, page: Page, question: str) -> None:
        messages = page.state.setdefault("messages", [])
        messages.append({"id": str(uuid.uuid4()), "role": "user", "content": question})
        await page.post("/api/chat", {"messages": messages, "stream": True})
        messages.append({"id": str(uuid.uuid4()), "role": "assistant", "content": self.made[-1]})


class JSONInJSON(Site):
    """A text in the body that is JSON itself, and so in the answer."""

    def routes(self) -> None:
        self.route("POST", "/rpc", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        need(body.get("method") == "chat.send" and isinstance(body.get("payload"), str), "bad call")
        payload = json.loads(body["payload"])
        need(payload.get("channel") == "web", "unknown channel")
        text = self.answer(payload.get("input", {}).get("text", ""))
        frames = [event({"payload": json.dumps({"kind": "delta", "text": piece})}) for piece in pieces(text)]
        return await self.stream(request, [*frames, event({"payload": json.dumps({"kind": "done"})})])

    async def ask(self, page: Page, question: str) -> None:
        payload = json.dumps({"channel": "web", "input": {"text": question}}, separators=(",", ":"))
        await page.post("/rpc", {"method": "chat.send", "payload": payload})


class TimeInMilliseconds(Site):
    """The time of the call, which has to be this moment's."""

    def routes(self) -> None:
        self.last = 0
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        sent, now = body.get("sentAt"), time.time() * 1000
        need(isinstance(sent, int) and self.last < sent <= now + 1 and sent > now - 5000, "not the time")
        self.last = sent
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def ask(self, page: Page, question: str) -> None:
        await page.post("/api/chat", {"text": question, "sentAt": int(time.time() * 1000)})


class RequestId(Site):
    """An id of the page's own in a header, another one for each request, and one of the visit, which stays."""

    def routes(self) -> None:
        self.seen: set[str] = set()
        self.route("POST", "/api/chat", self.chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        number = request.headers.get("x-request-id", "")
        try:
            uuid.UUID(number)
            uuid.UUID(request.headers.get("x-client-id", ""))
        except ValueError:
            refuse("no id")
        need(number not in self.seen, "seen before", 403)
        self.seen.add(number)
        body = await request.json()
        return await self.stream(request, token_events(self.answer(body.get("text", ""))))

    async def visit(self, page: Page) -> None:
        page.storage["client-id"] = str(uuid.uuid4())
        await page.open()

    async def ask(self, page: Page, question: str) -> None:
        headers = {"x-request-id": str(uuid.uuid4()), "x-client-id": page.storage["client-id"]}
        await page.post("/api/chat", {"text": question}, headers=headers)


SITES = (
    *(FormPost, Multipart, QueryString, GraphQL, OnePrompt, MessageList, PartsOfMessages, JSONInJSON),
    *(TimeInMilliseconds, RequestId),
)
