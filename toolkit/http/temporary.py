"""Something that a site makes for one call, and that is taken away again whatever happens to the call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote


class HasId(Protocol):
    """The shape of what a site tells of something that it made; where the id stands deeper, `id` is a property."""

    @property
    def id(self) -> str: ...


M = TypeVar("M", bound=HasId)


class Caller(Protocol):
    """What creating and deleting something at a site takes: a transport."""

    cleanup: float

    async def json(self, kind: type[M], method: str, url: str, body: Any = None) -> M: ...

    async def tidy(self, method: str, url: str, *, params: Mapping[str, str] | None = None) -> None: ...


class TemporaryResource(Generic[M]):
    """`async with` around it. See `Transport.temporary`."""

    def __init__(self, transport: Caller, kind: type[M], url: str, name: str | None, body: Any) -> None:
        self._transport = transport
        self._kind = kind
        self._url = url
        self._name = name
        self._body = body
        self._id = ""

    async def __aenter__(self) -> str:
        making = asyncio.ensure_future(self._transport.json(self._kind, "POST", self._url, self._body))
        cancelled: asyncio.CancelledError | None = None
        while not making.done():  # carried to its end: what was made and not told of could never be taken away
            try:
                await asyncio.wait({making})
            except asyncio.CancelledError as error:
                cancelled = error
                asyncio.get_running_loop().call_later(self._transport.cleanup, making.cancel)
        if cancelled is None:
            self._id = making.result().id
            return self._id
        if not making.cancelled() and making.exception() is None:
            self._id = making.result().id
            await self.__aexit__()
        raise cancelled

    async def __aexit__(self, *_: object) -> None:
        if self._name is None:
            await self._transport.tidy("DELETE", f"{self._url.rstrip('/')}/{quote(self._id, safe='')}")
        else:
            await self._transport.tidy("DELETE", self._url, params={self._name: self._id})
