"""Finds the call of a provider in the entries of a foreign recording.

Each provider that may be meant is asked a question offline, at each address that the entries have. If it sends its
question to an address that was recorded, and a question stands at the same place of the recorded body, that is its
call. Of several, it is the one whose request looks most like the recorded one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from toolkit.adoption.offline_call import OfflineCall, Played, call_offline
from toolkit.adoption.question import (
    MODEL,
    QUESTION,
    SYSTEM,
    TEMPERATURE,
    Place,
    find_place,
    read_question,
    value_at,
)
from toolkit.errors import ToolkitError, UsageError
from toolkit.har.model import Entry
from toolkit.providers.base import Provider
from toolkit.recording.shape import shape_differences, shape_of
from toolkit.replay.body_matching import recorded_body
from toolkit.session.browser_headers import origin_of
from toolkit.session.browser_session import BrowserSession

SETTINGS: dict[str, Any] = {"model": MODEL, "temperature": TEMPERATURE}


class FoundCall(NamedTuple):
    """A call that was found: of which provider, at which deployment (None: its public site), and what was asked.

    `question` is the entry that asks it. `settings` are what the recorded requests say of `SETTINGS`, and where.
    `entries` are those that may answer the call, and `difference` is the number of places where the provider's request
    has another shape.
    """

    provider: Provider
    base_url: str | None
    messages: list[dict[str, Any]]
    question: Entry
    settings: dict[str, tuple[Place, Any]]
    entries: list[Entry]
    difference: int


async def find_call(
    entries: Sequence[Entry], kinds: Iterable[type[Provider]], base_url: str | None = None
) -> FoundCall | None:
    """Returns the call of one of `kinds` in `entries`; None if there is none. `base_url` names the only deployment that
    is meant; without one, the public site and each origin of the entries can be it."""
    found = [
        call
        for kind in kinds
        for address in _addresses(entries, kind, base_url)
        if (call := await _find_at(entries, kind, address)) is not None
    ]
    return min(found, key=lambda call: call.difference, default=None)  # the first of those that are equally near


def _addresses(entries: Sequence[Entry], kind: type[Provider], base_url: str | None) -> Iterator[str | None]:
    """Yields the addresses at which `entries` may have asked a deployment of `kind`."""
    if base_url is not None:
        yield base_url
        return
    hosts = {urlsplit(entry.request.url).hostname for entry in entries}
    public = origin_of(kind().api) if kind.url else None
    if public is not None and urlsplit(public).hostname in hosts:
        yield None
    asked = (origin_of(entry.request.url) for entry in entries if entry.request.method == "POST")
    yield from (origin for origin in dict.fromkeys(asked) if origin != public)


async def _find_at(entries: Sequence[Entry], kind: type[Provider], base_url: str | None) -> FoundCall | None:
    try:
        provider = kind(base_url)
    except ToolkitError:  # an address that cannot be one of it
        return None
    hosts = set(provider.hosts)
    near = [entry for entry in entries if urlsplit(entry.request.url).hostname in hosts]
    settings = {
        name: value
        for name, value in SETTINGS.items()
        if (provider.takes_model(MODEL) if name == "model" else name in {*kind.options} - {*kind.option_notes})
    }
    for given in (settings, {}) if settings else ({},):
        call = await _ask(provider, near, [{"role": "user", "content": QUESTION}], given)
        if call is None or isinstance(call.error, UsageError):  # it does not take these settings
            continue
        found = _read_call(provider, base_url, near, call, given)
        return await _with_system_message(found) if found is not None else None
    return None


async def _ask(
    provider: Provider, entries: list[Entry], messages: list[dict[str, Any]], settings: dict[str, Any]
) -> OfflineCall | None:
    """Makes a call without a session; None if the provider takes no such messages or settings."""
    session = BrowserSession(provider=provider.name, origin=origin_of(provider.page))
    try:
        return await call_offline(provider, entries, session, messages, settings)
    except UsageError:
        return None


def _read_call(
    provider: Provider, base_url: str | None, entries: list[Entry], call: OfflineCall, given: dict[str, Any]
) -> FoundCall | None:
    """Returns what was asked at the places where `call` put the question and the settings that were `given`."""
    asked = _find_sent(call.played, QUESTION)
    if asked is None or (messages := read_question(recorded_body(asked[0].entry), asked[1])) is None:
        return None
    settings = {}
    for name, value in given.items():
        if (sent := _find_sent(call.played, value)) is not None:
            recorded = value_at(recorded_body(sent[0].entry), sent[1])
            if isinstance(recorded, str if isinstance(value, str) else int | float):
                settings[name] = (sent[1], recorded)
    shapes = (shape_of([recorded_body(asked[0].entry)]), shape_of([asked[0].body]))
    difference = len(list(shape_differences(*shapes)))
    return FoundCall(provider, base_url, messages, _original(asked[0].entry, entries), settings, entries, difference)


def _original(entry: Entry, entries: list[Entry]) -> Entry:
    """Returns the one of `entries` that `entry` is, though fields of its request may have been marked."""
    return next((one for one in entries if one.response is entry.response), entry)


async def _with_system_message(found: FoundCall) -> FoundCall:
    """Returns `found` with the system message, if the provider sends it at a place of its own and one is there."""
    if any(message["role"] == "system" for message in found.messages):
        return found
    question = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    call = await _ask(found.provider, found.entries, question, {})
    sent = _find_sent(call.played, SYSTEM) if call is not None else None
    text = value_at(recorded_body(sent[0].entry), sent[1]) if sent is not None and "content" not in sent[1] else None
    if not isinstance(text, str) or not text.strip():
        return found
    return found._replace(messages=[{"role": "system", "content": text}, *found.messages])


def _find_sent(played: Iterable[Played], value: object) -> tuple[Played, Place] | None:
    """Returns the request of which `value` is part, and where it stands there."""
    for one in played:
        if (place := find_place(one.body, value)) is not None:
            return one, place
    return None
