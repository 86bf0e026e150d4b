"""Sealing: AES-256-GCM with a key made from a passphrase by scrypt. Pure, apart from the random numbers."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# What costs a guess 32 MiB and a third of a second: one of the settings of OWASP's Password Storage Cheat Sheet. They
# belong to version 1 of what is kept, and are no part of it, so that nobody can make us take others.
COST, BLOCK, PARALLEL = 2**15, 8, 3
SALT, NONCE = 16, 12  # bytes; a nonce of 96 random bits is what NIST SP 800-38D, section 8.2.2, has


class Sealed(msgspec.Struct, frozen=True):
    """What can only be read with the passphrase, and with the same `about`."""

    salt: bytes
    nonce: bytes
    data: bytes


class Sealer:
    """Seals and opens with one passphrase. A key is made once for each salt that is met, and a new salt only where
    none was met before, so that a process seldom makes more than one."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase.encode("utf-8", "surrogateescape")
        self._ciphers: dict[bytes, AESGCM] = {}
        self._making = threading.Lock()

    def seal(self, data: bytes, about: bytes) -> Sealed:
        """`data`, sealed together with `about`, which is not in it."""
        with self._making:
            salt = next(iter(self._ciphers), None) or os.urandom(SALT)
            cipher = self._cipher(salt)
        nonce = os.urandom(NONCE)
        return Sealed(salt, nonce, cipher.encrypt(nonce, data, about))

    def open(self, sealed: Sealed, about: bytes) -> bytes:
        """What was sealed. Raises cryptography's `InvalidTag` where it was sealed with another passphrase or about
        something else, or was changed since; and `ValueError` for what nobody can have sealed."""
        with self._making:
            cipher = self._cipher(sealed.salt)
        return cipher.decrypt(sealed.nonce, sealed.data, about)

    def _cipher(self, salt: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # not before: most stores are not sealed
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        if salt not in self._ciphers:
            made = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=PARALLEL).derive(self._passphrase)
            self._ciphers[salt] = AESGCM(made)
        return self._ciphers[salt]


@lru_cache(maxsize=8)
def sealer(passphrase: str) -> Sealer:
    """The sealer of that passphrase: one for the whole process, because its keys are dear to make."""
    return Sealer(passphrase)
