"""Keeps the last conversation with each provider, deployment and account in the state folder, if a person asks for it.

The files are as private as sessions: 0600 in a folder of 0700, written whole or not at all, and sealed where
`TOOLKIT_STORE_KEY` has sessions sealed.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from toolkit.chats.messages import read_messages
from toolkit.errors import StoreError, ToolkitError, UsageError
from toolkit.files.access import read_file
from toolkit.files.atomic import write_atomic
from toolkit.files.state_folder import make_private_folder, state_folder
from toolkit.stores.base import Key
from toolkit.stores.passphrase import configured_passphrase, resolve_passphrase
from toolkit.stores.sealing import Sealed, cached_sealer, open_sealed

KEEP_VARIABLE = "TOOLKIT_KEEP"
NO_VALUES = ("", "0", "no", "false", "off")  # of the variable
FORMAT = 1


class KeptConversation(msgspec.Struct, frozen=True):
    """A conversation as it is kept. `messages` are as OpenAI's API has them."""

    messages: list[dict[str, Any]]
    model: str | None = None
    chat_id: str | None = None


class _StoredFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is in the file: a conversation, or one that is sealed."""

    format: int
    conversation: KeptConversation | None = None
    sealed: Sealed | None = None


def keeping_is_wanted() -> bool:
    """Whether `TOOLKIT_KEEP` says that conversations are kept."""
    return os.environ.get(KEEP_VARIABLE, "").strip().lower() not in NO_VALUES


def save_conversation(key: Key, conversation: KeptConversation) -> None:
    """Keeps `conversation` as the last one of `key`. Raises `StoreError` if it cannot be written."""
    turns = [message.as_dict() for message in read_messages(conversation.messages)]
    conversation = msgspec.structs.replace(conversation, messages=turns)
    if setting := configured_passphrase():
        data = msgspec.json.encode(conversation)
        stored = _StoredFile(FORMAT, sealed=cached_sealer(resolve_passphrase(setting)).seal(data, _identify(key)))
    else:
        stored = _StoredFile(FORMAT, conversation)
    path = _path(key)
    try:
        make_private_folder(path.parent)
        write_atomic(path, msgspec.json.encode(stored))
    except OSError as error:
        raise StoreError(
            f"The conversation cannot be kept in {path}: {error.strerror or type(error).__name__}."
        ) from None


def load_conversation(key: Key) -> KeptConversation:
    """Returns the last conversation that was kept for `key`.

    Raises `UsageError` if there is none, and `StoreError` if it cannot be read.
    """
    path = _path(key)
    try:
        stored = msgspec.json.decode(read_file(path), type=_StoredFile)
        if stored.format != FORMAT:
            raise ValueError("another format")
        conversation = stored.conversation or _open(stored.sealed, key)
        read_messages(conversation.messages)
    except FileNotFoundError:
        raise UsageError(
            f"No conversation at {key.origin} is kept{f' for {key.account}' if key.account != 'default' else ''}.",
            provider=key.provider,
            hint=f"`--keep` keeps one, and so does {KEEP_VARIABLE}=1 in the environment.",
        ) from None
    except StoreError:
        raise
    except (OSError, ValueError, RecursionError, ToolkitError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no conversation of this version"
        raise StoreError(f"The conversation in {path} cannot be read: {reason}.", hint="Remove the file.") from None
    return conversation


def _open(sealed: Sealed | None, key: Key) -> KeptConversation:
    setting = configured_passphrase()
    if sealed is None:
        raise ValueError("nothing in it")
    if not setting:
        raise StoreError("The kept conversation is sealed.", provider=key.provider, hint="Set TOOLKIT_STORE_KEY.")
    if (data := open_sealed(sealed, _identify(key), resolve_passphrase(setting))) is None:
        what = "The kept conversation is sealed with another TOOLKIT_STORE_KEY."
        raise StoreError(what, provider=key.provider, hint="Set that one.")
    return msgspec.json.decode(data, type=KeptConversation)


def _identify(key: Key) -> bytes:
    return json.dumps(["conversation", *key]).encode()


def _path(key: Key) -> Path:
    digest = hashlib.sha256(_identify(key)).hexdigest()[:32]
    return state_folder() / "conversations" / f"{key.provider}--{digest}.json"
