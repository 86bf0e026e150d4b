"""Iterates over every text of a HAR log, with its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

Place: TypeAlias = tuple[Any, ...]
"""Where a text is: the place of what holds it, what holds it, and its key there. Its name is `place_name`: most places
are never named."""

TIMES = ("startedDateTime", "expires")
# What a recording is read by, in words of its own: a password may be `document`, but these are not that password.
TERMS = ("httpVersion", "_resourceType", "provider")
TERM = re.compile(r"[A-Za-z][A-Za-z0-9./_-]{0,23}")
NAME = re.compile(r"[\w.-]{1,60}")
# The objects that hold a body, by what holds them; and which of their fields says how it is encoded.
BODIES = {("request", "postData"): "_encoding", ("response", "content"): "encoding"}
FRAMES = "_webSocketMessages"  # a list, each item of which has a body: the `data` of a frame
FRAME_KEY = "opcode"
BELOW = (dict, list)  # a log is what a decoder of JSON makes, which has no other types
NAMED = ("headers", "cookies")  # lists whose items have names


def texts(node: dict[str, Any], place: Place = ("log",)) -> Iterator[tuple[Any, Any, Place]]:
    """Yields (holder, key, place) for each text in `node`, a `log`; it can be read and changed as `holder[key]`.

    A body is yielded with the key of its encoding instead (see `is_body`), and so is the frame of a WebSocket, with the
    key of its opcode; `toolkit.redaction.bodies` reads and changes it. Times, encodings and terms are left out. What an
    object or a list holds itself comes before what is below that.
    """
    todo: list[tuple[Any, Place]] = [(node, place)]
    while todo:
        holder, place = todo.pop()
        below: list[tuple[Any, Place]] = []
        if isinstance(holder, dict):
            if len(place) == 3 and place[0][-1] == FRAMES:
                yield holder, FRAME_KEY, (place, holder, "data")
                continue
            body = _body_key(place) if "text" in holder else None
            for key, value in list(holder.items()):  # a copy: the caller may add the encoding of a body
                if (kind := type(value)) is str:
                    if body and key == "text":
                        yield holder, body, (place, holder, key)
                    elif key not in TIMES and key != body and not (key in TERMS and TERM.fullmatch(value)):
                        yield holder, key, (place, holder, key)
                elif value and kind in BELOW:
                    below.append((value, (place, holder, key)))
        else:
            for number, value in enumerate(holder):
                if (kind := type(value)) is str:
                    yield holder, number, (place, holder, number)
                elif value and kind in BELOW:
                    below.append((value, (place, holder, number)))
        todo += reversed(below)


def bodies(entry: dict[str, Any], place: Place) -> Iterator[tuple[Any, Any, Place]]:
    """Yields the bodies and the frames of `entry`, whose place is `place`, as `texts` does."""
    for (half, part), key in BODIES.items():
        holder = entry[half].get(part)
        if holder is not None and isinstance(holder.get("text"), str):
            yield holder, key, (((place, entry, half), entry[half], part), holder, "text")
    frames = entry.get(FRAMES) or ()
    for number, frame in enumerate(frames):
        yield frame, FRAME_KEY, (((place, entry, FRAMES), frames, number), frame, "data")


def entry_place(log: dict[str, Any], number: int) -> Place:
    """Returns the place of the entry with this `number`."""
    return (("log",), log, "entries"), log["entries"], number


def is_body(key: Any) -> bool:
    """Decides by the `key` that `texts` yielded whether it is a body."""
    return key in ("encoding", "_encoding", FRAME_KEY)


def place_name(place: Place) -> str:
    """Returns the name of a place: `log.entries[3].response.headers[Set-Cookie]`."""
    steps: list[str] = []
    while len(place) == 3:
        outer, holder, key = place
        if isinstance(key, str):
            steps.append(f".{key}")
        else:
            name = holder[key].get("name") if outer[-1] in NAMED and isinstance(holder[key], dict) else None
            steps.append(f"[{name if isinstance(name, str) and NAME.fullmatch(name) else key}]")
        place = outer
    return "".join([*place, *reversed(steps)])


def _body_key(place: Place) -> str | None:
    """Returns the key of the encoding where the object at `place` holds a body."""
    return BODIES.get((place[0][-1], place[-1])) if len(place) == 3 else None
