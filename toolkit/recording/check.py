"""Checks recordings that lie on the disk: is it a HAR that can be replayed, and does it hold secrets."""

from __future__ import annotations

from pathlib import Path

import msgspec

from toolkit.errors import RecordingError
from toolkit.recording.files import load, without_nulls
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan


def check(path: Path | str, *, rules: Rules | None = None) -> list[Finding]:
    """What is wrong with the HAR file `path`; an empty list for a good one.

    Fields that other programs wrote are looked through as well. What the file says was kept on purpose (`log._keep`,
    see `Rules.keep`) counts as told. A file that cannot be read as a recording is one finding, without a place.
    """
    try:
        recording = load(path)
    except RecordingError as error:
        return [Finding("", str(error))]
    document = without_nulls(msgspec.json.decode(Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")))
    rules = rules or Rules()
    return scan(document["log"], rules=msgspec.structs.replace(rules, keep=(*rules.keep, *recording.keep)))
