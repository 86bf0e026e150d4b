"""Names for the values of a provider. Pure."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container

from toolkit.scaffold.exchange import Exchange
from toolkit.scaffold.facts import Place

TAKEN = {
    *("request", "http", "self", "response", "body", "model", "question", "messages", "message", "headers", "params"),
    *("socket", "told"),
}
GENERIC = ("id", "name", "value", "token", "key", "data", "uuid", "hash")


def value_name(exchange: Exchange, place: Place, used: Container[str]) -> str:
    """Returns a name for the value at `place`, which none of `used` has: its own; of a part of a path, that of the part
    before it."""
    if place[0] == "path":
        number = int(place[1])
        before = next((part for part in reversed(exchange.path[:number]) if re.fullmatch(r"[A-Za-z][\w-]*", part)), "")
        words = _snake(before).split("_")[-2:]
        name = f"{_singular('_'.join(words))}_id" if before else "path_id"
    else:
        keys = [key for key in place[1:] if isinstance(key, str) and key != "{}"] or ["value"]
        name = _snake(keys[-1])
        if name in GENERIC and len(keys) > 1:
            name = f"{_singular(_snake(keys[-2]))}_{name}"
        elif name == "id" and exchange.is_frame:
            name = "message_id"
        elif name == "id":
            name = f"{_singular(_snake(exchange.path[-1] if exchange.path else ''))}_id".lstrip("_")
    name = name if name.isidentifier() and not keyword.iskeyword(name) else f"value_{name}".rstrip("_")
    name = f"{name}_id" if name in TAKEN and place[0] != "header" else name
    number, found = 2, name
    while found in used or found in TAKEN:
        found, number = f"{name}_{number}", number + 1
    return found


def _snake(name: str) -> str:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower().removeprefix("x_")


def _singular(name: str) -> str:
    return name.removesuffix("s") if not name.endswith("ss") else name
