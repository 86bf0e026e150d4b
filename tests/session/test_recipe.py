"""A recipe says what its author meant, or is refused where it is written."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.session.recipe import Harvest, Probe


@pytest.mark.parametrize("name", ["cookies", "storage", "headers", "hosts"])
def test_a_text_is_no_tuple_of_texts(name: str) -> None:
    """A comma that was forgotten is told, with what to write; nothing waits for a cookie named by one letter."""
    text: dict[str, Any] = {name: "session"}
    with pytest.raises(ValueError, match=rf'`{name}` of a recipe is a tuple, so with a comma: {name}=\("session",\)'):
        Harvest(**text)


def test_a_text_is_no_tuple_of_places() -> None:
    """Nor does a probe look at places of one letter."""
    several: Any = "user.email"
    with pytest.raises(ValueError, match=r'identity=\("user\.email",\)'):
        Probe(path="/api/me", identity=several)
