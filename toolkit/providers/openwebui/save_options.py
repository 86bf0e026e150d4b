"""How the caller wants a turn saved in the person's history: the options `save`, `folder` and `chat_id`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toolkit.errors import UsageError

SAVE_OPTIONS = ("save", "folder", "chat_id")


class SaveOptions(NamedTuple):
    """`chat_id` is the conversation to go on with, `folder` the name of the folder for it; "" where there is none."""

    chat_id: str = ""
    folder: str = ""


def read_save_options(options: Mapping[str, Any]) -> SaveOptions | None:
    """How the turn is to be saved by `options`; None if it is not.

    `folder` and `chat_id` alone mean that it is saved. The `chat_id` can be the address of the conversation's page.
    Raises `UsageError` for values that cannot be meant.
    """
    save = options.get("save")
    if save is not None and not isinstance(save, bool):
        raise UsageError("The option `save` is true or false.")
    chat_id = _text(options, "chat_id").rstrip("/").rpartition("/c/")[2]
    folder = _text(options, "folder")
    if save is False and (chat_id or folder):
        raise UsageError("With `save` false, nothing goes into a `folder` or a chat (`chat_id`).", hint="Leave it out.")
    if chat_id.startswith(("temporary:", "local")):
        raise UsageError("A temporary chat is not kept at the site, so no turn can be saved in it.")
    return SaveOptions(chat_id, folder) if save or chat_id or folder else None


def _text(options: Mapping[str, Any], name: str) -> str:
    value = options.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise UsageError(f"The option `{name}` is a text that is not empty.")
    return str(value).strip()
