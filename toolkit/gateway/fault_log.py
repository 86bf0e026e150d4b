"""Logs what should not have happened: where it did, and never with what. An exception's own text may be part of a
question or an answer."""

from __future__ import annotations

import logging
import traceback

log = logging.getLogger("toolkit")


def log_fault(what: str, error: BaseException | None) -> None:
    """Log that `what` has failed by `error`."""
    where = "".join(traceback.format_tb(error.__traceback__)) if error is not None else ""
    log.error("%s failed (%s):\n%s", what, type(error).__name__, where)
