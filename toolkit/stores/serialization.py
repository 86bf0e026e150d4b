"""Converts one session to and from the JSON that a file or a Redis key holds.

    {"version": 1, "key": [provider, origin, account], "session": {...}}
    {"version": 1, "key": [provider, origin, account], "sealed": {"salt", "nonce", "data"}}

The key stays readable, so that sessions can be listed without the passphrase. Sealing authenticates it, so a sealed
session cannot be put in the place of another one. Lone surrogates in a string (sites set such cookies and local
storage) are written as JSON escapes, because UTF-8 cannot hold them. Nothing here touches a disk or a network.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import msgspec

from toolkit.errors import StoreError
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key
from toolkit.stores.passphrase import KEY_VARIABLE, configured_passphrase, resolve_passphrase
from toolkit.stores.sealing import Sealed, Sealer, cached_sealer

VERSION = 1
KEPT = 256  # stored sessions that are remembered, so that what has not changed is not read again
StoredSession = tuple[Key, BrowserSession]


class _Version(msgspec.Struct, frozen=True):
    """The field that every version of the format has."""

    version: int


class _Content(_Version, frozen=True, omit_defaults=True):
    """The format of this version: either `session` or `sealed` is set."""

    key: Key
    session: BrowserSession | None = None
    sealed: Sealed | None = None


class Packer:
    """Packs and unpacks sessions for a store, and seals them if there is a passphrase.

    `passphrase` is a passphrase, or `keyring`, or empty for none; None is what `TOOLKIT_STORE_KEY` says. The keyring is
    asked when it is first needed. Unsealed sessions are read in any case, and sealed when they are next packed.
    """

    def __init__(self, passphrase: str | None) -> None:
        self._setting = configured_passphrase() if passphrase is None else passphrase
        self._sealer: Sealer | None = None
        self._unpacked: dict[str, tuple[bytes, StoredSession]] = {}  # what was last found in each place

    async def pack(self, key: Key, session: BrowserSession) -> bytes:
        """Return the JSON to store for the `session` of `key`. Raises `StoreError` if the keyring cannot be used."""
        if not self._setting:
            content = _Content(VERSION, key, session)
        else:
            # In a thread: deriving a key takes a third of a second, and a keyring may ask the person.
            sealed = await asyncio.to_thread(self._seal, compact_json(session), _associated_data(key))
            content = _Content(VERSION, key, sealed=sealed)
        return _dump_json(content, indent=1)

    async def check_passphrase(self) -> None:
        """Raise `StoreError` if there is to be a passphrase, and the keyring does not give it."""
        if self._setting:
            await asyncio.to_thread(self._get_sealer)

    async def unpack(self, packed: bytes, where: str) -> StoredSession:
        """Return the key and the session in `packed`. `where` names the place for errors.

        Raises `StoreError` if a newer toolkit or another passphrase can read it, and `ValueError` if nothing can. The
        errors show nothing of the content.
        """
        known = self._unpacked.get(where)
        if known is None or known[0] != packed:
            if known is None and len(self._unpacked) >= KEPT:
                self._unpacked.pop(next(iter(self._unpacked)), None)
            known = self._unpacked[where] = packed, await self._unpack(packed, where)
        return known[1]

    async def _unpack(self, packed: bytes, where: str) -> StoredSession:
        try:
            value = _parse_json(packed)
            if (version := msgspec.convert(value, _Version).version) > VERSION:
                raise StoreError(
                    f"The stored session {where} is of a newer version of the toolkit ({version}).",
                    hint="Upgrade the toolkit, or choose another store (TOOLKIT_STORE).",
                )
            content = msgspec.convert(value, _Content)
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8 text") from None  # the cause holds the bytes
        except json.JSONDecodeError as error:
            raise ValueError(f"JSON is malformed: {error}") from None  # the cause holds the text
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if content.sealed is None:
            if content.session is None:
                raise ValueError("it holds no session")
            return content.key, content.session
        if not self._setting:
            raise StoreError(
                f"The stored session {where} is sealed.",
                hint=f"Set {KEY_VARIABLE} to the passphrase that it was sealed with (or to `keyring`).",
            )
        from cryptography.exceptions import InvalidTag  # loaded only now: an unsealed session is read without it

        try:
            opened = await asyncio.to_thread(self._open, content.sealed, _associated_data(content.key))
        except InvalidTag:
            raise StoreError(
                f"The stored session {where} cannot be opened: it was sealed with another passphrase, or changed.",
                hint=f"Set {KEY_VARIABLE} to the passphrase that it was sealed with, or remove that session.",
            ) from None
        try:
            return content.key, msgspec.convert(_parse_json(opened), BrowserSession)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None

    def _seal(self, data: bytes, associated_data: bytes) -> Sealed:
        return self._get_sealer().seal(data, associated_data)

    def _open(self, sealed: Sealed, associated_data: bytes) -> bytes:
        return self._get_sealer().open(sealed, associated_data)

    def _get_sealer(self) -> Sealer:
        if self._sealer is None:
            self._sealer = cached_sealer(resolve_passphrase(self._setting))
        return self._sealer


def misplaced_error(key: Key, where: str) -> StoreError:
    """Return the error for a session of `key` that is stored at `where`, the place of another key."""
    return StoreError(
        f"What is stored as {where} is the session of another key: {', '.join(key)}.",
        hint="Somebody renamed or copied it. Put it back, or remove it.",
    )


def compact_json(value: Any) -> bytes:
    """Return `value` as JSON without spaces."""
    return _dump_json(value, separators=(",", ":"))


def _dump_json(value: Any, **layout: Any) -> bytes:
    # msgspec would refuse lone surrogates. `backslashreplace` writes them as `\udXXX`, which is an escape of JSON too.
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, **layout).encode("utf-8", "backslashreplace")


def _parse_json(text: bytes) -> Any:
    """The value of JSON, in which each number is one that can be reckoned with. Raises `ValueError`."""
    return json.loads(text.decode(), parse_constant=_finite, parse_float=_finite)


def _finite(number: str) -> float:
    """Python's `json` would take NaN and Infinity, which RFC 8259, section 6, does not have, and 1e999 for infinity."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"it has a number that is none ({number[:20]})")
    return value


def _associated_data(key: Key) -> bytes:
    return compact_json(["toolkit session", VERSION, *key])
