"""Reads a session from an environment variable, in which CI systems put their secrets."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import SessionError
from toolkit.providers.base import Provider
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals

if TYPE_CHECKING:
    from toolkit.session.formats.parsed_session import ParsedSession

FILE = "file:"
HINT = (
    "`toolkit session export PROVIDER` writes what belongs here; `| gzip | base64` makes one short word of it. "
    "file:PATH names a file of it."
)

log = logging.getLogger("toolkit")


def variable_name(provider: str, account: str = "default") -> str:
    """Return the name of the variable for a session of `provider`, such as `TOOLKIT_SESSION_OPENASSISTANT`; for the
    account `work`, `_WORK` is appended."""
    parts = ["TOOLKIT_SESSION", provider, *([account] if account != "default" else ())]
    return re.sub(r"\W", "_", "_".join(parts)).upper()


@forgetting_locals
def read_variable(secret: str, name: str, provider: str, origin: str | None = None) -> ParsedSession:
    """Parse `secret`, the value of the variable `name`, or the file that it names as `file:PATH`.

    It is parsed as a session of `provider` at `origin`, without checking whose session it is; or, without an `origin`,
    as far as it tells by itself. Raises `SessionError` if it is no session, or the file cannot be read.
    """
    from toolkit.session.formats.conversion import parse, parse_alone
    from toolkit.session.formats.parsed_session import ParsedSession

    try:
        text = _read_file(secret) if secret.startswith(FILE) else secret
        if origin is None:
            return ParsedSession(parse_alone(text))
        return parse(text, provider=provider, origin=origin)
    except SessionError as error:
        raise SessionError(f"{name}: {error.what}", provider=provider, hint=f"{error.hint} {HINT}".strip()) from None


@forgetting_locals
def find_deployment(secret: str, name: str, kind: type[Provider]) -> str:
    """Return the origin of the deployment of `kind` that `secret`, the value of the variable `name`, is for; "" if it
    does not tell. Raises `SessionError` if it is no session."""
    from toolkit.client.imported_session_deployment import find_deployments

    found = find_deployments(read_variable(secret, name, kind.name).session, kind)
    return found[0] if len(found) == 1 else ""


@forgetting_locals
def session_from_variable(provider: Provider, secret: str, name: str) -> BrowserSession:
    """Return the session of `provider` in `secret`, the value of the variable `name`.

    The value is a session in any format that can be imported, plain, in base64, or in base64 of gzip; or `file:PATH`
    with a file of one, as container platforms hand secrets in. What no browser could have is left out, and so is what
    cannot be read, with a warning in the log. Raises `SessionError` if the value is no session, belongs to another
    provider or site, or lacks what the recipe needs. The error shows nothing of the value.
    """
    from toolkit.client.imported_session_validation import validate_session

    parsed = read_variable(secret, name, provider.name, origin_of(provider.page))
    session, _, unusable, unread = validate_session(parsed, provider, name, now=time.time())
    if unusable:
        log.warning("%s: left out, since the site's page would not have or send it: %s", name, ", ".join(unusable))
    if unread:
        log.warning("%s: left out: %s", name, ", ".join(unread))
    return session


def _read_file(secret: str) -> str:
    """Return the text of the file that `secret` names. Raises `SessionError`, which does not show the name."""
    from toolkit.session.formats.encoded_text import decode_bytes

    path = secret.strip().removeprefix(FILE).removeprefix("//")
    try:
        return decode_bytes(Path(path).read_bytes())
    except (OSError, ValueError) as error:  # a ValueError for a name with a NUL
        reason = getattr(error, "strerror", None) or "it has no such name"
        raise SessionError(f"The file that it names cannot be read ({reason}).") from None
