"""The async context manager of what a transport opens: an answer, or a WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from toolkit.session.frame_locals import forget_locals


class Closes(Protocol):
    """What is closed after its use, with the error that ends it, if one does."""

    async def aclose(self, error: BaseException | None = None) -> None: ...


Closable = TypeVar("Closable", bound=Closes)


class Opened(Generic[Closable]):
    """The async context manager of what `open_it` opens. It is no generator, since none can start while an event loop
    ends. How it was opened is forgotten then: a request can be large, and its answer long."""

    __slots__ = ("_open_it", "_opened")

    def __init__(self, open_it: Callable[[], Awaitable[Closable]]) -> None:
        self._open_it: Callable[[], Awaitable[Closable]] | None = open_it
        self._opened: Closable

    async def __aenter__(self) -> Closable:
        assert self._open_it is not None, "it is opened once"
        opening, self._open_it = self._open_it(), None
        try:
            self._opened = await opening
        except BaseException as error:
            forget_locals(error)
            raise
        return self._opened

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._opened.aclose(error)
