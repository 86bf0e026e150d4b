"""Proves that a written provider does what the recording shows, before anybody is told that it is done."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec

from toolkit.adoption.adopt import adopt_call
from toolkit.adoption.adopted_session import adopted_session
from toolkit.adoption.call_search import FoundCall
from toolkit.adoption.offline_call import Played, call_offline
from toolkit.errors import CannotInfer, RecordingError, ToolkitError, redact_url
from toolkit.har.model import Entry, Recording
from toolkit.providers.base import Provider
from toolkit.providers.plugin_validation import validate_provider
from toolkit.providers.provider_files import load_provider_file
from toolkit.recording.foreign_har import ForeignEntry, ForeignHar
from toolkit.replay.body_matching import differences, recorded_body
from toolkit.scaffold.exchange import Exchange, read_exchanges
from toolkit.scaffold.facts import Asked, Findings
from toolkit.scaffold.socket_exchanges import call_of_socket
from toolkit.session.tokens import credential_values
from toolkit.testing.contract import provider_contract

SHORTEST_SECRET = 8  # characters: what is shorter is found anywhere
COMMENT = "Made by `toolkit new` from a recording of the site's page."


@dataclass(frozen=True)
class Proof:
    """What came of it. `recording` is ours of the first question, without its secrets. `answers` are what the provider
    gave for each question of the recording, "" for one whose answer the file has not; `failures` are sentences, none
    where all is well."""

    recording: Recording
    answers: tuple[str, ...]
    failures: tuple[str, ...]


def load_provider(name: str, file: Path) -> type[Provider]:
    """Imports the provider `name` from the module `file`. Raises what its import raises, and `ValueError` for what is
    no provider."""
    return validate_provider(load_provider_file(name, file), name)


async def prove(kind: type[Provider], har: ForeignHar, findings: Findings, *, contract: bool = True) -> Proof:
    """Asks the questions of `har` of the provider `kind`, with the exchanges of `har` as the site, and checks the
    contract of providers (unless not `contract`) with a recording of the first one.

    Raises `CannotInfer` where not even the first question can be asked, and `RecordingError` where a secret cannot be
    taken out of the recording.
    """
    provider, exchanges = kind(), read_exchanges(har.entries)
    written = inspect.getsource(sys.modules[kind.__module__])
    failures, answers = list[str](), list[str]()
    for number, asked in enumerate(findings.asked):
        if not asked.answer:
            answers.append("")
            continue
        entries = _entries_of(har, exchanges, findings, asked)
        session, _ = adopted_session(provider, [one.entry for one in har.entries], _entry_of(har, findings, asked))
        secrets = (one for one in credential_values(session, kind.harvest) if len(one) >= SHORTEST_SECRET)
        if any(secret in written for secret in secrets):
            raise CannotInfer("The provider that was written would hold a secret of the session.")
        call = await call_offline(provider, entries, session, _messages(findings, number), {})
        answers.append(call.text)
        failures += _failures(asked, call.text, call.error)
        if not asked.goes_on or findings.history == "messages":
            failures += _request_failures(asked, call.played, kind.random)
    first = findings.asked[0]
    found = FoundCall(
        provider,
        None,
        [{"role": "user", "content": first.question}],
        _entry_of(har, findings, first),
        {},
        _entries_of(har, exchanges, findings, first),
        0,
    )
    adopted = await adopt_call(har, found, comment=COMMENT)
    if adopted.recording.chat is None:
        raise CannotInfer(f"The provider that was written cannot ask: {'; '.join((*failures, *adopted.notes[-1:]))}")
    if contract and not failures:
        failures += await asyncio.to_thread(_contract_failures, kind, adopted.recording, first.answer)
    return Proof(adopted.recording, tuple(answers), tuple(failures))


def _entry_of(har: ForeignHar, findings: Findings, asked: Asked) -> Entry:
    """The exchange that asks; of a socket, what belongs to this question."""
    entry = next(one.entry for one in har.entries if one.number == asked.asking)
    if not asked.frames:
        return entry
    call = call_of_socket(entry, asked.frames, marks_end=findings.reading.marks_end)
    if asked.goes_on and findings.history != "messages":  # the provider begins anew, with all that was said as one text
        questions = [re.sub(r"\[(\d+)\]", r".\1", one.place) for one in findings.values if one.name == "question"]
        call.request = msgspec.structs.replace(call.request, uncompared=questions)
    return call


def _entries_of(har: ForeignHar, exchanges: Sequence[Exchange], findings: Findings, asked: Asked) -> list[Entry]:
    """The exchanges that answer one question: those of its own, and what the page deleted after it."""
    at = {one.number: one.at for one in exchanges}
    order = sorted(findings.asked, key=lambda one: at[one.asking])
    after = [at[one.asking] for one in order[order.index(asked) + 1 :]]
    end = after[0] if after else len(exchanges)
    gone = [one for one in exchanges if at[asked.answering] < one.at < end and one.method == "DELETE"]
    numbers = {*asked.entries, *(one.number for one in gone)}
    for one in exchanges:  # in the order of time
        if one.number in numbers and (location := one.response_headers.get("location")):
            target = urljoin(one.entry.request.url, location)
            followed = (other for other in exchanges[one.at + 1 :] if other.entry.request.url == target)
            numbers |= {other.number for other in islice(followed, 1)}
    entries = [one for one in har.entries if one.number in numbers]
    asks = _entry_of(har, findings, asked)
    return [asks if one.number == asked.asking else _whole(one, findings, asked) for one in entries]


def _whole(one: ForeignEntry, findings: Findings, asked: Asked) -> Entry:
    """An exchange, that of the answer without the error that the page gave it up once it had its end: a replay would be
    silent after it."""
    given_up = one.number == asked.answering and findings.reading.marks_end
    return msgspec.structs.replace(one.entry, error=None) if given_up else one.entry


def _messages(findings: Findings, number: int) -> list[dict[str, Any]]:
    """The conversation up to the question of that number."""
    asked = findings.asked[number]
    before = sorted((one for one in findings.asked if _order(one) < _order(asked)), key=_order)
    messages = [{"role": "user", "content": asked.question}]
    goes_on = asked.goes_on
    while goes_on and before:
        last = before.pop()
        messages = [
            {"role": "user", "content": last.question},
            {"role": "assistant", "content": last.answer},
            *messages,
        ]
        goes_on = last.goes_on
    return messages if all(message["content"] for message in messages) else messages[-1:]


def _order(asked: Asked) -> tuple[int, tuple[int, ...]]:
    """By which questions are in the order of time."""
    return asked.asking, asked.frames[-1:]


def _failures(asked: Asked, text: str, error: ToolkitError | None) -> Iterator[str]:
    if error is not None:
        yield f"{asked.question!r} could not be asked: {error}"
    elif text.strip() != asked.answer.strip():
        yield f"{asked.question!r} gave {text!r} instead of {asked.answer!r}"


def _request_failures(asked: Asked, played: Sequence[Played], random: Sequence[str]) -> Iterator[str]:
    """How the requests differ from those of the page, but for what is made up."""
    for one in played:
        recorded = recorded_body(one.entry)
        if recorded is None or isinstance(recorded, bytes) or one.entry.request.method == "DELETE":
            continue
        for difference in differences(recorded, one.body, "body"):
            place = difference.partition(":")[0]
            if re.sub(r"\[\d+\]", ".[]", place) not in random:
                where = redact_url(one.entry.request.url)
                yield f"{asked.question!r}: the request to {where} differs from the page's: {difference}"


def _contract_failures(kind: type[Provider], recording: Recording, answer: str) -> list[str]:
    try:
        provider_contract(kind, recording, answer=answer)
    except AssertionError as error:
        return str(error).split("\n- ")[1:] or [str(error)]
    except (RecordingError, ToolkitError) as error:
        return [str(error)]
    return []
