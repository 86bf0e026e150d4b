"""Leaves out of a recording what no replay of its call needs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.har.model import Entry
from toolkit.replay.playback import resource_kind


def lean(entries: Sequence[Entry], *, call_found: bool) -> list[Entry]:
    """Returns those of a page's `entries` that are kept beside the call.

    None is, if the call was found, since it begins with the session of the recording. Else those are that may be the
    call: no scripts, styles, fonts and pictures, and nothing that was not answered.
    """
    if call_found:
        return []
    return [entry for entry in entries if entry.response.status > 0 and resource_kind(entry) != "asset"]
