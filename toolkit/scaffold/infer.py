"""Infers the facts of a site from the exchanges of its page."""

from __future__ import annotations

from toolkit.errors import CannotInfer
from toolkit.recording.foreign_har import ForeignHar
from toolkit.scaffold.facts import Findings


def infer(har: ForeignHar, *, question: str, answer: str | None = None, base_url: str | None = None) -> Findings:
    """Returns the facts of the site whose page asked `question` in `har`.

    `answer` is what the page showed, compared by its words; without it, the answer is known by its form. `base_url` is
    the site's address; without it, it is that of the request that asked. Raises `CannotInfer` with the reason where
    something that a call needs cannot be told.
    """
    raise CannotInfer("Nothing is inferred yet.")
