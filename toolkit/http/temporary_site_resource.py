"""A resource that a site has for the time of one call, such as a conversation: created before it, deleted after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote


class HasId(Protocol):
    """The shape of a site's answer to the creation of a resource. A shape in which the id stands deeper has `id` as a
    property."""

    @property
    def id(self) -> str: ...


Created = TypeVar("Created", bound=HasId)


class Caller(Protocol):
    """What a `TemporaryResource` needs of a transport."""

    cleanup: float

    async def json(self, kind: type[Created], method: str, url: str, body: Any = None) -> Created: ...

    async def clean_up(self, method: str, url: str, *, params: Mapping[str, str] | None = None) -> None: ...


class TemporaryResource(Generic[Created]):
    """An async context manager around one resource, which gives its id. See `Transport.temporary`."""

    def __init__(self, transport: Caller, kind: type[Created], url: str, name: str | None, body: Any) -> None:
        self._transport = transport
        self._kind = kind
        self._url = url
        self._name = name
        self._body = body
        self._id = ""

    async def __aenter__(self) -> str:
        creating = asyncio.ensure_future(self._transport.json(self._kind, "POST", self._url, self._body))
        cancelled = await self._wait(creating)
        if cancelled is None:
            self._id = creating.result().id
            return self._id
        if not creating.cancelled() and creating.exception() is None:
            self._id = creating.result().id
            await self.__aexit__()
        raise cancelled

    async def _wait(self, creating: asyncio.Future[Created]) -> asyncio.CancelledError | None:
        """Wait until `creating` is done, also when the caller is cancelled, which is returned: a resource whose id is
        not known could never be deleted. A cancelled call has `cleanup` seconds for it."""
        cancelled: asyncio.CancelledError | None = None
        while not creating.done():
            try:
                await asyncio.wait({creating})
            except asyncio.CancelledError as error:
                cancelled = error
                asyncio.get_running_loop().call_later(self._transport.cleanup, creating.cancel)
        return cancelled

    async def __aexit__(self, *_: object) -> None:
        if self._name is None:
            await self._transport.clean_up("DELETE", f"{self._url.rstrip('/')}/{quote(self._id, safe='')}")
        else:
            await self._transport.clean_up("DELETE", self._url, params={self._name: self._id})
