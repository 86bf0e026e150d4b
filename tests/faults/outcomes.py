"""Where a provider's outcome differs from what the catalogue says, and why: one table."""

from __future__ import annotations

from tests.faults.catalogue import DONE, PART, Expected, Fault
from tests.faults.wires import Wire
from toolkit.errors import (
    ConnectFailed,
    EmptyAnswer,
    LoginRequired,
    ProtocolError,
    ServiceUnavailable,
    StreamInterrupted,
)

AURA, AVA, ONLINE, ASSISTANT, GRADIO = "aura", "codelinkava", "aichatonline", "openassistant", "gradio"
WEBUI, FIRST = "openwebui", "first call"

# By fault, then by provider; FIRST is for a first call, whose answer is a document.
EXCEPTIONS: dict[str, dict[str, Expected]] = {
    # A message whose events are empty is finished: its text is asked for.
    "empty 200": {ASSISTANT: DONE},
    "nothing but no content": {ASSISTANT: DONE},
    "nothing but pings": {ASSISTANT: DONE, GRADIO: StreamInterrupted},  # whose pings are events
    # Any text is an answer of Aura, any JSON one of a Gradio app, and a document has no frames.
    "fifty megabytes without a newline": {AURA: PART},
    "json cut in a frame": {AURA: PART},
    "json nested too deeply": {AURA: PART},
    "json of another shape": {AURA: PART, ONLINE: EmptyAnswer, GRADIO: DONE},
    # AiChatOnline's has the code 500, which means what the status means.
    "error object": {AURA: PART, FIRST: DONE, ONLINE: ServiceUnavailable},
    "error object in mid stream": {AURA: DONE, FIRST: DONE, ONLINE: ServiceUnavailable},
    "lines that end with cr": {ONLINE: ProtocolError},
    # Two protocols have no end marker.
    "no end marker": {AURA: DONE, ONLINE: DONE, FIRST: DONE},
    "clean end in mid stream": {AURA: PART, ONLINE: PART, FIRST: ProtocolError},
    "content length too short": {AURA: PART, ONLINE: ProtocolError, FIRST: ProtocolError},
    # The others have one, and what follows it is not waited for.
    "content length too long": {AVA: DONE, WEBUI: DONE, ASSISTANT: DONE, GRADIO: DONE},
    # zlib does not tell that a gzip stream is incomplete.
    "gzip that ends early": {AURA: PART, ONLINE: ProtocolError, FIRST: ProtocolError},
    # Chance: whether the answer's beginning is read before its end is there.
    "chunk size that is no number": {FIRST: (ProtocolError, StreamInterrupted)},
    "negative chunk size": {FIRST: (ProtocolError, StreamInterrupted)},
    "chunk size of forty digits": {FIRST: (ProtocolError, StreamInterrupted)},
    "chunk longer than its size": {FIRST: (ProtocolError, StreamInterrupted)},
    "reset in mid stream": {FIRST: (StreamInterrupted, ConnectFailed)},
    "http 1 0 until the connection is reset": {FIRST: (StreamInterrupted, ConnectFailed)},
}  # fmt: skip


def expected(fault: Fault, wire: Wire) -> Expected:
    """What a call has to come to when `fault` strikes `wire`."""
    exceptions = EXCEPTIONS.get(fault.name, {})
    found = exceptions.get(FIRST if wire.is_document else wire.provider, fault.expected)
    if fault.name.startswith("403") and wire.provider == ASSISTANT:
        return LoginRequired  # which is what 403 means at this site
    return found
