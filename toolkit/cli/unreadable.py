"""Stored sessions that cannot be opened: a list of sessions leaves them out, and says so in the log only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.errors import StoreError


class _Failures(logging.Handler):
    """Notices what a store says of the sessions that it cannot open."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[StoreError] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            self.errors += [error for error in record.args if isinstance(error, StoreError)]


@contextmanager
def collect_unreadable() -> Iterator[list[StoreError]]:
    """The errors of the sessions that could not be opened while inside."""
    handler = _Failures()
    log = logging.getLogger("toolkit")
    log.addHandler(handler)
    try:
        yield handler.errors
    finally:
        log.removeHandler(handler)
