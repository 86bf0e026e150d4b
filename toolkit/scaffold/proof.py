"""Proves that a written provider does what the recording shows, before anybody is told that it is done."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.har.model import Recording
from toolkit.providers.base import Provider
from toolkit.recording.foreign_har import ForeignHar
from toolkit.scaffold.facts import Findings


@dataclass(frozen=True)
class Proof:
    """What came of it. `recording` is ours of the first question, without its secrets. `answers` are what the provider
    gave for each question of the recording; `failures` are sentences, none where all is well."""

    recording: Recording
    answers: tuple[str, ...]
    failures: tuple[str, ...]


async def prove(kind: type[Provider], har: ForeignHar, findings: Findings) -> Proof:
    """Asks the questions of `har` of the provider `kind`, with the exchanges of `har` as the site."""
    raise NotImplementedError
