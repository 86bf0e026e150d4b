"""Forty secrets and what was asked and answered, planted wherever a server can have them: none is in anything that it
says besides the answers, at the level `debug` and whatever goes wrong."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.conftest import Toolkit, python_path
from tests.cli.test_serve import serving
from tests.planted import FAILURES, SECRETS, SPELLINGS, secret, site
from tests.redaction.secrets import spelled
from tests.sites.scripted import ScriptedSite, delta
from tests.sites.serving import serve
from tests.test_planted_secrets import session
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.file import FileStore

FURTHER = (
    *(
        "server key",
        "key of another",
        "Bearer of another",
        "Cookie of a request",
        "Referer",
        "Host",
        "Origin",
        "broken head",
    ),
    *("body of a broken request", "end user", "metadata", "image", "file data", "tool result", "tool arguments"),
    *(
        "answer",
        "reasoning",
        "call of a tool",
        "cut answer",
        "fault",
        "path",
        "User-Agent",
        "broken JSON",
        "wrong type",
    ),
)
ALL = SECRETS | {place: secret(place) for place in FURTHER}
SEARCHED = {
    f"{place}, {spelling}": text
    for place, planted in ALL.items()
    for whole in (True, False)
    for piece in ((planted,) if whole else (planted[:12], planted[-12:]))
    for spelling, text in spelled(piece).items()
    if whole or "base64" not in spelling
}
BUG = """
from toolkit import Aura

class Buggy(Aura):
    name = "buggy"
    async def stream(self, request, http):
        if request.model == "late":
            yield "so far"
        raise LookupError(request.messages[-1].text)
"""


def found_in(data: bytes) -> list[str]:
    """Where the secrets in `data` were planted, and how they are spelled."""
    return [place for place, text in SEARCHED.items() if text in data]


class Asking:
    """Calls a server, and keeps all that it has said but answers."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self._http, self._origin = http, origin
        self.told: list[bytes] = []
        self.statuses: list[int] = []

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """The status and the body of the answer; what is no whole answer is kept."""
        shown = {"Authorization": f"Bearer {ALL['server key']}", "Content-Type": "application/json"}
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        told, status = b"", 0
        with suppress(TimeoutError, aiohttp.ClientPayloadError):
            async with (
                asyncio.timeout(1.0 if "stream-silent" in str(body) else 60.0),
                self._http.request(method, f"{self._origin}{path}", headers=shown, **sent) as answer,
            ):
                status = answer.status
                self.told.append(str(answer.headers).encode())
                async for chunk in answer.content.iter_any():
                    told += chunk
        self.statuses.append(status)
        return status, told

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """The status of an answer of which all is kept."""
        status, told = await self.ask(method, path, body, **headers)
        self.told.append(told)
        return status

    async def raw(self, sent: bytes) -> None:
        host, port = self._origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        with suppress(ConnectionError):
            self.told.append(await reader.read())
        writer.close()


def questions(model: str, text: str, *, stream: bool) -> dict[str, dict[str, Any]]:
    """The same question in each protocol, by its endpoint, with a secret in each place that it has."""
    function = {"name": "sky", "description": ALL["tool"], "parameters": {"type": "object", "properties": {}}}
    more = {"model": model, "stream": stream, "user": ALL["end user"], "seed": ALL["option"]}
    earlier = [{"role": "user", "content": ALL["prompt"]}, {"role": "assistant", "content": "yes"}]
    chat = [{"role": "system", "content": ALL["system prompt"]}, *earlier, {"role": "user", "content": text}]
    return {
        "/v1/chat/completions": {
            **more,
            "messages": chat,
            "metadata": {"about": ALL["metadata"]},
            "tools": [{"type": "function", "function": function}],
        },
        # An answer of this protocol repeats the functions.
        "/v1/responses": {**more, "input": chat, "tools": [{"type": "function", **function, "description": "it"}]},
        "/v1/messages": {
            **more,
            "max_tokens": 9,
            "system": ALL["system prompt"],
            "messages": chat[1:],
            "tools": [{"name": "sky", "description": ALL["tool"], "input_schema": function["parameters"]}],
        },
    }


@pytest.fixture
async def places(toolkit: Toolkit, tmp_path: Path) -> AsyncIterator[tuple[Toolkit, ScriptedSite]]:
    """A store that is sealed, with sessions at a site that repeats what it is sent, at one that says what a test
    wants, and at one whose provider has a bug."""
    end, scripted = asyncio.Event(), ScriptedSite()
    folder = tmp_path / "package"
    (folder / "buggy-1.0.dist-info").mkdir(parents=True)
    (folder / "buggy.py").write_text(BUG, encoding="utf-8")
    (folder / "buggy-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: buggy\nVersion: 1.0\n")
    (folder / "buggy-1.0.dist-info" / "entry_points.txt").write_text("[toolkit.providers]\nbuggy = buggy:Buggy\n")
    toolkit.environ |= toolkit.without_browser() | {
        "PYTHONPATH": python_path(folder),
        "TOOLKIT_STORE_KEY": ALL["store key"],
        "TOOLKIT_SERVE_KEY": ALL["server key"],
    }
    store = FileStore(toolkit.state / "sessions", key=ALL["store key"])
    async with serve(site(end)) as origin, serve(scripted.app()) as other:
        await store.save(Key("openwebui", origin), session(origin))
        for name in ("codelinkava", "buggy"):
            kept = BrowserSession(provider=name, origin=other, headers={"user-agent": "Kept/1"})
            await store.save(Key(name, other), kept)
        yield toolkit, scripted
        end.set()


async def calls_that_fail(asking: Asking) -> None:
    """Each failure of the site, in two spellings of what it repeats, in all protocols in turn."""
    ways = itertools.cycle(itertools.product(("/v1/chat/completions", "/v1/responses", "/v1/messages"), (False, True)))
    others = itertools.cycle(spelling for spelling in SPELLINGS if spelling != "plain")
    for how, spelling in itertools.chain.from_iterable(((how, "plain"), (how, next(others))) for how in FAILURES):
        path, stream = next(ways)
        if how == "stream-silent" and spelling != "plain":
            continue
        status, told = await asking.ask(
            "POST", path, questions("openwebui/m1", f"{how} {spelling}", stream=stream)[path]
        )
        asking.told.append(told)
        assert status != 500, (how, spelling)


async def calls_that_are_answered(asking: Asking, scripted: ScriptedSite) -> None:
    """Whole, with a function, and cut; answers alone may have what was answered."""
    function = {"name": "sky", "arguments": f'{{"of": "{ALL["call of a tool"]}"}}'}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{ALL['image']}"}}
    for stream in (False, True):
        for path, question in questions("codelinkava", "Hi", stream=stream).items():
            scripted.ending = "eof"
            scripted.says(ALL["answer"], reasoning=ALL["reasoning"])
            status, told = await asking.ask("POST", path, question)
            assert (status, ALL["answer"].encode() in told) == (200, True)
            scripted.frames = [delta(tool_calls=[call]), {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}]
            assert (await asking.ask("POST", path, question))[0] == 200
            scripted.ending, scripted.frames = "cut", [delta(content="so far")]
            asking.told.append((await asking.ask("POST", path, question))[1])
        for content in ([image], [{"type": "file", "file": {"file_data": ALL["file data"], "filename": ALL["file"]}}]):
            body = {"model": "codelinkava", "stream": stream, "messages": [{"role": "user", "content": content}]}
            asking.told.append((await asking.ask("POST", "/v1/chat/completions", body))[1])


async def requests_that_are_refused(asking: Asking) -> None:
    """By the guard, by what they ask for, and for what cannot be read."""
    path = "/v1/chat/completions"
    good = questions("codelinkava", "Hi", stream=False)[path]
    own = f"Bearer {ALL['server key']}"
    assert await asking.refused("POST", path, good, Authorization=f"Bearer {ALL['Bearer of another']}") == 401
    assert await asking.refused("POST", path, good, Authorization="", x_api_key=ALL["key of another"]) == 401
    assert await asking.refused("GET", f"/v1/models?key={ALL['query']}", Authorization="") == 401
    assert (
        await asking.refused("GET", "/v1/models", Cookie=f"a={ALL['Cookie of a request']}", Host=f"{ALL['Host']}.test")
        == 403
    )
    assert (
        await asking.refused("POST", path, good, Origin=f"http://{ALL['Origin']}.test", Referer=ALL["Referer"]) == 403
    )
    assert await asking.refused("GET", "/v1/nothing", User_Agent=f"{ALL['User-Agent']} x") == 404
    assert await asking.refused("POST", path, f'{{"model": "{ALL["broken JSON"]}'.encode()) == 400
    assert await asking.refused("POST", path, b"[" * 100_000 + ALL["broken JSON"].encode()) == 400
    for wrong in (
        {"messages": ALL["wrong type"]},
        {"messages": [ALL["wrong type"]]},
        {"messages": [{"role": "user", "content": {"text": ALL["wrong type"]}}]},
        {"messages": [{"role": "tool", "tool_call_id": "call_9", "content": ALL["tool result"]}], "n": 2},
        {"temperature": ALL["wrong type"]},
        {"tools": [ALL["wrong type"]]},
        {"tools": [{"type": "function", "function": {"name": "sky", "parameters": ALL["tool arguments"]}}], "n": 3},
        {"response_format": {"type": "json_schema", "json_schema": {"about": ALL["wrong type"]}}},
    ):
        assert await asking.refused("POST", path, good | wrong) == 400
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {own}\r\n".encode()
    await asking.raw(head + f"X-A: {ALL['broken head']}\0\r\n\r\n".encode())
    await asking.raw(
        head + f"Content-Length: 2\r\nConnection: close\r\n\r\n{{}}{ALL['body of a broken request']}\r\n".encode()
    )
    await asking.raw(f"GET /{ALL['path']}\0 HTTP/1.1\r\n\r\n".encode())


@pytest.mark.parametrize("json_log", [False, True])
async def test_nothing_that_it_says(places: tuple[Toolkit, ScriptedSite], *, json_log: bool) -> None:
    """Neither its log, nor an error, nor its page, its metrics, its lists and its files."""
    toolkit, scripted = places
    options = ("--debug", *(("--log-json",) if json_log else ()))
    async with serving(toolkit, *options) as served, aiohttp.ClientSession() as http:
        asking = Asking(http, served.origin)
        if not json_log:  # which is written from the same records
            await calls_that_fail(asking)
            await calls_that_are_answered(asking, scripted)
        await requests_that_are_refused(asking)
        for model in ("buggy/early", "buggy/late"):
            for path, question in questions(model, ALL["fault"], stream=True).items():
                status, told = await asking.ask("POST", path, question)
                asking.told.append(told)
                assert (status, told.count(b"HTTP/1.1 ")) == (500 if model == "buggy/early" else 200, 0)
        for path in ("/v1/models", "/api/status", "/metrics", "/healthz", "/"):
            assert await asking.refused("GET", path) == 200
        code, log = await served.end()
    assert code == 0
    assert "LookupError" in log
    assert log.count("buggy.py") == 6  # where it happened
    assert found_in(b"\n".join(asking.told)) == []
    assert found_in(log.encode()) == []
    assert found_in("\n".join(served.lines).encode()) == []
    files = [path for folder in (toolkit.state, toolkit.temp) for path in folder.rglob("*") if path.is_file()]
    assert files
    assert {str(path): found_in(path.read_bytes()) for path in files} == {str(path): [] for path in files}


@pytest.mark.parametrize("option", ["proxy", "store"])
async def test_passwords_of_others(toolkit: Toolkit, option: str) -> None:
    """Those of a proxy and of Redis, which cannot be reached."""
    word = ALL["proxy password" if option == "proxy" else "redis password"]
    value = f"http://user:{word}@127.0.0.1:9" if option == "proxy" else f"redis://user:{word}@127.0.0.1:9"
    await toolkit.keep(session("http://127.0.0.1:9"))
    toolkit.environ["TOOLKIT_SERVE_KEY"] = ALL["server key"]
    async with serving(toolkit, "--debug", f"--{option}", value) as served, aiohttp.ClientSession() as http:
        asking = Asking(http, served.origin)
        for path, question in questions("openwebui/m1", "400 plain", stream=True).items():
            assert await asking.refused("POST", path, question) >= 400
        for path in ("/v1/models", "/api/status", "/metrics"):
            await asking.refused("GET", path)
        _, log = await served.end()
    assert found_in(b"\n".join([*asking.told, log.encode(), *map(str.encode, served.lines)])) == []
