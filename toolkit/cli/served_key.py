"""Where the key of `toolkit serve` comes from: the environment, the settings, or the file that the toolkit keeps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from toolkit.gateway.access_key import KEY_VARIABLE, check_key, key_file, load_key

if TYPE_CHECKING:
    from toolkit.gateway.serve_file import ServeSettings


def given_key(settings: ServeSettings | None) -> tuple[str, str] | None:
    """The key that the person gives in the place of the kept one, and the words for where; None where there is none.
    Raises `UsageError` for a key that is none."""
    if given := os.environ.get(KEY_VARIABLE):
        return check_key(given, KEY_VARIABLE), KEY_VARIABLE
    if settings is not None and settings.key is not None:
        return settings.key, "the settings"
    return None


def kept_key() -> str | None:
    """The key that the toolkit keeps; None where there is none yet. Raises `UsageError`."""
    return load_key(key_file())
