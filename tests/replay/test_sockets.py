"""Recorded WebSockets are played: when each side speaks, what may differ, how they end, and what is told of a miss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.recording.helpers import SITE, client, entry, replaying, socket
from toolkit.errors import ReplayMismatch
from toolkit.har.model import Entry
from toolkit.har.websockets import WebSocketClose
from toolkit.replay.local_network import LocalNetwork

WS = f"wss{SITE[5:]}/ws"
IO = f"wss{SITE[5:]}/socket.io/?EIO=4&transport=websocket"
OPEN = '0{"sid":"S1","upgrades":["websocket"],"pingTimeout":20000,"pingInterval":25000,"maxPayload":1000000}'
POLLING = f"{SITE}/socket.io/?EIO=4&transport=polling"


class Talk:
    """A client of the replayed socket."""

    def __init__(
        self, network: LocalNetwork, session: aiohttp.ClientSession, ws: aiohttp.ClientWebSocketResponse
    ) -> None:
        self.network, self.session, self.ws = network, session, ws

    async def says(self, *frames: str | bytes) -> None:
        for frame in frames:
            await (self.ws.send_str(frame) if isinstance(frame, str) else self.ws.send_bytes(frame))

    async def hears(self, *frames: str | bytes) -> None:
        assert [(await self.ws.receive()).data for _ in frames] == list(frames)

    async def is_refused(self) -> str:
        """The socket is closed with 1008; returns the difference that is kept."""
        end = await self.ws.receive()
        assert (end.type, end.data) == (WSMsgType.CLOSE, 1008)
        (miss,) = self.network.misses
        return miss.what


@asynccontextmanager
async def talking(one: Entry, url: str = WS, **options: Any) -> AsyncIterator[Talk]:
    connect = {name: options.pop(name) for name in ("protocols", "headers", "compress") if name in options}
    async with (
        replaying(one, **options) as network,
        client(network) as session,
        session.ws_connect(url, **connect) as ws,
    ):
        yield Talk(network, session, ws)


async def test_frames_of_the_client_are_where_both_meet() -> None:
    """What the server sent before a frame of the client is sent, and then that frame is waited for."""
    one = socket(("<", "hello"), (">", "a"), ("<", "1"), ("<", "2"), (">", b"\x00b"), ("<", b"\x01"))
    async with talking(one) as talk:
        await talk.hears("hello")
        with pytest.raises(TimeoutError):
            await talk.ws.receive(timeout=0.02)
    async with talking(one, strict=True) as talk:
        await talk.hears("hello")
        await talk.says("a", b"\x00b")
        await talk.hears("1", "2", b"\x01")


async def test_frames_with_nothing_between_them_may_come_in_any_order() -> None:
    """The same frames, in another order; but not twice the same one."""
    one = socket((">", '{"a": 1}'), (">", '{"b": 2}'), ("<", "done"))
    async with talking(one, strict=True) as talk:
        await talk.says('{"b":2}', '{"a":1}')
        await talk.hears("done")
    async with talking(one) as talk:
        await talk.says('{"b":2}', '{"b":2}')
        assert "frames.a: recorded 1, got none" in await talk.is_refused()


@pytest.mark.parametrize(
    ("sent", "difference"),
    [
        ('{"say": "Ho", "n": 1}', "frames.say: recorded 'Hi', got 'Ho'"),
        ('{"say": "Hi"}', "frames.n: recorded 1, got none"),
        ("Hi", "recorded {'say': 'Hi', 'n': 1}, got 'Hi'"),
        (b"Hi", "got 2 bytes that are not JSON"),
    ],
)
async def test_what_was_not_recorded_is_refused_with_the_difference(sent: str | bytes, difference: str) -> None:
    """The close code is 1008, the difference names the place, and a strict replay raises it."""
    one = socket((">", '{"say": "Hi", "n": 1}'), ("<", "yes"))
    async with talking(one) as talk:
        await talk.says(sent)
        assert difference in await talk.is_refused()
        with pytest.raises(ReplayMismatch) as caught:
            talk.network.verify()
    assert len(caught.value.differences) == 1


async def test_more_than_was_recorded_is_refused() -> None:
    """A frame after the last one."""
    async with talking(socket((">", "a"), ("<", "b"))) as talk:
        await talk.says("a", "more")
        await talk.hears("b")
        assert "nothing more was recorded of the client" in await talk.is_refused()


async def test_a_secret_is_not_part_of_a_difference() -> None:
    """Neither the recorded nor the sent value of a field whose name tells of a secret."""
    async with talking(socket((">", '{"access_token": "PH_field_1PPP"}'))) as talk:
        await talk.says('{"access_token": "other-secret-value"}')
        assert "frames.access_token: recorded one, got another" in await talk.is_refused()


async def test_made_up_values_are_learned() -> None:
    """A value that is named as made up may be any; the server's frames say the live one, and the client may
    repeat it."""
    one = socket(
        ("<", OPEN),
        (">", '40{"sessionId":"recorded-session"}'),
        ("<", '40{"sid":"x"}'),
        (">", '421["ask",{"message":{"id":"recorded-id","text":"Hi"}}]'),
        ("<", "431[]"),
        ("<", '42["answer",{"parentId":"recorded-id"}]'),
        (">", '42["seen",{"of":"recorded-id","by":"recorded-session"}]'),
        url=IO,
        random=["frames.connect.sessionId", "frames.ask.message.id"],
    )
    async with talking(one, IO, strict=True) as talk:
        assert (await talk.ws.receive_str()).startswith("0{")
        await talk.says('40{"sessionId":"live-session"}')
        await talk.hears('40{"sid":"x"}')
        await talk.says('427["ask",{"message":{"id":"live-one","text":"Hi"}}]')
        await talk.hears("437[]", '42["answer",{"parentId":"live-one"}]')
        await talk.says('42["seen",{"of":"live-one","by":"live-session"}]')


async def test_heartbeats_and_named_places_are_not_compared() -> None:
    """engine.io's own packets count for nothing, in the recording and live; a named event need not come, may come more
    often, and a named place may differ or be missing."""
    one = socket(
        ("<", OPEN),
        (">", "3"),
        (">", '42["ack",{"n":1}]'),
        ("<", "2"),
        (">", '42["ask",{"text":"Hi","width":400}]'),
        ("<", '42["answer",{}]'),
        url=IO,
        uncompared=["frames.ack"],
    )
    async with talking(one, IO, strict=True, uncompared=("frames.ask.width",)) as talk:
        await talk.ws.receive()
        await talk.says("3", "2", '42["ask",{"text":"Hi"}]')
        assert {(await talk.ws.receive()).data for _ in range(2)} == {"3", '42["answer",{}]'}
        await talk.says('42["ack",{"n":2}]', '42["ack",{"n":3}]')


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1008, 1011, 1012, 4001])
async def test_the_server_closes_with_its_code(code: int) -> None:
    """The code and the reason of the recorded close frame; aiohttp takes a missing code for 1000."""
    close = WebSocketClose("server", code, "" if code == 1005 else "bye")
    async with talking(socket(("<", "a"), close=close), strict=True) as talk:
        await talk.hears("a")
        end = await talk.ws.receive()
        assert (end.type, end.data or 1005) == (WSMsgType.CLOSE, code)


async def test_a_lost_connection_is_lost() -> None:
    """No close frame comes, but all that was sent before."""
    async with talking(socket(("<", "a"), close=WebSocketClose("lost")), strict=True) as talk:
        await talk.hears("a")
        assert (await talk.ws.receive()).type == WSMsgType.CLOSED
        assert talk.ws.close_code == 1006


async def test_a_socket_that_the_client_closed_stays_open_until_it_does() -> None:
    """By its own close frame, whatever the code."""
    async with talking(socket(("<", "a"), close=WebSocketClose("client", 1001)), strict=True) as talk:
        await talk.hears("a")
        with pytest.raises(TimeoutError):
            await talk.ws.receive(timeout=0.02)
        await talk.ws.close(code=1000)


async def test_recorded_gaps_are_kept_at_pace_1() -> None:
    """Frames come as far apart as they came, and not faster; a frame of the client that comes early waits."""
    one = socket(("<", "a"), *[("<", str(number)) for number in range(5)], (">", "x"), ("<", "end"))
    loop = asyncio.get_running_loop()
    start = loop.time()  # the first gap begins with the handshake
    async with talking(one, strict=True, pace=1.0) as talk:
        await talk.says("x")
        await talk.hears("a", *map(str, range(5)), "end")
        assert loop.time() - start >= 0.065


async def test_the_handshake_is_compared_like_a_request() -> None:
    """Its URL, its cookies, and the subprotocol that the server has chosen; a refusal is answered as it was."""
    chosen = [("Sec-WebSocket-Protocol", "chat")]
    one = socket(("<", "a"), headers=chosen, sent=[("Cookie", "sid=recorded")])
    refused = socket(status=403, url=f"{WS}/closed", body=b"no")
    async with replaying(one, refused) as network, client(network) as session:
        for url, cookie, protocol, expected in (
            (f"{WS}?x=1", "sid=recorded", "chat", "the query differs in x"),
            (WS, "sid=other", "chat", "cookie sid: recorded one, got another"),
            (WS, "sid=recorded", "other", "the protocol 'chat'"),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as missed:
                await session.ws_connect(url, headers={"Cookie": cookie}, protocols=[protocol])
            assert missed.value.status == 599
            assert expected in network.misses[-1].what
        with pytest.raises(aiohttp.WSServerHandshakeError) as closed:
            await session.ws_connect(f"{WS}/closed")
        assert closed.value.status == 403


async def test_a_strict_replay_wants_every_socket_and_every_frame() -> None:
    """A socket that was not opened, and frames of the client that were not sent."""
    one, other = socket((">", "a"), ("<", "b"), (">", '42["c"]')), socket(url=f"{WS}/other")
    async with replaying(one, other) as network, client(network) as session, session.ws_connect(WS) as ws:
        await ws.send_str("a")
        assert await ws.receive_str() == "b"
        with pytest.raises(ReplayMismatch) as caught:
            network.verify()
    assert caught.value.differences == (f"never played: GET {WS}/other", f"never sent: 1 frames of {WS} (frames)")


def polled() -> list[Entry]:
    """A session of engine.io: opened and connected by polls, one packet by POST, and the rest by a socket."""

    def poll(text: str, sid: str, wait: float) -> Entry:
        return entry(url=f"{POLLING}&t=a{wait:.0f}{sid}", body=text.encode(), wait=wait)

    post = entry("POST", f"{POLLING}&t=p&sid=S1", sent=b"40", sent_type="text/plain", body=b"ok", wait=1)
    late = entry("POST", f"{POLLING}&t=q&sid=S1", sent=b'42["b"]', sent_type="text/plain", body=b"ok", wait=1)
    frames = (
        *((">", "2probe"), ("<", "3probe"), (">", "5"), (">", '42["a"]'), ("<", '42["welcome"]')),
        *((">", '42["ask",{"text":"Hi"}]'), ("<", '42["answer",{"text":"Ho"}]')),
    )
    late.started += timedelta(milliseconds=20)
    return [poll(OPEN, "", 1), post, poll('40{"sid":"x"}', "&sid=S1", 5), late, socket(*frames, url=f"{IO}&sid=S1")]


@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
async def test_a_session_of_engine_io_is_one_whatever_carries_it(transport: str) -> None:
    """Polls and frames are one script, which a client plays by a socket, by polls, or by changing between the two."""
    async with replaying(*polled(), strict=True) as network, client(network) as session:
        if transport == "websocket":
            async with session.ws_connect(IO) as ws:
                assert '"upgrades":[]' in await ws.receive_str()
                await ws.send_str("40")
                assert await ws.receive_str() == '40{"sid":"x"}'
                await ws.send_str('42["a"]')
                await ws.send_str('42["b"]')
                assert await ws.receive_str() == '42["welcome"]'
                await ws.send_str('42["ask",{"text":"Hi"}]')
                assert await ws.receive_str() == '42["answer",{"text":"Ho"}]'
            return

        async def poll() -> str:
            async with session.get(f"{POLLING}&t=live&sid=S1") as response:
                return await response.text()

        async def post(text: str) -> None:
            async with session.post(f"{POLLING}&t=live&sid=S1", data=text) as response:
                assert await response.text() == "ok"

        async with session.get(f"{POLLING}&t=live") as response:
            assert await response.text() == OPEN
        await post("40")
        assert await poll() == '40{"sid":"x"}'
        waiting = asyncio.create_task(poll())
        if transport == "polling":
            await post('42["b"]\x1e42["a"]')
            assert await waiting == '42["welcome"]'
            await post('42["ask",{"text":"Hi"}]')
            assert await poll() == '42["answer",{"text":"Ho"}]'
            return
        async with session.ws_connect(f"{IO}&sid=S1") as ws:
            await ws.send_str("2probe")
            assert await ws.receive_str() == "3probe"
            assert await waiting == "6"
            await ws.send_str("5")
            await ws.send_str('42["b"]')
            await ws.send_str('42["a"]')
            assert await ws.receive_str() == '42["welcome"]'
            await ws.send_str('42["ask",{"text":"Hi"}]')
            assert await ws.receive_str() == '42["answer",{"text":"Ho"}]'


async def test_the_server_of_a_session_pings() -> None:
    """As often as its first packet says, whatever was recorded of that."""
    opening = '0{"sid":"S1","upgrades":[],"pingTimeout":20,"pingInterval":5,"maxPayload":1}'
    async with talking(socket(("<", opening), (">", "40"), url=IO), IO) as talk:
        await talk.hears(opening)
        await talk.hears("2", "2")
