"""Where the passphrase comes from that seals the sessions: the environment, or the system's keyring."""

from __future__ import annotations

import os
import secrets

from toolkit.errors import StoreError, install_hint
from toolkit.files.state_folder import make_private_folder, state_folder

KEY_VARIABLE = "TOOLKIT_STORE_KEY"
KEYRING = "keyring"  # as a value of that variable
SERVICE, USER = "toolkit", "store key"  # the entry of the keyring
REASONS = {"NoKeyringError": "this system has none that works", "KeyringLocked": "it is locked"}  # by kind of error
PATIENCE = 30.0  # seconds to wait for another process that makes the entry


def configured_passphrase() -> str:
    """What `TOOLKIT_STORE_KEY` says; empty where sessions are not sealed."""
    return os.environ.get(KEY_VARIABLE, "")


def resolve_passphrase(given: str) -> str:
    """The passphrase itself: `given`, or the keyring's where that is `keyring`. Blocks. Raises `StoreError`."""
    return _from_keyring() if given == KEYRING else given


def _from_keyring() -> str:
    """The random passphrase in the person's keyring; made and put there at the first time."""
    try:
        import keyring
        from filelock import FileLock
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise _unusable("the package is missing", install_hint("keyring")) from None
    try:
        if kept := keyring.get_password(SERVICE, USER):
            return kept
        make_private_folder(state_folder())
        with FileLock(state_folder() / "keyring.lock", mode=0o600, timeout=PATIENCE):  # one of many makes it
            if not keyring.get_password(SERVICE, USER):
                keyring.set_password(SERVICE, USER, secrets.token_urlsafe(32))
            if kept := keyring.get_password(SERVICE, USER):
                return kept
    except (KeyringError, OSError) as error:
        reason = REASONS.get(type(error).__name__, "it refused, or was not unlocked")
        raise _unusable(reason, "Unlock or set up one") from error
    raise _unusable("it keeps nothing", "Set up one that does")


def _unusable(why: str, hint: str) -> StoreError:
    return StoreError(
        f"The system's keyring cannot be used: {why}.", hint=f"{hint}, or set {KEY_VARIABLE} to a passphrase."
    )
