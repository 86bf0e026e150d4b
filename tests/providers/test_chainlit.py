"""The Chainlit provider against an app of a few lines that speaks socket.io: what no capture has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from tests.providers.conftest import PATIENT
from tests.sites.serving import serve
from toolkit.chats.contents import File, Image
from toolkit.chats.deadlines import Deadlines
from toolkit.chats.events import ChatSaved, Finished, Media, Status, Text
from toolkit.client.client import Client
from toolkit.errors import (
    BadRequest,
    LoginRequired,
    ProtocolError,
    SiteError,
    StreamInterrupted,
    StreamTimeout,
    UnknownModel,
    UsageError,
)
from toolkit.providers.chainlit.provider import Chainlit
from toolkit.session.browser_session import BrowserSession

Events = list[tuple[str, Any]]
OPEN = '0{"sid":"s","upgrades":[],"pingTimeout":20000,"pingInterval":25000,"maxPayload":1000000}'
RUN, THREAD = "run-1", "thread-1"


def step(event: str, id: str, parent: str | None, type: str = "assistant_message", **more: Any) -> tuple[str, Any]:
    return event, {"id": id, "parentId": parent, "type": type, "name": type, "output": "", **more}


def over(**more: Any) -> Events:
    return [step("update_message", RUN, "Q", "run", end="now", **more), ("task_end", {})]


class App:
    """Answers each question with `answer`, in which `Q` stands for the question's id. `start` is what it says when a
    chat begins, `settings` what its page asks first. `heard` are the names of the events that came, `asked` the
    questions, `connects` how it was connected to. `user` is the status of who asks who they are. `uploads` are the
    files that came (the session, the name, the bytes), `references` those of each question, `changes` the settings that
    were changed."""

    def __init__(self, *answer: Any, start: Events | None = None, **settings: Any) -> None:
        self.references: list[Any] = []
        self.uploads: list[tuple[str, str, bytes]] = []
        self.changes: list[Any] = []
        self.answer, self.start, self.settings = list(answer), start or [], settings
        self.refusal = ""
        self.user = 200
        self.heard: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.connects: list[dict[str, Any]] = []
        self.closed = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/project/settings", self._settings)
        app.router.add_get("/user", self._user)
        app.router.add_post("/project/file", self._upload)
        app.router.add_get("/ws/socket.io/", self._talk)
        return app

    async def _settings(self, _: web.Request) -> web.Response:
        return web.json_response({"ui": {"name": "Sky"}, **self.settings})

    async def _user(self, _: web.Request) -> web.Response:
        return web.json_response(None, status=self.user)

    async def _upload(self, request: web.Request) -> web.Response:
        file = (await request.post())["file"]
        assert isinstance(file, web.FileField)
        self.uploads.append((request.query["session_id"], file.filename, file.file.read()))
        return web.json_response({"id": f"file-{len(self.uploads)}"})

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(OPEN)
        first = (await socket.receive()).data
        self.connects.append(json.loads(first[2:]))
        if self.refusal:
            await socket.send_str(f'44{{"message": "{self.refusal}"}}')
        else:
            await socket.send_str('40{"sid":"t"}')
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            if message.data.startswith("42"):
                id, _, payload = message.data[2:].partition("[")
                name, *arguments = json.loads(f"[{payload}")
                self.heard.append(name)
                await self._event(socket, name, arguments)
                if id:
                    await socket.send_str(f"43{id}[]")
            else:
                self.heard.append(message.data)
        self.closed.set()
        return socket

    async def _event(self, socket: web.WebSocketResponse, name: str, arguments: list[Any]) -> None:
        if name == "connection_successful":
            for event in (("task_end", {}), ("clear_ask", {}), ("clear_call_fn", {}), *self.start):
                await socket.send_str("42" + json.dumps(event))
        elif name == "chat_settings_change":
            self.changes.append(arguments[0])
        elif name == "client_message":
            self.asked.append(arguments[0]["message"])
            self.references.append(arguments[0]["fileReferences"])
            for event in self.answer:
                if isinstance(event, int):
                    await socket.close(code=event)
                elif isinstance(event, str):
                    await socket.send_str(event)
                else:
                    await socket.send_str("42" + json.dumps(event).replace('"Q"', f'"{self.asked[-1]["id"]}"'))


def answer(*events: Any) -> Events:
    return [("task_start", {}), step("new_message", RUN, "Q", "run"), *events, *over()]


@asynccontextmanager
async def asking(app: App, deadlines: Deadlines = PATIENT) -> AsyncIterator[Client]:
    async with serve(app.app()) as origin:
        session = BrowserSession.from_cookie_values("chainlit", origin, {"access_token": "t"})
        async with Client(Chainlit, base_url=origin, session=session, deadlines=deadlines, retries=0) as client:
            yield client


async def test_all_of_an_answer_is_told() -> None:
    """Tokens, whole messages, steps and pictures, and where the chat is kept; nothing of what is another run's, and
    nothing twice."""
    app = App(
        *answer(
            ("first_interaction", {"thread_id": THREAD, "interaction": "Hi"}),
            step("new_message", "other", "start-run", output="Welcome"),
            step("new_message", "tool", RUN, "tool", name="Search", input="x"),
            ("stream_token", {"id": "tool", "token": "found", "isSequence": False, "isInput": True}),
            "2",
            step("update_message", "tool", RUN, "tool", name="Search", end="now", output="found"),
            step("stream_start", "m1", RUN, output="The"),
            ("stream_token", {"id": "m1", "token": " sky", "isSequence": False, "isInput": False}),
            ("stream_token", {"id": "m1", "token": "The sky is", "isSequence": True, "isInput": False}),
            step("update_message", "m1", RUN, output="The sky is blue."),
            ("element", {"type": "image", "name": "sky.png", "chainlitKey": "k 1", "mime": "image/png", "forId": "m1"}),
            step("new_message", "m2", RUN, output="Bye."),
            ("some_event_of_tomorrow", None),
        ),
        dataPersistence=True,
    )
    async with asking(app) as client:
        stream = client.chat("Hi")
        events = [event async for event in stream.events()]
    assert stream.chat_id == THREAD
    saved, first, done, *texts = events
    assert isinstance(saved, ChatSaved)
    assert saved.url.endswith(f"/thread/{THREAD}")
    assert (first, done) == (Status("Search"), Status("Search", done=True))
    assert [one.text for one in texts if isinstance(one, Text)] == ["The", " sky", " is", " blue.", "\n\nBye."]
    (picture,) = [one for one in texts if isinstance(one, Media)]
    assert (picture.name, picture.mime_type) == ("sky.png", "image/png")
    assert f"/project/file/k%201?session_id={app.connects[0]['sessionId']}" in picture.url
    assert events[-1] == Finished("stop")
    assert app.heard == ["connection_successful", "clear_session", "client_message", "3"]


async def test_the_question_waits_for_the_beginning_of_the_chat() -> None:
    """An app that is still at work would not be ready; what it says then is no answer."""
    started = [("task_start", {}), step("new_message", "w", "start-run", output="Welcome"), ("task_end", {})]
    app = App(*answer(step("new_message", "m", RUN, output="blue")), start=started)
    async with asking(app) as client:
        assert await client.chat("Why?").text() == "blue"
    app = App(start=[("ask", {"msg": {"id": "a", "output": "Your name?"}, "spec": {}})])
    async with asking(app) as client:
        with pytest.raises(SiteError, match="asks for something before a question"):
            await client.chat("Why?").text()
    assert app.asked == []


async def test_a_kept_chat_is_gone_on_with() -> None:
    """By its id or its address; then the question is what was said since the last answer. An app that keeps none, and
    a chat that it does not know, are told before anything is asked."""
    talk = [("user", "a"), ("assistant", "b"), ("user", "c")]
    messages = [{"role": role, "content": content} for role, content in talk]
    kept = {"dataPersistence": True, "threadResumable": True}
    app = App(*answer(step("new_message", "m", RUN, output="d")), start=[("resume_thread", {"id": THREAD})], **kept)
    async with asking(app) as client:
        for known in (THREAD, f"https://chat.example.org/thread/{THREAD}"):
            assert await client.chat(messages, chat_id=known).text() == "d"
        assert await client.chat(messages).text() == "d"
    assert [one["threadId"] for one in app.connects] == [THREAD, THREAD, ""]
    assert [one["output"] for one in app.asked] == ["c", "c", "User: a\nAssistant: b\nUser: c\nAssistant:"]
    for start in ([("resume_thread_error", "Thread not found.")], []):
        app = App(start=start, **kept)
        async with asking(app) as client:
            with pytest.raises(BadRequest, match=f"does not go on with the chat '{THREAD}'"):
                await client.chat("c", chat_id=THREAD).text()
        assert app.asked == []
    async with asking(App()) as client:
        with pytest.raises(UsageError, match="keeps no chats"):
            await client.chat("c", chat_id=THREAD).text()


async def test_files_go_to_the_chat_of_the_question() -> None:
    """Before it, under the id of our session there; the question names what the app calls them. Nothing is asked of an
    app that takes none."""
    content = ["See", File("a.txt", b"hello"), Image.from_bytes(b"GIF8", "image/gif")]
    messages = [{"role": "user", "content": content}]
    app = App(*answer(step("new_message", "m", RUN, output="d")))
    async with asking(app) as client:
        assert await client.chat(messages).text() == "d"
        with pytest.raises(UsageError, match="not by their address"):
            await client.chat([{"role": "user", "content": [Image("https://y.example/b.png")]}]).text()
    session = app.connects[0]["sessionId"]
    assert app.uploads == [(session, "a.txt", b"hello"), (session, "image3.gif", b"GIF8")]
    assert app.references == [[{"id": "file-1"}, {"id": "file-2"}]]
    app = App(features={"spontaneous_file_upload": {"enabled": False}})
    async with asking(app) as client:
        with pytest.raises(UsageError, match="takes no images and files"):
            await client.chat(messages).text()
    assert app.connects == []


async def test_settings_are_changed_before_the_question() -> None:
    """All of them are sent, as the page's form does; what the app does not have is told before anything is asked."""
    form = [{"id": "tone", "initial": "plain"}, {"id": "tab", "inputs": [{"id": "times", "initial": 1}]}]
    app = App(*answer(step("new_message", "m", RUN, output="d")), start=[("chat_settings", form)])
    async with asking(app) as client:
        assert await client.chat("Hi", chat_settings={"times": 3}).text() == "d"
        for unknown, told in (({"mood": 1}, "no setting 'mood': it has tone, times"), ("loud", "is a mapping")):
            with pytest.raises(UsageError, match=told):
                await client.chat("Hi", chat_settings=unknown).text()
    assert app.changes == [{"tone": "plain", "times": 3}]
    assert [name for name in app.heard if name.startswith(("chat_", "client"))] == [
        "chat_settings_change",
        "client_message",
    ]


async def test_profiles_are_the_models() -> None:
    """The app's default is the first; one that has none has its own name."""
    profiles = [{"name": "A b"}, {"name": "C", "default": True}]
    app = App(*answer(step("new_message", "m", RUN, output="d")), chatProfiles=profiles)
    async with asking(app) as client:
        assert await client.models() == ("C", "A b")
        await client.chat("x").text()
        await client.chat("x", model="A b").text()
        with pytest.raises(UnknownModel, match="it has C, A b"):
            await client.chat("x", model="D").text()
    assert [one["chatProfile"] for one in app.connects] == ["C", "A%20b"]
    app = App(*answer(step("new_message", "m", RUN, output="d")))
    async with asking(app) as client:
        assert await client.models() == ("Sky",)
        assert await client.chat("x", model="Sky").text() == "d"
    assert app.connects[0]["chatProfile"] == ""


FAILURES: dict[str, tuple[list[Any], type[Exception], str, str]] = {
    "the run": ([*answer(step("new_message", "m", RUN, output="Half"))[:-2], *over(isError=True, output="boom")],
                SiteError, "reported: boom", "Half"),
    "a message": (answer(step("new_message", "e", RUN, isError=True, output="no quota")), SiteError, "no quota", ""),
    "before the run": ([step("new_message", "e", None, isError=True, output="'id'"), ("task_end", {})],
                       SiteError, "reported: 'id'", ""),
    "the app asks": (answer(("ask", {"msg": {"id": "a", "output": "Which?"}})), SiteError, "asks back", "Which?"),
    "the connection is ended": (["41"], StreamInterrupted, "ended the connection", ""),
    "the session is ended": (["1"], StreamInterrupted, "ended the connection", ""),
    "a restart": ([1012], StreamInterrupted, "1012", ""),
    "no packet": (["nonsense"], ProtocolError, "not a packet of engine", ""),
    "another shape": ([("new_message", {"id": 5})], ProtocolError, "another shape", ""),
    "no event": (["42{}"], ProtocolError, "another shape", ""),
}  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "told", "text"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_an_error(said: list[Any], kind: type[Exception], told: str, text: str) -> None:
    """With what the app says, and what had come. It is told to stop only if it may still be at work."""
    app = App(*said)
    async with asking(app) as client:
        with pytest.raises(kind, match=told) as caught:
            await client.chat("Hi").text()
        await asyncio.wait_for(app.closed.wait(), 10)
    assert getattr(caught.value, "text", "") == text
    assert ("stop" in app.heard) == (told in ("asks back", "not a packet of engine", "another shape"))


async def test_an_app_that_says_nothing_is_told_in_time() -> None:
    """Its heartbeats say nothing of the question; once it works on that, they are a sign of life."""
    app = App(*["2"] * 3)
    async with asking(app, Deadlines(first_piece=0.3)) as client:
        with pytest.raises(StreamTimeout, match="deadline `first_piece`"):
            await client.chat("Hi").text()
        await asyncio.wait_for(app.closed.wait(), 10)
    assert app.heard[-1] == "stop"


async def test_a_refused_connection_is_explained() -> None:
    """The app says the same for each reason: a session that is none, or something that it wants to know."""
    app = App(userEnv=["OPENAI_API_KEY"])
    app.refusal = "Connection refused by server"
    async with asking(app) as client:
        with pytest.raises(SiteError, match=r"Connection refused by server\..*asks people for OPENAI_API_KEY"):
            await client.chat("Hi").text()
        app.user = 401
        with pytest.raises(LoginRequired):
            await client.chat("Hi").text()


async def test_an_app_without_a_login_is_open() -> None:
    """It answers `null` to who is signed in, and that is no refusal."""
    async with asking(App()) as client:
        assert (await client.check()).identity is None


async def test_a_reader_who_leaves_stops_the_app() -> None:
    """The app is told before the socket is closed."""
    app = App(*answer(step("new_message", "m", RUN, output="d"))[:-2])
    async with asking(app) as client:
        async with client.chat("Hi") as stream:
            assert await anext(stream) == "d"
        await asyncio.wait_for(app.closed.wait(), 10)
    assert app.heard[-1] == "stop"
