"""What a site says about a refusal, as an error may repeat it: short, in one line, without credentials. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from toolkit.errors import StatusError, ToolkitError, one_line
from toolkit.session.browser_session import HIDDEN, BrowserSession
from toolkit.session.encodings.encoded_replacement import Replacer
from toolkit.session.encodings.piece_search import PieceSearch
from toolkit.session.secret_values import secret_values
from toolkit.streams.json_decoding import JSON_ERRORS

EXCERPT_LENGTH = 300  # characters
LONGEST_TOLD = 4 * EXCERPT_LENGTH  # characters that are looked through for what must not be shown

# The fields in which sites put the sentence that explains a refusal, the most specific first.
_EXPLAINING_FIELDS = ("message", "error", "detail", "msg")


def explanation(reason: str, body: bytes, redact: Callable[[str], str] = str) -> str:
    """What a site says about its refusal, as `format_excerpt` writes it: the reason phrase and what the body adds.

    `reason` is the reason phrase of the status line. The body adds the sentence of a JSON document, or itself if it is
    plain text that says more than the phrase. `redact` takes out what must not be shown.
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        sentence = _sentence(msgspec.json.decode(body))
    except JSON_ERRORS:
        sentence = "" if text.startswith("<") or text.lower() in ("", "error") else text
    parts = [redact(part[:LONGEST_TOLD]) for part in (reason.strip(), sentence)]
    return format_excerpt(": ".join(part for i, part in enumerate(parts) if part and part not in parts[:i]))


def _sentence(document: Any) -> str:
    """The sentence in a JSON document, or "". Validation errors are lists of {loc, msg, type}, as Open Assistant's."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(filter(None, map(_sentence, document)))
    if isinstance(document, dict):
        where = ".".join(str(part) for part in document.get("loc", ())) if isinstance(document.get("loc"), list) else ""
        for field in _EXPLAINING_FIELDS:
            if sentence := _sentence(document.get(field)):
                return f"{where}: {sentence}" if where else sentence
    return ""


def format_excerpt(text: str) -> str:
    """`text` in one line of at most `EXCERPT_LENGTH` characters.

    U+FFFD replaces characters that are not printable, such as those that would move a terminal's cursor.
    """
    beginning = " ".join(text[: 2 * EXCERPT_LENGTH].split())
    line = one_line(beginning)
    return line if len(line) <= EXCERPT_LENGTH else line[: EXCERPT_LENGTH - 1] + "…"


def credential_remover(
    sessions: Iterable[BrowserSession], headers: Mapping[str, str], more: Iterable[str] = ()
) -> Callable[[str], str]:
    """A function that returns a text that a site echoed without the credentials of `sessions` and of a request's own
    `headers`, and without `more`, however the site has encoded them, and also where it has cut them short."""
    secrets = {secret for session in sessions for secret in secret_values(session, headers)}.union(more)
    return Replacer(dict.fromkeys(secrets, HIDDEN), finder=PieceSearch, encoded=False).replace_text


def redact_credentials(text: str, session: BrowserSession) -> str:
    """`text` that a site echoed without the credentials of `session`; see `credential_remover`."""
    return credential_remover([session], {})(text)


def redact_error(error: ToolkitError, redact: Callable[[str], str]) -> None:
    """Apply `redact` to what `error` repeats of a site."""
    error.what = redact(error.what)
    error.args = (error.what,)
    error.url = redact(error.url) if error.url else error.url
    if isinstance(error, StatusError):
        error.reason, error.body = redact(error.reason), redact(error.body)
