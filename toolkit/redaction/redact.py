"""Takes secrets out of recorded exchanges, before anything of them is written.

1. Secrets are collected by where they are (`places`, `names`, `fields`), by the user's rules, and JSON Web Tokens
   anywhere.
2. Each gets a placeholder of its own length (`placeholders`), the same one wherever it occurs.
3. It is replaced in its own place, and, where it can be no common word, in every text and body, however it is
   spelled (`spellings`). A body is changed as a whole, whatever its chunks cut; their boundaries stay.
4. The result is looked through by other means (`scan`). What is found there is refused.

A value is replaced everywhere from 6 characters on where its place is certain (a password, an access token), elsewhere
from 16, or 8 that are no words; below that only in its own place. A cookie below 6 characters whose name says
nothing is a choice of a few and stays, as do `true`, `1` and other such values everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, overload

import msgspec

from toolkit.errors import RecordingError
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.har.texts import is_body, texts
from toolkit.redaction import placeholders
from toolkit.redaction.bodies import Body, correct_lengths
from toolkit.redaction.encodings import Replacer
from toolkit.redaction.locations import SecretLocations
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.session.value import BrowserSession

__all__ = ["Finding", "Rules", "redact"]


class _Secret(msgspec.Struct):
    kind: str
    name: str
    wide: bool


@overload
def redact(recorded: Recording, *, rules: Rules | None = ..., session: BrowserSession | None = ...) -> Recording: ...
@overload
def redact(
    recorded: Iterable[Entry], *, rules: Rules | None = ..., session: BrowserSession | None = ...
) -> list[Entry]: ...
def redact(
    recorded: Recording | Iterable[Entry], *, rules: Rules | None = None, session: BrowserSession | None = None
) -> Recording | list[Entry]:
    """A copy of `recorded` without its secrets; what was given stays as it is.

    `rules` say more, and what to keep. The secrets of `session` are taken out as well, wherever they occur.
    Raises `RecordingError` where a secret is left that cannot be replaced: it tells the place, and never the value.
    """
    given = recorded if isinstance(recorded, Recording) else Recording(entries=list(recorded))
    rules = rules or Rules()
    log = _log(given)
    before = _sizes(log)
    secrets = _collected(log, rules, session)
    known = _placeholders(secrets)
    _replace_in_place(log, rules, known)
    wide = {secret: known[secret] for secret, about in secrets.items() if about.wide}
    _replace_everywhere(log, Replacer(wide))
    for (half, was), (_, now) in zip(before, _sizes(log), strict=True):
        correct_lengths(half, now - was)
    if findings := scan(log, {secret: secrets[secret].kind for secret, new in wide.items() if secret != new}, rules):
        raise _refusal(findings)
    entries = msgspec.convert(log["entries"], list[Entry])
    if not isinstance(recorded, Recording):
        return entries
    return Recording(
        entries=entries,
        comment=log["comment"],
        chat=msgspec.convert(log["_chat"], RecordedChat | None),
        session=msgspec.convert(log["_session"], RecordedSession | None),
        keep=tuple(dict.fromkeys((*given.keep, *rules.keep))),
    )


def ensure_redacted(recording: Recording) -> None:
    """Raise `RecordingError` where `recording` has secrets in it, whoever made it."""
    if findings := scan(_log(recording), rules=Rules(keep=recording.keep)):
        raise _refusal(findings)


def _log(recording: Recording) -> dict[str, Any]:
    """HAR's own form of it, a copy."""
    log: dict[str, Any] = msgspec.to_builtins(
        {
            "entries": recording.entries,
            "comment": recording.comment,
            "_chat": recording.chat,
            "_session": recording.session,
        }
    )
    return log


def _refusal(findings: list[Finding]) -> RecordingError:
    told = "; ".join(f"{finding.kind} in {finding.place}" for finding in findings[:5])
    more = f"; and {len(findings) - 5} more" if len(findings) > 5 else ""
    return RecordingError(
        f"The recording holds secrets and is not saved: {told}{more}.",
        hint="Name them in redaction rules: a header, a JSON path, a parameter or a pattern.",
    )


def _collected(log: dict[str, Any], rules: Rules, session: BrowserSession | None) -> dict[str, _Secret]:
    """Every secret, in the order of first appearance."""
    secrets: dict[str, _Secret] = {}

    def collect(kind: str, name: str, secret: str, wide: bool) -> str:
        if secret:
            wide = wide or placeholders.is_jwt(secret)
            about = secrets.setdefault(secret, _Secret(kind, name, wide))
            about.wide = about.wide or wide
        return secret

    places = SecretLocations(rules, collect)
    places.walk_log(log)
    for holder, key, _ in texts(log):
        text: bytes | str = Body(holder, key).data if is_body(key) else holder[key]
        if isinstance(text, str):
            places.walk_text(text)
            text = text.encode("utf-8", "surrogatepass")
        for match in placeholders.JWT.finditer(text):
            if placeholders.is_jwt(token := match[0].decode()):
                collect("text", "jwt", token, True)
    if session is not None:
        places.walk_session(session)
    return secrets


def _placeholders(secrets: dict[str, _Secret]) -> dict[str, str]:
    """{secret: what replaces it}, one for each."""
    known = {secret: secret for secret in secrets if placeholders.is_unmistakable_placeholder(secret)}
    taken = set(known)
    last: Counter[tuple[str, str]] = Counter()  # numbers of each place
    contains = _contains([secret for secret, about in secrets.items() if about.wide and secret not in known])
    for secret, about in secrets.items():
        if secret not in known:
            last[about.kind, about.name] += 1
            number = last[about.kind, about.name]
            known[secret] = placeholders.make(secret, about.kind, about.name, number, taken, contains)
            taken.add(known[secret])
    return known


def _contains(secrets: list[str]) -> Callable[[str], bool]:
    """Whether a text has one of `secrets` in it: no placeholder may. Their names are short, so only short ones can."""
    short = [secret for secret in secrets if len(secret) < 64 and not secret.isdigit()]
    return lambda text: any(secret in text for secret in short)


def _replace_in_place(log: dict[str, Any], rules: Rules, known: dict[str, str]) -> None:
    def swap(kind: str, name: str, secret: str, wide: bool) -> str:
        return known.get(secret, secret)

    places = SecretLocations(rules, swap)
    places.walk_log(log)
    for holder, key, _ in texts(log):
        if not is_body(key):
            holder[key] = places.walk_text(holder[key])


def _replace_everywhere(log: dict[str, Any], replacer: Replacer) -> None:
    done: dict[str, str] = {}  # headers are the same in most entries
    for holder, key, _ in texts(log):
        if is_body(key):
            body = Body(holder, key)
            replacer.replace_bytes(body.data, body.edit)
        else:
            text = holder[key]
            if text not in done:
                done[text] = replacer.replace_text(text)
            holder[key] = done[text]


def _sizes(log: dict[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """Each request and response, with the size of its body in bytes."""
    return [
        (half, len(Body(half.get(part, {}), key).data))
        for entry in log["entries"]
        for half, part, key in (
            (entry["request"], "postData", "_encoding"),
            (entry["response"], "content", "encoding"),
        )
    ]
