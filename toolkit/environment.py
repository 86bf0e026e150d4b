"""A session that a secret hands in, as CI systems do: in an environment variable."""

from __future__ import annotations

import re

import msgspec

from toolkit.errors import SessionError
from toolkit.expiry import expiry
from toolkit.headers import origin_of
from toolkit.providers.base import Provider
from toolkit.session import BrowserSession


def variable(provider: str) -> str:
    """The name of the variable that holds a session of `provider`: `TOOLKIT_SESSION_OPENASSISTANT`."""
    return "TOOLKIT_SESSION_" + re.sub(r"\W", "_", provider).upper()


def session_of(provider: Provider, secret: str, name: str) -> BrowserSession:
    """The session of `provider` that the variable `name` holds: storage state or our own JSON, plain or base64.

    Raises `SessionError` for what is none, and for a session of another site; the text never shows any of it.
    """
    from toolkit.interchange import read_secret

    try:
        session = read_secret(secret)
    except SessionError as error:
        raise SessionError(f"{name}: {error.what}", provider=provider.name, hint=error.hint or None) from None
    origin = origin_of(provider.page)
    if session.origin not in ("", origin):
        raise SessionError(f"{name} holds a session of {session.origin}, not of {origin}.", provider=provider.name)
    session = msgspec.structs.replace(session, provider=provider.name, origin=origin)
    return msgspec.structs.replace(session, expires_at=expiry(session, provider.harvest))
