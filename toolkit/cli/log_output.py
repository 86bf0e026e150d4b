"""Shows on stderr what the toolkit logs: warnings as notes, and with `--debug` everything."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.cli.option_names import with_option_names
from toolkit.cli.options import debug_wanted
from toolkit.cli.safe_traceback import format_traceback
from toolkit.cli.status_line import notify

# Keeps Python from printing the records of `asyncio` by itself, which it does where there is no handler.
_SILENT = logging.NullHandler()


@contextmanager
def show_log() -> Iterator[None]:
    """Shows the records of the logger `toolkit` on stderr: from warnings on, as notes.

    With `--debug` all of them are shown, and so are asyncio's complaints, which are silent otherwise.
    """
    asyncio_log = logging.getLogger("asyncio")
    complaints = _NoteHandler() if debug_wanted() else _SILENT
    asyncio_log.addHandler(complaints)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable
    try:
        with log_to(_NoteHandler(), logging.WARNING):
            yield
    finally:
        # `_SILENT` and the hook stay: objects that are collected as the interpreter ends complain as well.
        if complaints is not _SILENT:
            asyncio_log.removeHandler(complaints)


@contextmanager
def log_to(handler: logging.Handler, level: int) -> Iterator[None]:
    """Gives `handler` the records of the logger `toolkit` from `level` on; with `--debug`, all of them."""
    logger = logging.getLogger("toolkit")
    level_before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug_wanted() else level)
    try:
        yield
    finally:
        logger.setLevel(level_before)
        logger.removeHandler(handler)


class _NoteHandler(logging.Handler):
    """Writes log records as lines to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        is_note = record.name == "toolkit" and record.levelno >= logging.WARNING
        notify(f"{'note' if is_note else record.levelname.lower()}: {with_option_names(record.getMessage())}")
        if record.exc_info and record.exc_info[1] is not None:
            for line in "".join(format_traceback(record.exc_info[1])).splitlines():
                notify(line)


def _log_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Logs an error that cannot be raised as one of asyncio.

    These come from transports and processes that are collected after their event loop has closed.
    """
    kind = unraisable.exc_type
    exc_info = (kind, unraisable.exc_value or kind(), unraisable.exc_traceback)
    message = unraisable.err_msg or "Exception ignored in"
    logging.getLogger("asyncio").error("%s: %r", message, unraisable.object, exc_info=exc_info)
