"""The page for whoever writes a provider: the one for a site that answers over a WebSocket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from tests.readme.blocks import blocks
from toolkit.client.client import Client
from toolkit.errors import LoginRequired, SiteError, StreamInterrupted, ToolkitError
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

HOST = "socket.example.org"


def site(heard: list[Any]) -> web.Application:
    """Says what it got, a word at a time; or ends as the question asks for."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        asked = json.loads((await socket.receive()).data)
        assert asked["type"] == "ask"
        for word in ("It", " is ", asked["text"]):
            await socket.send_json({"type": "text", "text": word})
        if asked["text"].isdecimal():
            await socket.close(code=int(asked["text"]))
            return socket
        if asked["text"] != "endless":
            await socket.send_json({"type": "error" if asked["text"] == "fail" else "end", "text": "no more"})
        async for message in socket:
            heard.append(message.data if message.type is WSMsgType.TEXT else message.type)
        heard.append(socket.close_code)
        return socket

    app = web.Application()
    app.router.add_get("/chat", talk)
    return app


async def test_a_site_over_a_socket_in_a_few_lines() -> None:
    """The text, the site's own report, each way to end, and the farewell of a call that is left; in ten lines."""
    page = "writing-a-provider.md#Where a site answers over a WebSocket"
    (text,) = (block.text for block in blocks() if block.section == page)
    names: dict[str, Any] = {}
    exec(text, names)
    heard: list[Any] = []
    origin = f"https://{HOST}"
    session = BrowserSession.from_cookie_values("socketsite", origin, {"sid": "x"})
    async with (
        LocalNetwork(apps={HOST: site(heard)}) as network,
        Client(names["SocketSite"], session=session, route=network.route, retries=0) as client,
    ):
        stream = client.chat("blue")
        assert await stream.text() == "It is blue"
        assert stream.finish_reason == "stop"
        ends: dict[str, type[ToolkitError]] = {
            "fail": SiteError,
            "1000": StreamInterrupted,
            "1012": StreamInterrupted,
            "4000": SiteError,
        }
        for question, kind in ends.items():
            with pytest.raises(kind) as caught:
                await client.chat(question).text()
            assert caught.value.text.startswith("It is ")
        with pytest.raises(LoginRequired):
            await client.chat("4401").text()
        async with client.chat("endless") as stream:
            assert await anext(stream) == "It"
    assert heard == [1000, '{"type": "stop"}', 1001, '{"type": "stop"}', 1001]
    body = text.partition("async def stream")[2].splitlines()[1:]
    assert len(body) <= 10
