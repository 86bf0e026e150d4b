"""Takes secrets out of recorded exchanges, before anything of them is written.

Who is signed in is taken out likewise (`identity`): first where only the place tells it, and then with the secrets.

1. `secret_locations` finds the places that hold secrets, by their names and looks (`sensitivity`) and by the user's
   `rules`. It uses `header_secrets`, `url_secrets` and `body_secrets`, one for each kind of text.
2. `collect` lists the secrets of those places, and JSON Web Tokens anywhere, and chooses a placeholder of the same
   length for each (`placeholders`): the same one wherever the secret occurs.
3. `replace` finds those places again and puts the placeholders there. A secret that cannot be a common word is also
   replaced in every other text and body, however it is encoded there (`toolkit.session.encodings`). A secret may span
   several chunks of a body: the body is changed as a whole, and the boundaries of the chunks stay.
4. `scan` searches the result by other means. A recording in which it finds a secret is refused.

Each of these steps decodes a batch of entries after the other, so that the memory does not grow with their number.

A secret is replaced everywhere if it has at least 6 characters at a place that is sure to hold secrets (a password, an
access token), and elsewhere at least 16, or 8 that are not made of words. Shorter secrets are replaced only where they
were found, and so are parts of the addresses of the recording. A cookie of less than 6 characters, a choice of a few
values, stays unless its name means a secret. Values such as `true` and `1` always stay. In scripts and styles nothing
is a secret because of its name (`code_bodies`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, overload

import msgspec

from toolkit.errors import RecordingError
from toolkit.har.encoded_entries import CompactEntries, EncodedEntries
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.redaction.addresses import parts_of_addresses
from toolkit.redaction.collect import choose_placeholders, collect_secrets
from toolkit.redaction.exchange_criteria import Criteria
from toolkit.redaction.identity.take_out import NOTHING, take_out_identity
from toolkit.redaction.placeholders import in_any_text
from toolkit.redaction.replace import Replacement
from toolkit.redaction.rules import Rules
from toolkit.redaction.scan import Finding, scan
from toolkit.redaction.typed_secrets import whole_passwords
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals
from toolkit.session.recipe import Probe


@overload
def redact(
    recorded: Recording,
    *,
    rules: Rules | None = ...,
    session: BrowserSession | None = ...,
    probe: Probe | None = ...,
    typed: Collection[str] = ...,
) -> Recording: ...
@overload
def redact(
    recorded: Iterable[Entry],
    *,
    rules: Rules | None = ...,
    session: BrowserSession | None = ...,
    probe: Probe | None = ...,
    typed: Collection[str] = ...,
) -> list[Entry]: ...
@forgetting_locals
def redact(
    recorded: Recording | Iterable[Entry],
    *,
    rules: Rules | None = None,
    session: BrowserSession | None = None,
    probe: Probe | None = None,
    typed: Collection[str] = (),
) -> Recording | list[Entry]:
    """Returns a copy of `recorded` without its secrets, and without who is signed in.

    `rules` add what is secret, and name what to keep. The secrets of `session` are taken out as well, wherever they
    occur, and so is who it is of. `probe` is that of the provider's recipe: the answer to it tells who is signed in.
    `typed` is what was typed into password fields, letter by letter: the whole of it is taken out wherever it occurs,
    the beginnings of it, and what is short, where a client sent it as a value by itself.
    Raises `RecordingError` for a secret that cannot be replaced; the message names its place, never its value.
    """
    given = recorded if isinstance(recorded, Recording) else Recording(entries=list(recorded))
    rules = rules or Rules()
    log = recorded_log(given)
    keep_identity = given.keep_identity if rules.keep_identity is None else rules.keep_identity
    identity = NOTHING if keep_identity else take_out_identity(log, probe, session)
    criteria = Criteria(rules, memory={}, bodies={}, typed=frozenset(typed))
    sources, addresses = collect_secrets(log, criteria, session, whole_passwords(typed))
    placeholders = choose_placeholders(sources, identity.replacements)
    distinctive = [secret for secret, source in sources.items() if source.everywhere and secret != placeholders[secret]]
    needed = parts_of_addresses(addresses, distinctive)
    everywhere = {one: in_any_text(one, placeholders[one]) for one in distinctive if one not in needed}
    searched = {secret: sources[secret].kind for secret in everywhere if secret not in identity.everywhere}
    Replacement(criteria, placeholders, everywhere, identity).replace_in(log)
    if findings := scan(log, searched, rules, criteria.bodies):
        raise _refusal(findings)
    encoded: EncodedEntries = log.pop("entries")
    if not isinstance(recorded, Recording):
        return list(encoded.taken())
    return Recording(
        entries=CompactEntries(encoded) if isinstance(recorded.entries, CompactEntries) else list(encoded.taken()),
        comment=log["comment"],
        chat=msgspec.convert(log["_chat"], RecordedChat | None),
        session=msgspec.convert(log["_session"], RecordedSession | None),
        keep=tuple(dict.fromkeys((*given.keep, *rules.keep))),
        keep_identity=keep_identity,
        lean=given.lean,
        answer=log["_answer"],
    )


def ensure_redacted(recording: Recording) -> None:
    """Raises `RecordingError` if secrets are found in `recording`, which need not come from `redact`."""
    if findings := scan(recorded_log(recording), rules=Rules(keep=recording.keep)):
        raise _refusal(findings)


def recorded_log(recording: Recording) -> dict[str, Any]:
    """Returns a copy of `recording` in HAR's own form, with its entries encoded."""
    parts = {"comment": recording.comment, "_chat": recording.chat, "_session": recording.session}
    log: dict[str, Any] = msgspec.to_builtins(parts | {"_answer": recording.answer})
    given = recording.entries
    entries = given.encoded[:] if isinstance(given, CompactEntries) else EncodedEntries.of(given)
    return {"entries": entries} | log


def _refusal(findings: list[Finding]) -> RecordingError:
    places = "; ".join(f"{finding.kind} in {finding.place}" for finding in findings[:5])
    more = f"; and {len(findings) - 5} more" if len(findings) > 5 else ""
    return RecordingError(
        f"The recording holds secrets and is not saved: {places}{more}.",
        hint="Name them in redaction rules: a header, a JSON path, a parameter or a pattern.",
    )
