"""What is kept of one session, as JSON: `{"version": 1, "key": [provider, origin, account], "session": {...}}`.

The same in a file and in Redis. Nothing here touches a disk or a network.
"""

from __future__ import annotations

import msgspec

from toolkit.errors import StoreError
from toolkit.session import BrowserSession
from toolkit.stores import Key

VERSION = 1


class _Version(msgspec.Struct, frozen=True):
    """What is kept by any version."""

    version: int


class _Content(_Version, frozen=True):
    """What is kept by this version."""

    key: Key
    session: BrowserSession


def encode(key: Key, session: BrowserSession) -> bytes:
    """`session` of `key`, as it is kept."""
    return msgspec.json.format(msgspec.json.encode(_Content(VERSION, key, session)), indent=1)


def decode(content: bytes, where: str) -> tuple[Key, BrowserSession]:
    """What is kept in `content`, which was found at `where`.

    Raises `StoreError` for what another toolkit or another key could read, `ValueError` (never with any of the content
    in it) for what nobody can.
    """
    try:
        if (version := msgspec.json.decode(content, type=_Version).version) > VERSION:
            raise StoreError(
                f"The stored session {where} is of a newer version of the toolkit ({version}).",
                hint="Upgrade the toolkit, or choose another store (TOOLKIT_STORE).",
            )
        kept = msgspec.json.decode(content, type=_Content)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None  # the error itself holds the bytes
    return kept.key, kept.session
