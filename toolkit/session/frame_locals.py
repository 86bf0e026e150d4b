"""Takes the values of local variables out of tracebacks, which many programs print: pytest with `-l`, rich, `traceback`
with `capture_locals`, and those that collect errors. Pure, but for the errors that are passed in.

Values of ours hide what is secret in their `repr`. But a function that reads a session, or sends a request, also has it
as plain text or bytes, and so have the functions of the libraries below. None of them is needed once an error has left
it.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PACKAGE = str(Path(__file__).parents[1])
LIBRARIES = ("aiohttp", "playwright")  # which hold what is sent and received, also where the event loop calls them


def forget_locals(error: BaseException) -> None:
    """Clear the local variables of the functions that `error` has left, and the errors that led to it: those of this
    package and of the libraries below it, and all that they have called. Functions that still run, such as the caller,
    keep theirs."""
    folders = (
        PACKAGE,
        *(str(Path(str(sys.modules[name].__file__)).parent) for name in LIBRARIES if name in sys.modules),
    )
    todo, seen = [error], set[int]()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        todo += [other for other in (one.__cause__, one.__context__) if other is not None]
        ours = False
        for frame, _ in traceback.walk_tb(one.__traceback__):
            ours = ours or frame.f_code.co_filename.startswith(folders)
            if ours:
                with suppress(RuntimeError):  # it still runs
                    frame.clear()


def forgetting_locals(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function, or a coroutine function, that gets secrets as plain text: an error that leaves it has
    neither its arguments nor any other local variable in its traceback."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                del args, kwargs
                forget_locals(error)
                raise

        return call_async  # type: ignore[return-value]

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            forget_locals(error)
            raise

    return call
