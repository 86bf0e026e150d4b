"""Searches a HAR log for people who are left in it: e-mail addresses, and what tells who was signed in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.redaction.identity.collect import find_told
from toolkit.redaction.placeholders import is_placeholder
from toolkit.redaction.scan import Finding
from toolkit.session.recipe import Probe

ADDRESS = "address"


def scan_identity(log: dict[str, Any], probe: Probe | None = None) -> list[Finding]:
    """Returns where `log`, the `log` of a HAR document, tells of people. `probe` is that of the provider's recipe.

    Replacements, placeholders, and people whose address is at a domain for examples are nobody. A JSON Web Token is a
    secret as a whole, and `redaction.scan` finds it.
    """
    return list(dict.fromkeys(_findings(log, probe)))


def _findings(log: dict[str, Any], probe: Probe | None) -> Iterator[Finding]:
    for told in find_told(log, probe, claims=False):
        if not told.invented and not is_placeholder(told.value):
            what = "an e-mail address" if told.name == ADDRESS else f"who is signed in ({told.name:.40})"
            yield Finding(told.place, what)
