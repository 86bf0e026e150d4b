"""Seals data with a passphrase: AES-256-GCM, with a key that scrypt derives from the passphrase.

Nothing here reads or writes files; only the salts and nonces are random.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# scrypt's N, r and p, one of the settings of OWASP's Password Storage Cheat Sheet: a guess costs 32 MiB and a third of
# a second. They are fixed for version 1 of the stored format and not stored with it, so nobody can make us use weaker
# ones.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3
SALT_BYTES = 16
NONCE_BYTES = 12  # random ones, as NIST SP 800-38D, section 8.2.2, allows for AES-GCM


class Sealed(msgspec.Struct, frozen=True):
    """Encrypted `data`, which can be opened only with the same passphrase and the same associated data."""

    salt: bytes
    nonce: bytes
    data: bytes


class Sealer:
    """Seals and opens data with one passphrase.

    Deriving a key is slow, so it is done once per salt. A new salt is used only if no key has been derived yet: a
    process seldom derives more than one.
    """

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase.encode("utf-8", "surrogateescape")
        self._ciphers: dict[bytes, AESGCM] = {}
        self._derivation = threading.Lock()

    def seal(self, data: bytes, associated_data: bytes) -> Sealed:
        """Encrypt `data`. `associated_data` is authenticated with it and not contained in the result."""
        with self._derivation:
            salt = next(iter(self._ciphers), None) or os.urandom(SALT_BYTES)
            cipher = self._cipher(salt)
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(salt, nonce, cipher.encrypt(nonce, data, associated_data))

    def open(self, sealed: Sealed, associated_data: bytes) -> bytes:
        """Decrypt `sealed`.

        Raises cryptography's `InvalidTag` if the passphrase or `associated_data` is another one or the data was
        changed, and `ValueError` if its salt or nonce has an impossible length.
        """
        with self._derivation:
            cipher = self._cipher(sealed.salt)
        return cipher.decrypt(sealed.nonce, sealed.data, associated_data)

    def _cipher(self, salt: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded only now: most stores are not sealed
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        if salt not in self._ciphers:
            scrypt = Scrypt(salt=salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
            self._ciphers[salt] = AESGCM(scrypt.derive(self._passphrase))
        return self._ciphers[salt]


def open_sealed(sealed: Sealed, associated_data: bytes, passphrase: str) -> bytes | None:
    """Decrypt `sealed`; None if `passphrase` or `associated_data` is another one, or the data was changed."""
    from cryptography.exceptions import InvalidTag

    try:
        return cached_sealer(passphrase).open(sealed, associated_data)
    except (InvalidTag, ValueError):
        return None


@lru_cache(maxsize=8)
def cached_sealer(passphrase: str) -> Sealer:
    """Return the sealer for `passphrase`. The process shares it, because deriving its keys is slow."""
    return Sealer(passphrase)
