"""Chooses the recording that `--replay` plays, and says what its visit of the page needs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import RecordingError

if TYPE_CHECKING:
    from toolkit.har.model import Entry, Recording
    from toolkit.session.recipe import Harvest

log = logging.getLogger("toolkit")


def choose_recording(provider: str, replay: str) -> tuple[Recording, float]:
    """Returns the recording to play, and the pace: the factor by which the recorded gaps between chunks are multiplied.

    `replay` is the value of the option: the name of a file, or empty for the provider's demo, which is played as slowly
    as it was recorded, since a person watches. Raises `RecordingError` if the file is not there, is no recording, or is
    one of another provider.
    """
    if not replay:
        log.debug("replaying the demo of %s", provider)
        return load_demo(provider), 1.0
    path = Path(replay)
    if not path.exists():
        raise RecordingError(
            f"There is no recording {replay!r}.",
            hint="--replay takes what follows it as a file: put it last, or write --replay=FILE.",
        )
    from toolkit.recording.files import load

    log.debug("replaying %s", path)
    recording = load(path)
    if recording.chat is not None and recording.chat.provider != provider:
        raise RecordingError(f"{path} is a recording of {recording.chat.provider}, not of {provider}.")
    return recording, 0.0


def load_demo(provider: str) -> Recording:
    """Loads the recording of `provider` that ships with the toolkit. Raises `RecordingError` if there is none."""
    from importlib.resources import as_file, files

    from toolkit.recording.files import load

    with as_file(files("toolkit") / "recording" / "demos" / f"{provider}.har") as path:
        if not path.is_file():
            raise RecordingError("There is no demo recording.", provider=provider, hint="Name one: --replay FILE.")
        return load(path)


def page_entries(recording: Recording) -> list[Entry]:
    """Returns the exchanges that a page made, which are the recorded visit; the others are calls of a client."""
    return [entry for entry in recording.entries if isinstance(entry.pageref, str)]


def visit_needs_session(recipe: Harvest, visit: list[Entry]) -> bool:
    """Whether a replay has to begin with the session of the recording, because the `visit` cannot make one.

    That is so if there is no visit, if its answers set not all cookies that the session needs, or if the page has to
    find a token in its storage, which a recording does not hold.
    """
    names = [line.partition("=")[0].strip() for entry in visit for line in entry.response.values("Set-Cookie")]
    return not visit or recipe.token is not None or bool(recipe.missing_cookies(names))
