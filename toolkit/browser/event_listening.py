"""Listens to the events of a page or a context for the length of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def listening(source: Any, event: str, listener: Callable[[Any], None]) -> Iterator[None]:
    """Call `listener` at each `event` of `source`, a page or context of either API of Playwright, within the block."""
    source.on(event, listener)
    try:
        yield
    finally:
        source.remove_listener(event, listener)
