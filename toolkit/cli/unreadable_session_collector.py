"""Collects the errors of stored sessions that cannot be opened.

A store's list of sessions leaves these out and only logs a warning for each, with the `StoreError` as an argument.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.errors import StoreError


@contextmanager
def collect_unreadable() -> Iterator[list[StoreError]]:
    """Yields a list, to which the errors of sessions that cannot be opened during the block are added."""
    handler = _StoreErrorHandler()
    log = logging.getLogger("toolkit")
    log.addHandler(handler)
    try:
        yield handler.errors
    finally:
        log.removeHandler(handler)


class _StoreErrorHandler(logging.Handler):
    """Collects the `StoreError`s among the arguments of warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[StoreError] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            self.errors += [error for error in record.args if isinstance(error, StoreError)]
