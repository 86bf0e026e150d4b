"""The provider of a recording, which may be of a package that is not installed here."""

from __future__ import annotations

from toolkit.errors import ToolkitError
from toolkit.providers import registry
from toolkit.session.recipe import Probe


def find_probe(provider: str) -> Probe | None:
    """Returns the probe of the provider of that name; None for one that is not installed here."""
    try:
        return registry.find(provider).harvest.probe
    except ToolkitError:
        return None
