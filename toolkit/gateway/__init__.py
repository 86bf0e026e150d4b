"""An HTTP server on loopback, through which any OpenAI-style client calls the sites that there are sessions for.

`application.app` is the whole of it as an aiohttp application; `toolkit serve` runs one by `listening`. What a request
must show before it is looked at is decided in `request_guard`, which model it means in `served_models`, what is asked
and in which shape it is answered by one of the `protocols`, and how a failure is told in `error_answers`. The calls
themselves are made by `toolkit.client`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.gateway.application import app

__all__ = ["app"]


def __getattr__(name: str) -> object:  # aiohttp's server is loaded when it is needed
    if name == "app":
        from toolkit.gateway.application import app

        return app
    raise AttributeError(name)
