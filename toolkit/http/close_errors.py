"""Turns the end of a WebSocket into an error of `toolkit.errors`, by the code of its closing frame. Pure.

The codes are those of RFC 6455, section 7.4, and of https://www.iana.org/assignments/websocket/.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.errors import ProtocolError, ReplayMismatch, SiteError, StreamInterrupted, ToolkitError
from toolkit.http.refusal_excerpt import format_excerpt

NORMAL = 1000
NO_CODE = 1005  # a closing frame without a code; it is never sent
LOST = 1006  # a connection that ended without a closing frame; it is never sent
PROTOCOL_ERROR, TOO_BIG = 1002, 1009
POLICY = 1008
# How the reason beside POLICY begins where a replay ends it: `toolkit.replay.socket_performance`.
MISMATCH = "replay mismatch"

# The errors that codes mean at one provider. A key is a code, or a code and a part of the reason beside it.
CloseErrors = Mapping[int | tuple[int, str], type[ToolkitError]]

# Ends that say nothing about the call: the site goes away, restarts, or the connection is lost.
INTERRUPTIONS = {
    1001: "the site goes away",
    NO_CODE: "no code was given",
    1012: "the site restarts",
    1014: "a server behind the site failed",
}
# Codes that blame what was sent.
BLAMES = {PROTOCOL_ERROR: "protocol error", 1003: "unsupported data", 1007: "invalid data", TOO_BIG: "message too big"}
MEANINGS = {POLICY: "policy violation", 1010: "missing extension", 1011: "internal error", 1013: "try again later"}


def close_error(code: int, reason: str, special: CloseErrors | None, url: str) -> ToolkitError:
    """The error for a WebSocket of `url` that ended with `code` and `reason` before what it was opened for was over.

    `special` holds the provider's own meanings, which come first. What a site says is repeated in one line.
    """
    if code == POLICY and reason.startswith(MISMATCH):
        difference = reason.removeprefix(MISMATCH) or "."
        return ReplayMismatch(f"A message on this WebSocket differs from the recorded one{difference}", url=url)
    said = format_excerpt(reason)
    meaning = (INTERRUPTIONS | BLAMES | MEANINGS).get(code, "")
    words = ": ".join(filter(None, [str(code), said or meaning]))
    for key, kind in (special or {}).items():
        if key == code or (isinstance(key, tuple) and key[0] == code and key[1] in reason):
            return kind(f"The site closed the WebSocket ({words}).", url=url)
    if code == LOST:
        return StreamInterrupted("The connection broke before the answer was complete.", url=url)
    if code in (*INTERRUPTIONS, NORMAL):
        return StreamInterrupted(f"The site closed the WebSocket before the answer was complete ({words}).", url=url)
    if code in BLAMES:
        return ProtocolError(f"The site does not take what was sent on the WebSocket ({words}).", url=url)
    return SiteError(f"The site closed the WebSocket ({words}).", url=url)
