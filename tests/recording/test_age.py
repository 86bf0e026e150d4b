"""How old a recording may be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.recording.helpers import STARTED, entry
from toolkit.errors import RecordingError, UsageError
from toolkit.har.model import Recording
from toolkit.recording.age import check_age, parse_age


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("12h", timedelta(hours=12)),
        (" 90d ", timedelta(days=90)),
        ("8w", timedelta(weeks=8)),
        ("1h", timedelta(hours=1)),
    ],
)
def test_an_age_is_a_number_with_a_unit(text: str, age: timedelta) -> None:
    """Hours, days or weeks."""
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "-1d", "1.5d", "1 d", "3m", "999999w", "soon"])
def test_anything_else_is_no_age(text: str) -> None:
    """So is what would allow nothing, and months, which minutes could be as well."""
    with pytest.raises(UsageError, match="is no age"):
        parse_age(text)


def test_a_recording_is_as_old_as_its_first_exchange() -> None:
    """Up to the very moment it is allowed; without an exchange it has no age."""
    recording = Recording(entries=[entry()], path=Path("old.har"))
    check_age(recording, timedelta(days=90), STARTED + timedelta(days=90))
    with pytest.raises(RecordingError, match=r"The recording old\.har is 91 days old, and 90 days are allowed\."):
        check_age(recording, timedelta(days=90), STARTED + timedelta(days=91))
    with pytest.raises(RecordingError, match="is 2 days old, and 12 hours are allowed"):
        check_age(recording, timedelta(hours=12), STARTED + timedelta(days=2))
    recording.entries[0].started = STARTED.replace(tzinfo=None)
    check_age(recording, timedelta(days=1), STARTED)
    check_age(Recording(entries=[]), timedelta(hours=1), STARTED)
