"""A client that names a model where its site would else be asked for one first: the faults are those of the chat."""

from __future__ import annotations

from typing import Any

from tests.faults.wires import Wire
from toolkit.chats.stream import ChatStream
from toolkit.client.client import Client


class WireClient(Client):
    """A client of the site at `url`, which answers as `wire` says. `options` are further arguments of `Client`."""

    def __init__(self, wire: Wire, url: str, **options: Any) -> None:
        super().__init__(wire.provider, base_url=url, **options)
        self._model = wire.model

    def chat(self, messages: Any, **options: Any) -> ChatStream:
        return super().chat(messages, **{"model": self._model, **options})
