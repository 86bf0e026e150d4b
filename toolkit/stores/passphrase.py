"""Finds the passphrase that seals the stored sessions: in the environment, or in the system's keyring."""

from __future__ import annotations

import os
import secrets

from toolkit.errors import StoreError, install_hint
from toolkit.files.state_folder import make_private_folder, state_folder

KEY_VARIABLE = "TOOLKIT_STORE_KEY"
KEYRING = "keyring"  # the value of that variable that means the system's keyring
SERVICE, USER = "toolkit", "store key"  # identify the entry in the keyring
REASONS = {
    "NoKeyringError": "this system has none that works",
    "KeyringLocked": "it is locked",
}  # by the name of the error's class
LOCK_SECONDS = 30.0  # how long to wait for another process that creates the entry


def configured_passphrase() -> str:
    """Return what `TOOLKIT_STORE_KEY` says: a passphrase, `keyring`, or an empty text if sessions are not sealed."""
    return os.environ.get(KEY_VARIABLE, "")


def resolve_passphrase(setting: str) -> str:
    """Return the passphrase for `setting`: the keyring's if it is `keyring`, else `setting` itself.

    Blocks, since a keyring may ask the person. Raises `StoreError` if the keyring cannot be used.
    """
    return _from_keyring() if setting == KEYRING else setting


def _from_keyring() -> str:
    """Return the random passphrase in the person's keyring. The first call creates it."""
    try:
        import keyring
        from filelock import FileLock
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise _keyring_error("the package is missing", install_hint("keyring")) from None
    try:
        if passphrase := keyring.get_password(SERVICE, USER):
            return passphrase
        make_private_folder(state_folder())
        with FileLock(state_folder() / "keyring.lock", mode=0o600, timeout=LOCK_SECONDS):  # one process creates it
            if not keyring.get_password(SERVICE, USER):
                keyring.set_password(SERVICE, USER, secrets.token_urlsafe(32))
            if passphrase := keyring.get_password(SERVICE, USER):
                return passphrase
    except (KeyringError, OSError) as error:
        reason = REASONS.get(type(error).__name__, "it refused, or was not unlocked")
        raise _keyring_error(reason, "Unlock or set up one") from error
    raise _keyring_error("it keeps nothing", "Set up one that does")


def _keyring_error(why: str, hint: str) -> StoreError:
    return StoreError(
        f"The system's keyring cannot be used: {why}.", hint=f"{hint}, or set {KEY_VARIABLE} to a passphrase."
    )
