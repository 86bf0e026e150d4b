"""A web page in place of an answer: whether that is the session's end."""

from __future__ import annotations

import pytest

from tests.faults.server import LOGIN_PAGE, LOGIN_TYPE, Conversation, faulty
from tests.faults.wires import WIRES
from toolkit.client.client import Client
from toolkit.errors import ProtocolError, SessionExpired, ToolkitError
from toolkit.session.browser_session import BrowserSession


@pytest.mark.parametrize(
    ("page", "cookies", "kind"),
    [
        (b"<h1>Maintenance</h1>", {}, ProtocolError),
        (b"<h1>Maintenance</h1>", {"sid": "1"}, SessionExpired),
        (LOGIN_PAGE, {}, SessionExpired),
    ],
)
async def test_a_page_ends_a_session_where_one_could_log_in(
    page: bytes, cookies: dict[str, str], kind: type[ToolkitError]
) -> None:
    """Where there was something to refuse, or the page asks for a login; else it is no answer of the protocol."""

    async def strike(c: Conversation) -> None:
        await c.whole(page, LOGIN_TYPE)

    async with faulty(WIRES[0], strike) as server:
        session = BrowserSession.from_cookie_values("aura", server.url, cookies)
        async with Client("aura", base_url=server.url, session=session) as client:
            with pytest.raises(kind, match="a web page where a stream was due"):
                await client.chat("Hi", model="m").text()
