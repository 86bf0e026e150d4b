"""Compares two recordings of the same flow: what is different besides the times?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TIMED = {"startedDateTime", "time", "timings", "expires", "expires_at", "harvestedAt"}
TIMED_HEADERS = {"date", "expires", "last-modified", "age"}
# Dates as HTTP, ISO 8601 and JavaScript write them.
DATES = re.compile(
    r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"
    r"|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?"
)


def differences(one: Path, other: Path) -> list[str]:
    """The places where the two HAR files differ in more than times; the values are not told. Where the browser cut what
    a page received into chunks is a matter of time too."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in (one, other)]
    for entry in (entry for file in read for entry in file["log"]["entries"] if "pageref" in entry):
        entry["response"]["content"].pop("_chunks", None)
    return list(_differences(read[0], read[1], ""))


def _differences(one: Any, other: Any, place: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        if str(one.get("name")).lower() in TIMED_HEADERS and one.get("name") == other.get("name"):
            return
        for key in one | other:
            if key == "_chunks":
                if [size for _, size in one.get(key, ())] != [size for _, size in other.get(key, ())]:
                    yield f"{place}.{key}"
            elif key not in TIMED:
                yield from _differences(one.get(key), other.get(key), f"{place}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{place}[{number}]")
    elif isinstance(one, str) and isinstance(other, str):
        if DATES.sub("", one) != DATES.sub("", other):
            yield place
    elif one != other:
        yield place
