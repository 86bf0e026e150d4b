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
    ends."""

    def __init__(self, open_it: Callable[[], Awaitable[Closable]]) -> None:
        self._open_it = open_it
        self._opened: Closable

    async def __aenter__(self) -> Closable:
        try:
            self._opened = await self._open_it()
        except BaseException as error:
            forget_locals(error)
            raise
        return self._opened

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._opened.aclose(error)
