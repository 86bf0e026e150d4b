"""`Streamlit`: asks an app over the connection of its page, as a person would in the chat box; measured on 1.67."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from toolkit.chats.events import KEEP_ALIVE, Status
from toolkit.chats.messages import format_prompt
from toolkit.errors import ProtocolError, SiteError, redact_url
from toolkit.providers.base import ChatRequest, ChatStream, Finished, Harvest, Messages, Pieces, Probe, Provider
from toolkit.providers.streamlit.messages import RUN, STOP, ask
from toolkit.providers.streamlit.page import StreamlitPage
from toolkit.providers.text_deltas import TextDeltas

if TYPE_CHECKING:
    from toolkit.http.transport import Transport
    from toolkit.http.websocket import WebSocket
    from toolkit.session.browser_session import BrowserSession

XSRF_COOKIE = "_streamlit_xsrf"
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # what a subprotocol can be (RFC 9110, section 5.6.2)


class Streamlit(Provider):
    """Any app with one chat box (`st.chat_input`), at its `base_url`, that writes what is said into `st.chat_message`.

    A call is a visit of its own, so the conversation before the question goes into the question. A login that is part
    of the app's page, such as a form for a password, lives in the page's connection alone: such an app cannot be
    called. One by `st.login`, or in front of the app, can.
    """

    name = "streamlit"
    refuses_unknown = True
    harvest = Harvest(
        ready="[data-testid=stChatInput]",
        # Only when the app's script has ended: it may show a field for a key before its chat box.
        unkept_login="[data-test-script-state=notRunning] [data-testid=stTextInput] input[type=password]",
        probe=Probe(path="/_stcore/host-config", identity=(), anonymous=True),
    )

    @classmethod
    def create_async_generator(cls, model: str | None, messages: Messages, **kwargs: Any) -> ChatStream:
        """Asks the app; the stream gives the answer in pieces. `base_url` is required; there are no models."""
        return cls._call(model, messages, kwargs)

    def takes_model(self, model: str) -> bool:
        return False

    async def stream(self, request: ChatRequest, http: Transport) -> Pieces:
        url, page, text = f"{self.api}/_stcore/stream", StreamlitPage(), TextDeltas()
        async with http.websocket(url, protocols=_protocols(http.session)) as socket:
            await socket.send(RUN)
            while not page.has_finished():
                await _read(socket, page)
            self._raise_for_no_chat(page)
            page.begin_question()
            working = ""
            socket.farewell = (STOP,)
            await socket.send(ask(page.chat_box, format_prompt(request.messages), page.hash))
            while not page.has_finished():
                await _read(socket, page)
                if page.working != working:
                    working = page.working
                    yield Status(working)
                yield text.update(page.answer()) or KEEP_ALIVE
            socket.farewell = ()
            if piece := text.finish(page.answer()):
                yield piece
            if page.error:
                raise SiteError(f"The app reported: {page.error}", url=self.site)
            yield Finished("stop")

    def _raise_for_no_chat(self, page: StreamlitPage) -> None:
        """Raise `SiteError` for a page in which nothing can be asked."""
        if page.chat_box:
            return
        if page.error:
            raise SiteError(f"The app reported: {page.error}", url=self.site)
        if page.asks_password:
            what = "The app wants a password in its page first, which counts for that page's connection alone."
            raise SiteError(what, url=self.site, hint="Such an app cannot be called.")
        raise SiteError("The app's page has no chat box.", url=self.site, hint="It needs an `st.chat_input`.")


async def _read(socket: WebSocket, page: StreamlitPage) -> None:
    """Read the next message of the app into `page`."""
    data = await socket.receive()
    if not isinstance(data, bytes):
        raise ProtocolError("The app sent a text where its protocol has none.", url=socket.url)
    try:
        page.read(data)
    except ProtocolError as error:
        error.url = redact_url(socket.url)
        raise


def _protocols(session: BrowserSession) -> tuple[str, ...]:
    """The subprotocols that the page offers: its own, and the value of a cookie, which has the app believe the others
    of the session."""
    values = [
        cookie.value for cookie in session.cookies if cookie.name == XSRF_COOKIE and TOKEN.fullmatch(cookie.value)
    ]
    return ("streamlit", *values[:1])
