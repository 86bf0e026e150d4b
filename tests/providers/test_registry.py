"""The registry is the one table of providers: the public names and the demo recordings agree with it."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolkit
from toolkit import providers
from toolkit.providers import registry
from toolkit.providers.base import Provider
from toolkit.providers.plugin_validation import validate_provider

CLASSES = {provider.class_name for provider in registry.BUILT_IN.values()}


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_each_record_leads_to_a_valid_provider(name: str) -> None:
    """The class of a record has the record's name, and is what another package's provider would have to be."""
    kind = registry.find(name)
    assert validate_provider(kind, name) is kind
    assert kind.__name__ == registry.BUILT_IN[name].class_name


def test_each_class_is_public() -> None:
    """`toolkit.providers` and `toolkit` hand out just the providers of the registry."""
    assert set(providers.__all__) == CLASSES
    kinds = [getattr(toolkit, name) for name in toolkit.__all__]
    public = {kind.__name__ for kind in kinds if isinstance(kind, type) and issubclass(kind, Provider)}
    assert public - {"Provider"} == CLASSES


def test_each_provider_has_a_demo_recording() -> None:
    """The package holds a demo recording of each provider, and of nothing else."""
    demos = Path(toolkit.__file__).parent / "recording" / "demos"
    assert {file.stem for file in demos.glob("*.har")} == set(registry.BUILT_IN)
