"""API keys, which a session can have in the place of what a browser gets at a site. Pure.

A key is sent as `Authorization: Bearer` (RFC 6750, section 2.1). A person makes it at the site, and it lasts until the
site forgets it: no visit renews it, and none may put a browser's session in its place.
"""

from __future__ import annotations

import re

from toolkit.errors import KeyRefused, LoginRequired, SessionError
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Harvest, Probe

KEY = re.compile(r"[!-~]+")  # what a header can hold of a key: printable ASCII without blanks (RFC 9110, section 5.5)
SCHEME = re.compile(r"(?:authorization\s*:\s*)?bearer(?:\s+|$)", re.IGNORECASE)  # people copy the whole header


@forgetting_locals
def read_key(text: str, source: str) -> str:
    """The key in `text`, with or without the header that it is sent in. Raises `SessionError`, which shows nothing of
    it, if there is none; `source` is where the text is from."""
    stripped = text.strip()
    scheme = SCHEME.match(stripped)
    key = stripped[scheme.end() :] if scheme else stripped
    if not key:
        raise SessionError(f"{source} holds no key: it is empty.")
    if not KEY.fullmatch(key):
        raise SessionError(f"{source} holds no key, which is one word of printable ASCII.")
    return key


def takes_keys(recipe: Harvest) -> bool:
    """Whether the site of `recipe` takes a key that is sent as a bearer token."""
    return recipe.token is not None or recipe.key_probe is not None


def probe_for(session: BrowserSession, recipe: Harvest) -> Probe | None:
    """The call that tells whether the site takes `session`; None if `recipe` has none."""
    if session.api_key is not None and recipe.key_probe is not None:
        return recipe.key_probe
    return recipe.probe


def key_refused(error: LoginRequired) -> KeyRefused:
    """What `error`, a refusal of a session that is an API key, says of the key."""
    return KeyRefused(f"The site does not take the API key: {error.what}", url=error.url)
