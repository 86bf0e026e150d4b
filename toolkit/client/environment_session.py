"""A session that a secret hands in, as CI systems do: in an environment variable."""

from __future__ import annotations

import logging
import re
import time

from toolkit.errors import SessionError
from toolkit.providers.base import Provider
from toolkit.session.value import BrowserSession

log = logging.getLogger("toolkit")


def variable_name(provider: str, account: str = "default") -> str:
    """The name of the variable that holds a session of `provider`: `TOOLKIT_SESSION_OPENASSISTANT`, and for the account
    `work` with `_WORK` after it."""
    parts = ["TOOLKIT_SESSION", provider, *([account] if account != "default" else ())]
    return re.sub(r"\W", "_", "_".join(parts)).upper()


def read_variable(secret: str, name: str, provider: str) -> BrowserSession:
    """What the variable `name` of `provider` holds, as it is. Raises `SessionError` for what is no session."""
    from toolkit.session.formats.conversion import parse_secret

    try:
        return parse_secret(secret)
    except SessionError as error:
        raise SessionError(f"{name}: {error.what}", provider=provider, hint=error.hint or None) from None


def session_from_variable(provider: Provider, secret: str, name: str) -> BrowserSession:
    """The session of `provider` that the variable `name` holds: storage state or our own JSON, plain or base64.

    What no browser could have is left out, and logged. Raises `SessionError` for what is none, for a session of another
    provider or site, and for one without what the recipe needs; the text never shows any of it.
    """
    from toolkit.client.session_validation import validate_session

    session, _, unusable = validate_session(read_variable(secret, name, provider.name), provider, name, now=time.time())
    if unusable:
        log.warning("%s: left out, since the site's page would not have or send it: %s", name, ", ".join(unusable))
    return session
