"""Tracebacks for `--debug` that hold no secrets."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

from toolkit.cli.printable_text import printable

# The parts of a URL within a text that may be secret: user and password, and the query.
_URL_USER = re.compile(r"(\w://)[^\s/'\"]*@")
_URL_QUERY = re.compile(r"(\w://[^\s?'\"]*)\?[^\s'\"]*")

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def format_traceback(error: BaseException) -> Iterator[str]:
    """Yields the traceback of `error` and of the errors before it, oldest first, in Python's form without secrets."""
    for one, transition in reversed(_chain(error)):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(one.__traceback__)
        yield f"{describe_error(one)}\n{transition}"


def describe_error(error: BaseException) -> str:
    """Returns the type and the text of an error, without secrets.

    The errors of aiohttp are named only, since their texts can hold what went over the wire. From other texts the
    user, password and query of URLs are removed; our own errors hold no secrets.
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.split(".")[0] == "aiohttp" or not str(error):
        return name
    text = _URL_QUERY.sub(r"\1", _URL_USER.sub(r"\1", str(error)))
    return f"{name}: {printable(text)}"


def _chain(error: BaseException) -> list[tuple[BaseException, str]]:
    """Returns `error` and the errors that led to it, newest first, each with the line that leads on to the next."""
    chain = [(error, "")]
    while True:
        if error.__cause__ is not None:
            error, transition = error.__cause__, _CAUSE
        elif error.__context__ is not None and not error.__suppress_context__:
            error, transition = error.__context__, _CONTEXT
        else:
            return chain
        if any(error is known for known, _ in chain):
            return chain
        chain.append((error, transition))
