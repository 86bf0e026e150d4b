"""A server of `toolkit.gateway` in front of a scripted site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tests.sites.scripted import ScriptedSite
from tests.sites.serving import serve
from toolkit.gateway import app
from toolkit.gateway.listening import bind
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.memory import MemoryStore

KEY = "tk-a-key-for-these-tests"


class Answered:
    """What a client got: the status, the headers and the whole body."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[Any]:
        """The events of a stream, decoded; an end marker is its text."""
        lines = [line[6:] for line in self.body.decode().split("\n\n") if line.startswith("data: ")]
        return [line if line == "[DONE]" else msgspec.json.decode(line) for line in lines]

    @property
    def text(self) -> str:
        """All pieces of a streamed answer."""
        choices = [event["choices"] for event in self.events if isinstance(event, dict) and event.get("choices")]
        return "".join(choice[0]["delta"].get("content") or "" for choice in choices)


class Gateway:
    """The server at `origin`, in front of `site`, whose sessions are in `store`."""

    def __init__(self, origin: str, site: ScriptedSite, site_origin: str, store: MemoryStore) -> None:
        self.origin, self.site, self.site_origin, self.store = origin, site, site_origin, store
        self.http = aiohttp.ClientSession()

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = KEY, **headers: str) -> Answered:
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        data = body if isinstance(body, bytes | BytesIO) or body is None else msgspec.json.encode(body)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        given = {**shown, **kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self.http.request(method, f"{self.origin}{path}", data=data, headers=given) as response:
            return Answered(response, await response.read())

    def asking(self, text: str = "Hi", **fields: Any) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer to a chat call, whose body has not been read."""
        body = {"model": "codelinkava", "messages": [{"role": "user", "content": text}], **fields}
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        return self.http.post(f"{self.origin}/v1/chat/completions", data=msgspec.json.encode(body), headers=headers)

    async def chat(self, text: str = "Hi", *, model: str = "codelinkava", **fields: Any) -> Answered:
        messages = [{"role": "user", "content": text}]
        return await self.ask("POST", "/v1/chat/completions", {"model": model, "messages": messages, **fields})


@asynccontextmanager
async def gateway_before(site: ScriptedSite, *, key: str = KEY, **options: Any) -> AsyncIterator[Gateway]:
    """A server in front of `site`, whose session is stored; `key` and `options` are arguments of `app`."""
    store = MemoryStore()
    async with serve(site.app()) as site_origin:
        session = BrowserSession(provider="codelinkava", origin=site_origin, headers={"user-agent": "Kept/1"})
        await store.save(Key("codelinkava", site_origin), session)
        bound = bind("127.0.0.1", 0)
        host = f"127.0.0.1:{bound.getsockname()[1]}"
        application = app(key=key, hosts=(host,), store=store, **options)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
        await runner.setup()
        try:
            await web.SockSite(runner, bound).start()
            gateway = Gateway(f"http://{host}", site, site_origin, store)
            async with gateway.http:
                yield gateway
        finally:
            await runner.cleanup()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    site = ScriptedSite()
    site.says("blue", " sky")
    async with gateway_before(site) as found:
        yield found
    assert not site.problems
