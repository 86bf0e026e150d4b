"""Log records as lines of JSON, for programs that collect them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec


class JSONLines(logging.Formatter):
    """Makes one JSON object of a record: `time` (RFC 3339, UTC), `level`, `message`, and the fields of `record.request`
    where it has some. Of an exception it has the type alone, since its text may be part of a question or an answer."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return msgspec.json.encode(line | getattr(record, "request", {})).decode()
