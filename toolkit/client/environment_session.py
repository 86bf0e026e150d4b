"""Reads a session from an environment variable, in which CI systems put their secrets."""

from __future__ import annotations

import logging
import re
import time

from toolkit.errors import SessionError
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession

log = logging.getLogger("toolkit")


def variable_name(provider: str, account: str = "default") -> str:
    """Return the name of the variable for a session of `provider`, such as `TOOLKIT_SESSION_OPENASSISTANT`; for the
    account `work`, `_WORK` is appended."""
    parts = ["TOOLKIT_SESSION", provider, *([account] if account != "default" else ())]
    return re.sub(r"\W", "_", "_".join(parts)).upper()


def read_variable(secret: str, name: str, provider: str) -> BrowserSession:
    """Parse `secret`, the value of the variable `name`, without checking whose session it is. Raises `SessionError` if
    it is no session."""
    from toolkit.session.formats.conversion import parse_secret

    try:
        return parse_secret(secret)
    except SessionError as error:
        raise SessionError(f"{name}: {error.what}", provider=provider, hint=error.hint or None) from None


def session_from_variable(provider: Provider, secret: str, name: str) -> BrowserSession:
    """Return the session of `provider` in `secret`, the value of the variable `name`.

    The value is Playwright's storage state or our own JSON, plain or in base64. Cookies and headers that no browser
    could have are left out, with a warning in the log. Raises `SessionError` if the value is no session, belongs to
    another provider or site, or lacks what the recipe needs. The error shows nothing of the value.
    """
    from toolkit.client.imported_session_validation import validate_session

    session, _, unusable = validate_session(read_variable(secret, name, provider.name), provider, name, now=time.time())
    if unusable:
        log.warning("%s: left out, since the site's page would not have or send it: %s", name, ", ".join(unusable))
    return session
