"""Checks the arguments of a client and of its calls, so that a slip is told where it was made, and not by a library.

What an argument means is not checked here: whether there is such a provider, or whether a text is the address of a
site.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from os import PathLike
from typing import Any, NamedTuple

from toolkit.chats.deadlines import Deadlines
from toolkit.errors import UsageError
from toolkit.http.route import Route
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession

STORE_METHODS = ("load", "save", "delete", "sessions", "lock")  # of `toolkit.stores.base.Store`


class Rule(NamedTuple):
    """What an argument has to be: `accepts` says whether a value is that, `due` says it in words."""

    accepts: Callable[[Any], bool]
    due: str


def _instance(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_provider(value: Any) -> bool:
    return isinstance(value, str | Provider) or (isinstance(value, type) and issubclass(value, Provider))


def _is_store(value: Any) -> bool:
    return isinstance(value, str) or all(callable(getattr(value, name, None)) for name in STORE_METHODS)


def _is_whole(least: int) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _maps_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for item in value.items() for text in item)


TEXT = Rule(_instance(str), "a text")
CLIENT = {
    "provider": Rule(_is_provider, "the name of a provider, a class of one, or a provider"),
    "base_url": TEXT,
    "account": Rule(lambda value: isinstance(value, str) and value != "", "a name"),
    "session": Rule(_instance(BrowserSession), "a `toolkit.BrowserSession`"),
    "cookies": Rule(_maps_texts, "a mapping of names to values, all of them texts"),
    "browsers": Rule(_instance(str, PathLike), "the path of a file"),
    "proxy": TEXT,
    "route": Rule(_instance(Route), "a `toolkit.Route`"),
    "store": Rule(_is_store, f"a store, with the methods {', '.join(STORE_METHODS)}, or the text that names one"),
    "deadlines": Rule(_instance(Deadlines), "a `toolkit.Deadlines`"),
    "retries": Rule(_is_whole(0), "a whole number, 0 for none"),
    "recorder": Rule(lambda value: callable(getattr(value, "record_chat", None)), "a `toolkit.recording.Recorder`"),
    "say": Rule(callable, "a function that takes a text"),
    "renew_command": TEXT,
}
CALL = {
    "model": TEXT,
    "temperature": Rule(_is_number, "a finite number"),
    "max_tokens": Rule(_is_whole(1), "a whole number from 1 on"),
    "tools": Rule(
        lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping),
        "a list of tools, as OpenAI's API has them",
    ),
    "tool_choice": Rule(_instance(str, Mapping), "a text or a mapping, as OpenAI's API has it"),
}
REQUIRED = ("provider", "account", "retries")  # None is no value of these


def check_client(**arguments: Any) -> None:
    """Raise `UsageError` for an argument of `Client` that is of another kind than is due."""
    _check(arguments, CLIENT)


def check_call(**arguments: Any) -> None:
    """Raise `UsageError` for an argument of `Client.chat` that is of another kind than is due."""
    _check(arguments, CALL)


def _check(arguments: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    for name, value in arguments.items():
        if (value is None and name not in REQUIRED) or rules[name].accepts(value):
            continue
        raise UsageError(f"`{name}` is {rules[name].due}, and not {_describe(value)}.")


def _describe(value: Any) -> str:
    """Returns the type of `value`, whose own text can be a secret in the wrong place. Told is also what no secret is:
    an empty text, and a number that counts nothing."""
    if isinstance(value, str) and not value:
        return "an empty text"
    if type(value) in (int, float) and not 0 < value < math.inf:
        return f"a number such as {'0' if value == 0 else '-1' if value < 0 else value}"
    return type(value).__name__
