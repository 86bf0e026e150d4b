"""Checks a recording on the disk: whether it is a HAR file that can be replayed, and whether it holds secrets or tells
who was signed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from toolkit.errors import RecordingError
from toolkit.recording.files import open_log
from toolkit.redaction.identity.scan import scan_identity
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Probe


@forgetting_locals
def check(
    path: Path | str, *, rules: Rules | None = None, find_probe: Callable[[str], Probe | None] | None = None
) -> list[Finding]:
    """Returns what is wrong with the HAR file `path`; an empty list for a good one.

    Fields that other programs wrote are searched as well. Names that the file itself excludes (`log._keep`) count as
    names of `rules.keep`. `find_probe` gives the probe of a provider by its name: where it is given, the answer to it
    is searched for who is signed in, whatever it looks like. A recording that is to tell that (`rules.keep_identity`,
    or where that is None `log._keepIdentity`) is not searched for people. A file that cannot be loaded as a recording
    is one finding, without a place.
    """
    try:
        log = open_log(Path(path))
    except RecordingError as error:
        return [Finding("", str(error))]
    rules = rules or Rules()
    findings = scan(log.document, rules=msgspec.structs.replace(rules, keep=(*rules.keep, *log.keep)))
    if log.keep_identity if rules.keep_identity is None else rules.keep_identity:
        return findings
    probe = find_probe(log.provider) if find_probe is not None and log.provider else None
    return findings + scan_identity(log.document, probe)
