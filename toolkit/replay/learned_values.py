"""Which live value stands for which recorded one, where a client makes up values for each call. Pure.

A client makes up an id and sends it in a frame; the server names it in its answers. What was recorded of these holds
the recorded id, so a replay that sends them has to say the live one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from toolkit.redaction.placeholders import MIN_RECOGNISABLE


class LearnedValues:
    """The live values that were learned so far, by the recorded ones."""

    def __init__(self) -> None:
        self._live: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, recorded: Any, live: Any) -> None:
        """Notes that `live` stands for `recorded`. Texts of less than six characters are left alone, since they may
        stand anywhere by chance."""
        if not isinstance(recorded, str) or not isinstance(live, str) or len(recorded) < MIN_RECOGNISABLE:
            return
        written, new = _escaped(recorded), _escaped(live)
        if self._live.get(written, written) != new:
            self._live[written] = new
            longest_first = sorted(self._live, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def translate(self, data: str | bytes) -> str | bytes:
        """Returns the recorded `data`, which may be JSON, with the live values."""
        if self._pattern is None:
            return data
        if isinstance(data, str):
            return self._pattern.sub(lambda match: self._live[match[0]], data)
        for recorded, live in self._live.items():
            if len(recorded.encode()) == len(live.encode()):  # the lengths in a binary frame have to stay true
                data = data.replace(recorded.encode(), live.encode())
        return data


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
