"""What a text frame of a WebSocket costs this process, in CPU time, with its JSON."""

from __future__ import annotations

import aiohttp
import msgspec

from tests.benchmarks.decoding import in_turns
from tests.benchmarks.results import OURS, Bar, Result, Scale
from toolkit.http.transport import Transport
from toolkit.session.browser_session import BrowserSession

BY_HAND = "aiohttp + msgspec"
FRAMES, EACH = 2000, 10  # writes of the site, and frames in each


class Token(msgspec.Struct):
    token: str


async def socket(root: str, scale: Scale) -> list[Result]:
    """Frames of 100 bytes to values, against a loop by hand over the same library."""
    count = scale.of(FRAMES)
    url, due = f"{root}/socket/{count}/{EACH}/0", count * EACH
    decoder = msgspec.json.Decoder(Token)
    async with (
        Transport(BrowserSession(provider="benchmark", origin=root), page=root) as http,
        aiohttp.ClientSession() as session,
    ):

        async def ours() -> None:
            async with http.websocket(url) as opened:
                assert len([event.token async for event in opened.json(Token)]) == due

        async def by_hand() -> None:
            async with session.ws_connect(url) as opened:
                assert len([decoder.decode(message.data).token async for message in opened]) == due

        samples = await in_turns({OURS: ours, BY_HAND: by_hand}, scale.rounds, due * 1e-6)
    title = "WebSocket + JSON, frames of 100 bytes, CPU per frame"
    return [Result("socket", title, "µs", samples, (Bar(BY_HAND, 1.5),))]
