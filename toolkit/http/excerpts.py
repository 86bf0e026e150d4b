"""What a site says about a failure, as an error may repeat it: short, in one line, and nobody's secret. Pure."""

from __future__ import annotations

from toolkit.session.value import HIDDEN, BrowserSession

LONGEST = 300
# Letters of what is taken for a secret: shorter cookies are words, and pages keep names and settings in their storage.
COOKIE, STORED = 6, 16


def format_excerpt(text: str) -> str:
    """`text` in one line of at most 300 characters; U+FFFD stands for what would move a terminal's cursor."""
    line = "".join(char if char.isprintable() else "\ufffd" for char in " ".join(text[: 2 * LONGEST].split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def redact_credentials(text: str, session: BrowserSession) -> str:
    """`text` without the credentials of `session`, which a site may repeat as it was sent them."""
    stored = (value for items in session.local_storage.values() for value in items.values())
    secrets = {cookie.value for cookie in session.cookies if len(cookie.value) >= COOKIE}
    secrets |= {value for value in stored if len(value) >= STORED}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
