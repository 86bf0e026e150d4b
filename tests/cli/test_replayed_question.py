"""The question of a recording, asked again and asked otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.cli.replayed_question import ask_again, differing_settings, question_differences
from toolkit.har.model import RecordedChat

SYSTEM = {"role": "system", "content": "Be short."}
HI = {"role": "user", "content": "Hi"}
PLAIN = RecordedChat("site", [HI])
FULL = RecordedChat("site", [SYSTEM, HI], None, {"model": "large", "temperature": 0.0, "top_p": 0.9})
NOTHING = {"model": None, "temperature": None}


@pytest.mark.parametrize(
    ("recorded", "system", "given", "messages", "settings"),
    [
        (PLAIN, "", NOTHING, [HI], {}),
        (FULL, "", NOTHING, [SYSTEM, HI], FULL.settings),
        (FULL, "", {"temperature": 1.0}, [SYSTEM, HI], FULL.settings | {"temperature": 1.0}),
        (FULL, "Be long.", NOTHING, [{"role": "system", "content": "Be long."}, HI], FULL.settings),
        (PLAIN, "Be long.", NOTHING, [{"role": "system", "content": "Be long."}, HI], {}),
    ],
)
def test_all_of_it_is_asked_again(
    recorded: RecordedChat, system: str, given: dict[str, Any], messages: list[Any], settings: dict[str, Any]
) -> None:
    """But for what is given now, which goes before what was recorded."""
    assert ask_again(recorded, system, given) == (messages, settings)


@pytest.mark.parametrize(
    ("recorded", "messages", "given", "told"),
    [
        (FULL, [SYSTEM, HI], FULL.settings, []),
        (PLAIN, [HI], NOTHING, []),
        (PLAIN, [{"role": "user", "content": ["Hi"]}], NOTHING, []),
        (PLAIN, [{"role": "user", "content": "Ho"}], NOTHING, ["messages[0].content: recorded 'Hi', got 'Ho'"]),
        (FULL, [HI], FULL.settings, ["system: recorded 'Be short.', got none"]),
        (PLAIN, [SYSTEM, HI], NOTHING, ["system: not recorded, got 'Be short.'"]),
        (
            FULL,
            [SYSTEM, HI],
            {"model": "small", "temperature": None, "top_p": 0.9, "n": 1},
            [
                "model: recorded 'large', got 'small'",
                "temperature: recorded 0.0, got none",
                "n: not recorded, got 1",
            ],
        ),
    ],
)
def test_what_differs_is_told(
    recorded: RecordedChat, messages: list[Any], given: dict[str, Any], told: list[str]
) -> None:
    """By place, each with both values."""
    assert question_differences(recorded, messages, given) == told


def test_settings_are_told_from_messages() -> None:
    """Other messages may be those of a further call that was recorded."""
    told = [
        "messages[0].content: recorded 'Hi', got 'Ho'",
        "system: recorded 'a', got none",
        "n: not recorded, got 1",
    ]
    assert differing_settings(told) == told[2:]
