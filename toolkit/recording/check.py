"""Checks a recording on the disk: whether it is a HAR file that can be replayed, and whether it holds secrets or tells
who was signed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from toolkit.errors import RecordingError
from toolkit.files.access import read_file
from toolkit.recording.files import load, without_nulls
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
    is searched for who is signed in, whatever it looks like. A recording that is to tell that (`log._keepIdentity`, or
    `rules.keep_identity`) is not searched for people. A file that cannot be loaded as a recording is one finding,
    without a place.
    """
    try:
        recording = load(path)
    except RecordingError as error:
        return [Finding("", str(error))]
    document = without_nulls(msgspec.json.decode(read_file(Path(path)).removeprefix(b"\xef\xbb\xbf")))
    rules = rules or Rules()
    findings = scan(document["log"], rules=msgspec.structs.replace(rules, keep=(*rules.keep, *recording.keep)))
    if rules.keep_identity or recording.keep_identity:
        return findings
    made_by = recording.chat or recording.session
    probe = find_probe(made_by.provider) if find_probe is not None and made_by is not None else None
    return findings + scan_identity(document["log"], probe)
