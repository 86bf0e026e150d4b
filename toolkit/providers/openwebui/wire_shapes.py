"""The shapes of the JSON that Open WebUI answers with. Fields that are not named here are ignored."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class FileState(Struct):
    """How far the site is with reading a file: `pending`, `processing`, `completed` or `failed`, and then with what
    `error`. Older versions read it before they answer, and tell nothing."""

    status: str | None = None
    error: Any = None


class UploadedFile(Struct):
    """A file that the site has."""

    id: str
    data: FileState | None = None


class ChatFolder(Struct):
    """A folder of the person's history."""

    id: str
    name: str
    parent_id: str | None = None


class StoredChat(Struct):
    """A conversation of the person's history. `chat` is as the page keeps it: its title, settings and messages."""

    id: str
    chat: dict[str, Any]
    folder_id: str | None = None
