"""What a server says over a WebSocket, joined, so that what it says in pieces can be found and replaced. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from toolkit.har.text_walk import FRAME_KEY, FRAMES
from toolkit.har.websockets import RECEIVED, TEXT
from toolkit.redaction.bodies import Body
from toolkit.session.encodings.edits import Edit, drop_overlaps


class JoinedFrames:
    """The text frames of the server in `entry`, a HAR entry: `data` are all of them, a line each."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._bodies = [
            Body(frame, FRAME_KEY)
            for frame in entry.get(FRAMES) or ()
            if frame.get("type") == RECEIVED and frame.get("opcode", TEXT) == TEXT
        ]
        self.data = b"\n".join(body.data for body in self._bodies)
        self._starts = [0, *accumulate(len(body.data) + 1 for body in self._bodies)]

    def edit(self, edits: Iterable[Edit[bytes]]) -> None:
        """Applies `edits` of `data`, each of which lies within one frame, to the frames."""
        of_frames: dict[int, list[Edit[bytes]]] = {}
        for start, end, new in drop_overlaps(edits):
            number = bisect_right(self._starts, start) - 1
            first = self._starts[number]
            of_frames.setdefault(number, []).append(Edit(start - first, end - first, new))
        for number, own in of_frames.items():
            self._bodies[number].edit(own)
