"""Forty secrets, planted wherever one can be, are in no error, log line, traceback with locals, output or file."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import logging
import pickle
import socket
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from rich.console import Console
from rich.traceback import Traceback

from tests.cli.conftest import Toolkit
from tests.planted import FAILURES, PLACES, SECRETS, SPELLINGS, site
from tests.redaction.secrets import spelled
from tests.sites.serving import serve
from toolkit import Client, Deadlines, SyncClient, open_store
from toolkit import chat as chat_once
from toolkit.client.environment_session import read_variable
from toolkit.errors import ToolkitError
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.http.route import Route
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.redact import redact
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats.conversion import parse
from toolkit.session.formats.encoded_text import decode_bytes
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

HERE = str(Path(__file__).parent)  # the tests' own functions, which have planted the secrets
PIECE = 12  # characters of a secret that are too much
SEARCHED = {
    f"{place}, {name}": text.decode("latin-1")
    for place, secret in SECRETS.items()
    for piece in (secret[:PIECE], secret[-PIECE:])
    for name, text in spelled(piece).items()
    if "base64" not in name
}
PROXY = f"http://user:{SECRETS['proxy password']}@127.0.0.1:9"


def found_in(text: str) -> list[str]:
    return [place for place, spelling in SEARCHED.items() if spelling in text]


def session(origin: str) -> BrowserSession:
    """A session with a secret in each of its places."""

    def cookie(name: str, value: str) -> Cookie:
        return Cookie(name=name, value=value, domain="127.0.0.1")

    return BrowserSession(
        provider="openwebui",
        origin=origin,
        harvested_at=1.0,
        cookies=(
            cookie("sid", SECRETS["sid cookie"]),
            cookie("connect.sid", f"s%3A{SECRETS['signed cookie']}%2F%2B"),
            cookie("auth", quote(json.dumps({"accessToken": SECRETS["JSON cookie"]}))),
            cookie("quoted", f'"{SECRETS["quoted cookie"]}"'),
        ),
        headers={"user-agent": "tests", "x-own": SECRETS["own header"]},
        local_storage={
            origin: {
                "token": SECRETS["bearer"],
                "item": SECRETS["storage item"],
                "user": json.dumps({"user": {"idToken": SECRETS["JSON storage"]}}),
            }
        },
        session_storage={origin: {"msal": json.dumps({"secret": SECRETS["session storage"]})}},
        indexed_db={
            origin: [{"name": "db", "stores": [{"name": "s", "records": [{"key": 1, "value": SECRETS["IndexedDB"]}]}]}]
        },
    )


def reports(error: BaseException, *, rich: bool = True) -> Iterator[str]:
    """What programs print of an error: its text, its attributes, and its traceback with the locals of all functions but
    those of these tests."""
    yield f"{error} {error!r} {error.args} {vars(error)}"
    yield pickle.dumps(error).decode("latin-1")
    todo, known = [traceback.TracebackException.from_exception(error, capture_locals=True)], set[int]()
    while todo:
        one = todo.pop()
        known.add(id(one))
        one.stack[:] = [frame for frame in one.stack if not frame.filename.startswith(HERE)]
        todo += [other for other in (one.__cause__, one.__context__) if other is not None and id(other) not in known]
        yield "".join(one.format(chain=False))
    if not rich:
        return
    with_locals = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    for stack in with_locals.trace.stacks:
        stack.frames[:] = [frame for frame in stack.frames if not frame.filename.startswith(HERE)]
    Console(file=(shown := io.StringIO()), width=400).print(with_locals)
    yield shown.getvalue()


def files_with_secrets(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "broken.har"]
    return [str(path) for path in files if found_in(path.read_text("latin-1"))]


def assert_nothing_shown(error: BaseException, *, rich: bool = True) -> None:
    for report in reports(error, rich=rich):
        assert not found_in(report), report[:5000]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever is logged at the level `debug` meanwhile is searched at the end."""
    caplog.set_level(logging.DEBUG)
    yield
    lines = [record for record in caplog.records if not record.name.startswith("aiohttp")]
    assert not found_in("\n".join(record.getMessage() for record in lines))


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    end = asyncio.Event()
    async with serve(site(end)) as origin:
        yield origin
        end.set()


def test_there_are_some_forty() -> None:
    """One for each place, no two alike."""
    assert len(PLACES) == len(set(SECRETS.values())) == 42


@pytest.mark.parametrize("how", FAILURES)
async def test_no_failure_of_a_call_shows_one(how: str, origin: str, logged: None) -> None:
    """Whatever goes wrong with a call, and however the site repeats what it was sent."""
    deadlines = Deadlines(between_pieces=0.2)
    request: list[Any] = [
        {"role": "system", "content": SECRETS["system prompt"]},
        {"role": "user", "content": SECRETS["prompt"]},
        {"role": "assistant", "content": "yes"},
    ]
    for spelling in SPELLINGS:
        asked = [*request, {"role": "user", "content": f"{how} {spelling}"}]
        async with Client("openwebui", base_url=origin, session=session(origin), deadlines=deadlines) as client:
            with pytest.raises(ToolkitError) as caught:
                await client.chat(asked, model="m1", seed=SECRETS["option"]).text()
            assert_nothing_shown(caught.value, rich=spelling == "plain")  # which takes its time


async def failed(work: Callable[[], Coroutine[Any, Any, Any]]) -> BaseException:
    with pytest.raises((ToolkitError, TypeError)) as caught:
        await work()
    return caught.value


async def test_no_failure_of_another_method_shows_one(origin: str, logged: None) -> None:
    """The check of a session, a visit without a browser, a cancelled call, a proxy that is not there."""
    async with Client("openwebui", base_url=origin, session=session(origin)) as client:
        assert_nothing_shown(await failed(client.check))
        task = asyncio.create_task(client.chat("stream-silent").text())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        assert_nothing_shown(cancelled.value)
    given = replace(session(origin), proxy=f"http://user:{SECRETS['session proxy']}@127.0.0.1:9")
    options: dict[str, Any]
    for options in ({"proxy": PROXY, "session": session(origin)}, {"session": given}):
        async with Client("openwebui", base_url=origin, retries=0, **options) as client:
            assert_nothing_shown(await failed(client.chat("Hi").text))


async def test_a_call_without_asyncio_shows_none(origin: str, logged: None) -> None:
    """`SyncClient` and `chat` in a thread, where the error comes from another one."""

    def calls() -> list[BaseException]:
        errors: list[BaseException] = []
        arguments: dict[str, Any] = {"base_url": origin, "session": session(origin)}
        for work in (
            lambda: SyncClient("openwebui", **arguments).chat("400 percent").text(),
            lambda: chat_once("openwebui", SECRETS["prompt"], **arguments, proxy=PROXY).text(),
            lambda: chat_once("openwebui", "Hi", proxy=f"{PROXY}:x", cookies={"a": SECRETS["argument cookie"]}).text(),
        ):
            with pytest.raises(ToolkitError) as caught:
                work()  # type: ignore[no-untyped-call]
            errors.append(caught.value)
        return errors

    for error in await asyncio.to_thread(calls):
        assert_nothing_shown(error)


ARGUMENTS: dict[str, Callable[[], Any]] = {
    "proxy": lambda: Client("openwebui", proxy=f"{PROXY}:x"),
    "proxy and route": lambda: Client("openwebui", proxy=PROXY, route=Route()),
    "route": lambda: Route.through(f"gopher://{SECRETS['proxy password']}@x"),
    "environment": lambda: Route.of_environment({"HTTPS_PROXY": f"{PROXY}:x", "TOKEN": SECRETS["environment text"]}),
    "cookies": lambda: Client("openwebui", cookies={"sid": SECRETS["argument cookie"], "n": 5}),  # type: ignore[dict-item]
    "store": lambda: open_store(f"redis://user:{SECRETS['redis password']}@127.0.0.1:9/x"),
    "no store": lambda: open_store(f"postgres://user:{SECRETS['redis password']}@127.0.0.1"),
    "base URL": lambda: Client("openwebui", base_url=f"https://u:{SECRETS['base URL']}@[::1/"),
    "prompt": lambda: Client("openwebui").chat([{"role": "nobody", "content": SECRETS["prompt"]}]),
    "tool": lambda: Client("aura").chat(SECRETS["prompt"], tools=[{"name": SECRETS["tool"]}]),
    "state": lambda: parse('{"cookies": [{"name": "sid", "value": "%s"}]}' % SECRETS["imported state"]),  # noqa: UP031
    "list": lambda: parse('[{"name": "sid", "value": "%s", "domain": 5}]' % SECRETS["imported list"]),  # noqa: UP031
    "lines": lambda: parse(f"# Netscape HTTP Cookie File\nx.example\tTRUE\t{SECRETS['imported lines']}\n"),
    "curl": lambda: parse(
        f"curl 'https://x.example/?{SECRETS['imported curl']}' -H 'X-Key: {SECRETS['imported header']}'"
    ),
    "header": lambda: parse(f"{SECRETS['imported header']}\x00", "cookie-header"),
    "JSON": lambda: parse('{"version": 9, "session": "%s"}' % SECRETS["imported JSON"]),  # noqa: UP031
    "secret": lambda: read_variable(SECRETS["environment text"], "VARIABLE", "openwebui"),
    "HAR": lambda: parse('{"log": {"entries": [{"request": {"url": "%s"}}]}}' % SECRETS["imported JSON"]),  # noqa: UP031
    "fetch": lambda: parse(f'fetch("https://x.example/", {{"headers": {{"x": "{SECRETS["imported header"]}"}}}})'),
    "gzip": lambda: decode_bytes(b"\x1f\x8b\x08" + SECRETS["imported JSON"].encode()),
    "UTF-16": lambda: decode_bytes(b"\xff\xfe" + SECRETS["imported JSON"].encode() + b"xxx"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_no_argument_that_cannot_be_used_is_shown(name: str, logged: None) -> None:
    """What is refused at once: passwords in URLs, sessions of all formats that are none, messages."""
    with pytest.raises((ToolkitError, TypeError)) as caught:
        ARGUMENTS[name]()
    assert_nothing_shown(caught.value)


async def test_no_failure_of_a_store_shows_one(tmp_path: Path, logged: None) -> None:
    """Another passphrase, a Redis server that is not there, a disk that cannot be written; and no file has one."""
    key, kept = Key("openwebui", "https://x.example", "default"), session("https://x.example")
    await FileStore(tmp_path, key=SECRETS["store key"]).save(key, kept)
    assert files_with_secrets(tmp_path) == []
    assert_nothing_shown(await failed(lambda: FileStore(tmp_path, key=SECRETS["wrong store key"]).load(key)))
    (tmp_path / "file").write_text("")
    assert_nothing_shown(await failed(lambda: FileStore(tmp_path / "file" / "x", key="").save(key, kept)))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    redis = open_store(f"redis://user:{SECRETS['redis password']}@127.0.0.1:{port}/0")
    assert_nothing_shown(await failed(lambda: redis.save(key, kept)))


def recording() -> Recording:
    """A recording with a secret in each of its places."""
    sent = [("Authorization", f"Bearer {SECRETS['HAR header']}"), ("Cookie", f"sid={SECRETS['HAR cookie']}")]
    body = json.dumps({"password": SECRETS["HAR body"]}).encode()
    request = make_request("POST", f"https://x.example/?access_token={SECRETS['HAR query']}", sent, body)
    answer = json.dumps({"refresh_token": SECRETS["HAR answer"]}).encode()
    entry = Entry(
        datetime(2026, 1, 1, tzinfo=UTC),
        request,
        make_response(200, "OK", [("Content-Type", "application/json")], answer),
    )
    kept = session("https://x.example")
    kept = replace(kept, local_storage={"https://x.example": {"token": SECRETS["HAR storage"]}})
    chat = RecordedChat("openwebui", [{"role": "user", "content": SECRETS["HAR prompt"]}])
    return Recording(entries=[entry], chat=chat, session=RecordedSession.from_session(kept))


def test_no_failure_of_a_recording_shows_one(tmp_path: Path, logged: None) -> None:
    """Saved before it is redacted, redacted with what cannot be, loaded where it is broken."""
    made = recording()
    unredactable = made.entries[0].request
    unredactable.url += "&x=/ghp" + "_" + "a1B2c3D4e5" * 4
    path = tmp_path / "file.har"
    path.write_text('{"log": {"entries": [{"request": "%s"' % SECRETS["broken HAR"])  # noqa: UP031
    for work in (lambda: save(made, tmp_path / "other.har"), lambda: redact(made), lambda: load(path)):
        with pytest.raises(ToolkitError) as caught:
            work()
        assert_nothing_shown(caught.value)
    assert not found_in(str(check(path)))


async def test_no_command_shows_one(tmp_path: Path, origin: str) -> None:
    """All commands, run with `--debug` and made to fail: neither what they print nor a file of theirs has one."""
    with tempfile.TemporaryDirectory() as temp:
        toolkit = Toolkit(tmp_path, Path(temp))
        kept = session(origin)
        given = replace(
            kept,
            cookies=(Cookie(name="sid", value=SECRETS["environment cookie"], domain="127.0.0.1"),),
            local_storage={origin: {"token": SECRETS["environment storage"]}},
        )
        store = {"TOOLKIT_STORE_KEY": SECRETS["store key"]}
        await FileStore(toolkit.state / "sessions", key=SECRETS["store key"]).save(
            Key("openwebui", origin, "default"), kept
        )
        variable = {"TOOLKIT_SESSION_OPENWEBUI": json.dumps(given.to_storage_state())}
        redis = f"redis://user:{SECRETS['redis password']}@127.0.0.1:9/0"
        of_site = ("openwebui", "--base-url", origin)
        (tmp_path / "broken.har").write_text('{"log": {"entries": [{"request": "%s"' % SECRETS["broken HAR"])  # noqa: UP031
        spellings = itertools.cycle(("plain", "percent", "decoded"))
        shown = (
            "400",
            "reason",
            "reset",
            "again",
            "nowhere",
            "page",
            "gzip",
            "stream-error",
            "stream-json",
            "stream-cut",
        )
        prompts = [f"{how} {next(spellings)}" for how in shown]
        bare = {**toolkit.without_browser(), **store}
        commands: list[tuple[tuple[str, ...], dict[str, str], str]] = [
            *((("chat", *of_site, prompt), bare, "") for prompt in prompts),
            (("chat", *of_site, "401 base64"), {**bare, **variable}, ""),
            (("chat", *of_site, SECRETS["prompt"], "--proxy", PROXY), bare, ""),
            (("chat", *of_site, SECRETS["prompt"], "--proxy", f"{PROXY}:x"), bare, ""),
            (("chat", *of_site, "Hi", "--store", redis), bare, ""),
            (("chat", *of_site, "Hi"), {**bare, "TOOLKIT_STORE_KEY": SECRETS["wrong store key"]}, ""),
            (("chat", *of_site, "Hi"), {**bare, "TOOLKIT_SESSION_OPENWEBUI": SECRETS["environment text"]}, ""),
            (("chat", *of_site, "Hi"), {**bare, "HTTP_PROXY": PROXY}, ""),
            (("models", *of_site, "--refresh"), {**bare, "HTTP_PROXY": PROXY}, ""),
            (("session", "check", *of_site), bare, ""),
            (("session", "check", *of_site), {**bare, **variable}, ""),
            (("session", "list"), bare, ""),
            (("session", "list", "--store", redis), bare, ""),
            (("session", "show", *of_site), bare, ""),
            (("session", "refresh", *of_site), bare, ""),
            (("session", "import", *of_site), bare, '{"cookies": [{"name": "%s"}]}' % SECRETS["imported state"]),  # noqa: UP031
            (("session", "import", *of_site), bare, f"curl 'https://x.example' -H 'X: {SECRETS['imported curl']}'"),
            (("session", "import", *of_site), bare, SECRETS["imported lines"]),
            (("harvest", *of_site), bare, ""),
            (("record", "openwebui", "--output", "out.har", "--base-url", origin), bare, ""),
            (("recording", "show", "broken.har"), bare, ""),
            (("recording", "check", "broken.har"), bare, ""),
            (("chat", "openwebui", "--replay", "broken.har"), bare, ""),
            (("doctor",), {**bare, **variable, "HTTPS_PROXY": PROXY, "TOOLKIT_STORE": redis}, ""),
        ]
        for args, env, stdin in commands:
            result = await toolkit.run("--debug", *args, env=env, stdin=stdin)
            output = result.out + result.err
            assert not found_in(output), f"{args}\n{output[:5000]}"
            assert "•••" in output or prompts[0] not in args
        assert files_with_secrets(tmp_path) + files_with_secrets(Path(temp)) == []
