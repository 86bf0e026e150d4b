"""Checks a recording on the disk: whether it is a HAR file that can be replayed, and whether it holds secrets."""

from __future__ import annotations

from pathlib import Path

import msgspec

from toolkit.errors import RecordingError
from toolkit.recording.files import open_log
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.session.frame_locals import forgetting_locals


@forgetting_locals
def check(path: Path | str, *, rules: Rules | None = None) -> list[Finding]:
    """Returns what is wrong with the HAR file `path`; an empty list for a good one.

    Fields that other programs wrote are searched as well. Names that the file itself excludes (`log._keep`) count as
    names of `rules.keep`. A file that cannot be loaded as a recording is one finding, without a place.
    """
    try:
        log = open_log(Path(path))
    except RecordingError as error:
        return [Finding("", str(error))]
    rules = rules or Rules()
    return scan(log.document, rules=msgspec.structs.replace(rules, keep=(*rules.keep, *log.keep)))
