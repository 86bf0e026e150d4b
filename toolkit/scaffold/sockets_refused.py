"""Says why a site that asks over a WebSocket has no inferred provider, and names the provider that can do it. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from toolkit.errors import CannotInfer
from toolkit.har.frames import speaks_engine_io
from toolkit.har.model import Entry
from toolkit.har.websockets import BINARY

BY_HAND = "A provider for that is written by hand: see `http.websocket` in .github/docs/writing-a-provider.md."
# What the page's app is, by what its address ends with, or what its frames have; and its provider.
ADDRESSES = {"/_stcore/stream": ("Streamlit", "streamlit"), "/ws/socket.io": ("Chainlit", "chainlit")}
FRAMES = {"client_message": ("Chainlit", "chainlit"), '"send_hash"': ("Gradio", "gradio")}
NOT_CHAINLIT = '"chat-events"'  # of Open WebUI, whose socket has the same address
OPEN_WEBUI = ("Open WebUI", "openwebui")


def refused_socket(entry: Entry) -> CannotInfer:
    """Returns the error for the question that was asked over the socket `entry`."""
    known = known_app(entry)
    if known is not None:
        app, provider = known
        address = urlsplit(entry.request.url)
        site = f"{'https' if address.scheme in ('wss', 'https') else 'http'}://{address.netloc}"
        return CannotInfer(
            f"The page asks over a WebSocket. It looks like {app}, for which there is a provider.",
            hint=f'`toolkit chat {provider} --base-url {site} "Hello"` asks it.',
        )
    if speaks_engine_io(entry.request.url):
        return CannotInfer("The page asks over a WebSocket of socket.io, which is not inferred.", hint=BY_HAND)
    if any(one.opcode == BINARY for one in entry.messages or ()):
        return CannotInfer("The page asks over a WebSocket, in binary frames.", hint=BY_HAND)
    return CannotInfer("The page asks over a WebSocket, in frames that are not JSON.", hint=BY_HAND)


def known_app(entry: Entry) -> tuple[str, str] | None:
    """Returns what the app of a socket is, and its provider; None where that is not known."""
    texts = [one.data for one in entry.messages or ()]
    path = urlsplit(entry.request.url).path.rstrip("/")
    if speaks_engine_io(entry.request.url) and any(NOT_CHAINLIT in text for text in texts):
        return OPEN_WEBUI
    for mark, app in FRAMES.items():
        if any(mark in text for text in texts):
            return app
    return next((app for end, app in ADDRESSES.items() if path.endswith(end)), None)
