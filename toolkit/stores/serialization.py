"""What is kept of one session, as JSON, the same in a file and in Redis.

    {"version": 1, "key": [provider, origin, account], "session": {...}}
    {"version": 1, "key": [provider, origin, account], "sealed": {"salt", "nonce", "data"}}

The key stays readable, so that what there is can be listed; it is sealed together with the session, so one session
cannot be put in the place of another. A string that is not UTF-8 (sites set such cookies, and keep such things in the
local storage) has the escapes of JSON for what is not. Nothing here touches a disk or a network.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec

from toolkit.errors import StoreError
from toolkit.session.value import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.passphrase import KEY_VARIABLE, configured_passphrase, resolve_passphrase
from toolkit.stores.sealing import Sealed, Sealer, sealer

VERSION = 1
StoredSession = tuple[Key, BrowserSession]


class _Version(msgspec.Struct, frozen=True):
    """What is kept by any version."""

    version: int


class _Content(_Version, frozen=True, omit_defaults=True):
    """What is kept by this version: a session, or a sealed one."""

    key: Key
    session: BrowserSession | None = None
    sealed: Sealed | None = None


class Packer:
    """Packs and unpacks sessions for a store; sealed where there is a passphrase.

    `passphrase` is one, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY` says. It is looked for when
    it is needed first. What is there unsealed is read in any case, and sealed when it is packed next.
    """

    def __init__(self, passphrase: str | None) -> None:
        self._given = configured_passphrase() if passphrase is None else passphrase
        self._sealer: Sealer | None = None

    async def pack(self, key: Key, session: BrowserSession) -> bytes:
        """`session` of `key`, as it is kept. Raises `StoreError` where the keyring cannot be used."""
        if not self._given:
            content = _Content(VERSION, key, session)
        else:
            # In a thread: making a key takes a third of a second, and a keyring may ask the person.
            sealed = await asyncio.to_thread(self._seal, compact_json(session), _about(key))
            content = _Content(VERSION, key, sealed=sealed)
        return _json(content, indent=1)

    async def unpack(self, packed: bytes, where: str) -> StoredSession:
        """What was `packed`, which was found at `where`.

        Raises `StoreError` for what another toolkit or another passphrase can read, and `ValueError`, with nothing of
        the content in it, for what nobody can.
        """
        try:
            found = _read(packed)
            if (version := msgspec.convert(found, _Version).version) > VERSION:
                raise StoreError(
                    f"The stored session {where} is of a newer version of the toolkit ({version}).",
                    hint="Upgrade the toolkit, or choose another store (TOOLKIT_STORE).",
                )
            content = msgspec.convert(found, _Content)
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8 text") from None  # that error holds the bytes
        except json.JSONDecodeError as error:
            raise ValueError(f"JSON is malformed: {error}") from None  # that one as well
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if content.sealed is None:
            if content.session is None:
                raise ValueError("it holds no session")
            return content.key, content.session
        if not self._given:
            raise StoreError(
                f"The stored session {where} is sealed.",
                hint=f"Set {KEY_VARIABLE} to the passphrase that it was sealed with (or to `keyring`).",
            )
        from cryptography.exceptions import InvalidTag  # not before: a session that is not sealed is read without it

        try:
            opened = await asyncio.to_thread(self._open, content.sealed, _about(content.key))
        except InvalidTag:
            raise StoreError(
                f"The stored session {where} cannot be opened: it was sealed with another passphrase, or changed.",
                hint=f"Set {KEY_VARIABLE} to the passphrase that it was sealed with, or remove that session.",
            ) from None
        try:
            return content.key, msgspec.convert(_read(opened), BrowserSession)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None

    def _seal(self, data: bytes, about: bytes) -> Sealed:
        return self._found().seal(data, about)

    def _open(self, sealed: Sealed, about: bytes) -> bytes:
        return self._found().open(sealed, about)

    def _found(self) -> Sealer:
        if self._sealer is None:
            self._sealer = sealer(resolve_passphrase(self._given))
        return self._sealer


def misplaced_error(key: Key, where: str) -> StoreError:
    """The session of `key` lies at `where`, which is another one's place."""
    return StoreError(
        f"What is stored as {where} is the session of another key: {', '.join(key)}.",
        hint="Somebody renamed or copied it. Put it back, or remove it.",
    )


def compact_json(value: Any) -> bytes:
    """`value` as JSON, without a blank."""
    return _json(value, separators=(",", ":"))


def _json(value: Any, **form: Any) -> bytes:
    # Not by msgspec, which refuses what is not UTF-8. What `backslashreplace` writes for it is an escape of JSON.
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, **form).encode("utf-8", "backslashreplace")


def _read(text: bytes) -> Any:
    return json.loads(text.decode())


def _about(key: Key) -> bytes:
    return compact_json(["toolkit session", VERSION, *key])
