"""Makes a recording of ours of one of another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from yarl import URL

from toolkit.adoption.adopted_session import adopted_session
from toolkit.adoption.call_search import FoundCall, find_call
from toolkit.adoption.offline_call import CUT, NOT_DELETED, OfflineCall, Played, call_offline
from toolkit.adoption.question import value_at
from toolkit.errors import ReplayMismatch, ToolkitError, redact_url
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.har.resource_kind import resource_kind
from toolkit.providers.base import Provider
from toolkit.recording.foreign_har import ForeignHar
from toolkit.recording.lean import leave_out_page
from toolkit.recording.saved_things import without_saved_things
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
from toolkit.replay.body_matching import differences, random_fields, recorded_body
from toolkit.replay.engine_io_merge import frame_places
from toolkit.session.browser_session import BrowserSession
from toolkit.session.frame_locals import forgetting_locals

PAGE = "page_1"
NO_BODY = (
    "it has no body. Browsers keep none of an EventSource, and none that the developer tools had not open in time: "
    'export again with the panel "Network" open from the start, or record with `toolkit record`.'
)

NOT_FOUND = (
    "What may be one is kept. A site's page may ask in another way than the toolkit: `toolkit record` asks itself."
)
NOT_IN_SOCKETS = "What is asked over a WebSocket is not looked for."


class Adopted(NamedTuple):
    """A recording that was made of another one, without its secrets. `answer` is what its call gives, as far as it can
    be read, and `error` what ended that; `notes` are for a person."""

    recording: Recording
    answer: str
    error: ToolkitError | None
    notes: list[str]


@forgetting_locals
async def adopt(
    har: ForeignHar,
    kinds: Sequence[type[Provider]],
    *,
    base_url: str | None = None,
    page: bool = False,
    rules: Rules | None = None,
    comment: str = "",
) -> Adopted:
    """Returns a recording of `har`, whose call is one of the providers `kinds`.

    Its entries become those of the call, as the provider makes it: the requests are the provider's own, and the answers
    stay as they were. Of the others, those that made the session are kept, or all with `page`, as those of a page. If
    there is no call, what may be one is kept, and a note says so. Raises `RecordingError` if a secret cannot be taken
    out.
    """
    entries = [one.entry for one in har.entries]
    found = await find_call(entries, kinds, base_url)
    if found is None:
        note = f"no call of {', '.join(kind.name for kind in kinds)} was found. {NOT_FOUND}"
        if any(entry.is_socket for entry in entries):
            note += f" {NOT_IN_SOCKETS}"
        return _without_call(har, page, rules, comment, note)
    return await adopt_call(har, found, page=page, rules=rules, comment=comment)


@forgetting_locals
async def adopt_call(
    har: ForeignHar, found: FoundCall, *, page: bool = False, rules: Rules | None = None, comment: str = ""
) -> Adopted:
    """Returns a recording of `har` with the call that was `found` in it, as `adopt` does. Its exchanges are those of
    `found`, in which the call may be looked for."""
    entries = [one.entry for one in har.entries]
    session, lacks = adopted_session(found.provider, entries, found.question)
    call, settings = await _call_again(found, session)
    if all(played.entry.response is not found.question.response for played in call.played):
        note = f"a call of {found.provider.name} was found, which cannot be made with what the file has: {call.error}"
        return _without_call(har, page, rules, comment, note)
    own = [_as_call(mine, played.entry, found.provider) for mine, played in _answered(call)]
    answered = {id(played.entry.response) for played in call.played}
    rest = [entry for entry in entries if id(entry.response) not in answered]
    others = without_saved_things(map(_of_page, rest))
    if not page:
        others = leave_out_page(others, found.provider, session)
    chat = RecordedChat(found.provider.name, call.messages or found.messages, found.base_url, settings)
    recording = Recording(
        entries=sorted([*own, *others], key=lambda entry: entry.started),
        comment=comment,
        chat=chat,
        session=RecordedSession.from_session(session),
        lean=not page,
    )
    notes = [*har.notes, *_notes(har, call, lacks, found.provider.random)]
    redacted = redact(recording, rules=rules, session=session, probe=found.provider.harvest.probe)
    return Adopted(redacted, call.text, call.error, notes)


def _without_call(har: ForeignHar, page: bool, rules: Rules | None, comment: str, note: str) -> Adopted:
    """Returns the recording of a file in which there is no call, which `note` says."""
    entries = [one.entry for one in har.entries]
    kept = without_saved_things(_of_page(entry) for entry in entries if page or _may_be_call(entry))
    return Adopted(redact(Recording(entries=kept, comment=comment), rules=rules), "", None, [*har.notes, note])


async def _call_again(found: FoundCall, session: BrowserSession) -> tuple[OfflineCall, dict[str, object]]:
    """Makes the call that was found, with as few settings as make its question the recorded one. Returns those too.

    The model is one of them where the call asks for what the file does not have: without one, for the list of models. A
    call that is refused before it tells its model is made with the one that a provider takes without the list.
    """
    call = await call_offline(found.provider, found.entries, session, found.messages, {})
    settings = {name: value for name, (place, value) in found.settings.items()}
    if not isinstance(call.error, ReplayMismatch) and (sent := _sent_bodies(call)):
        settings = {
            name: value
            for name, (place, value) in found.settings.items()
            if (name == "model" and call.missed) or not any(value_at(body, place) == value for body in sent)
        }
    if call.missed and found.provider.lists_models and found.provider.known_models:
        settings = {"model": found.provider.known_models[0], **settings}
    if settings:
        call = await call_offline(found.provider, found.entries, session, found.messages, settings)
    return call, settings


def _answered(call: OfflineCall) -> Iterator[tuple[Entry, Played]]:
    """Yields the requests of `call` that the file answers, each with its answer. One that it does not answer, such as
    for a list of models, need not have ended the call."""
    own = iter(call.own)
    for played in call.played:
        asked = (played.request.method, played.request.url)
        mine = next((one for one in own if (one.request.method, URL(one.request.url)) == asked), None)
        if mine is None:
            return
        yield mine, played


def _sent_bodies(call: OfflineCall) -> list[object]:
    return [played.body for played in call.played if isinstance(played.body, dict)]


def _as_call(own: Entry, recorded: Entry, provider: Provider) -> Entry:
    """Returns `recorded` with the request that `provider` makes, as an exchange of a client.

    An answer that ended with an error was cut where the other program stopped. How long that had waited is none of the
    site's: a replay of a time-out would wait in silence for a client that is more patient.
    """
    places = random_fields(own.request, provider.random) + frame_places(recorded, provider.random)
    request = msgspec.structs.replace(own.request, random=places or UNSET)
    error = CUT if recorded.error else recorded.error
    return msgspec.structs.replace(recorded, request=request, error=error, pageref=UNSET, resource_type=UNSET)


def _of_page(entry: Entry) -> Entry:
    """Returns `entry` as an exchange of a page, which need not be played again. Proxies tell of no pages."""
    return msgspec.structs.replace(entry, pageref=PAGE) if isinstance(entry.pageref, UnsetType) else entry


def _notes(har: ForeignHar, call: OfflineCall, lacks: str, random: Sequence[str]) -> list[str]:
    notes = []
    if lacks:
        notes.append(f"the file shows {lacks}, so neither does the recording; that does not matter to a replay")
    numbers = {id(one.entry.response): one.number for one in har.entries}
    for played in call.played:
        entry, number = played.entry, numbers.get(id(played.entry.response))
        where = f"{entry.request.method} {redact_url(entry.request.url)}"
        if entry.response.content.comment == NOT_DELETED:
            notes.append(f"{where} is not in the file: the toolkit deletes what the site's page leaves there")
        elif _lacks_body(entry) and (call.error is not None or not call.text):
            notes.append(f"the answer is missing in log.entries[{number}], {where}: {NO_BODY}")
        if names := _differing_fields(played, random):
            notes.append(f"{where} is kept as the toolkit asks it, which differs in {', '.join(names)}")
    if call.error is not None:
        notes.append(f"the recorded answer ends with an error: {call.error}")
    return notes


def _differing_fields(played: Played, random: Sequence[str]) -> list[str]:
    """Returns the fields of the body in which the request differs from the recorded one, but for `random` ones."""
    recorded, sent = recorded_body(played.entry), played.body
    if not isinstance(recorded, dict) or not isinstance(sent, dict):
        return []
    fields = {one.split(":", 1)[0] for one in differences(recorded, sent, "body")}
    return sorted(fields - {*random})


def _may_be_call(entry: Entry) -> bool:
    """Decides whether `entry` is no script, style, font or picture, and was answered."""
    return entry.response.status > 0 and resource_kind(entry) != "asset"


def _lacks_body(entry: Entry) -> bool:
    """Decides whether the body of an answer is not there, though there has to be one."""
    response = entry.response
    expected = 200 <= response.status < 300 and response.status != 204 and entry.request.method in ("GET", "POST")
    return expected and entry.error is None and not response.content.body()
