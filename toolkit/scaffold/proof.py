"""Proves that a written provider does what the recording shows, before anybody is told that it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.adoption.adopt import adopt_call
from toolkit.adoption.adopted_session import adopted_session
from toolkit.adoption.call_search import FoundCall
from toolkit.adoption.offline_call import Played, call_offline
from toolkit.errors import CannotInfer, RecordingError, ToolkitError, redact_url
from toolkit.har.model import Entry, Recording
from toolkit.providers.base import Provider
from toolkit.providers.plugin_validation import validate_provider
from toolkit.providers.provider_files import load_provider_file
from toolkit.recording.foreign_har import ForeignHar
from toolkit.replay.body_matching import differences, recorded_body
from toolkit.scaffold.exchange import Exchange, read_exchanges
from toolkit.scaffold.facts import Asked, Findings
from toolkit.testing.contract import provider_contract

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
    by_number = {one.number: one for one in exchanges}
    failures, answers = list[str](), list[str]()
    for number, asked in enumerate(findings.asked):
        if not asked.answer:
            answers.append("")
            continue
        entries = _entries_of(exchanges, findings, asked)
        session, _ = adopted_session(provider, [one.entry for one in exchanges], by_number[asked.asking].entry)
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
        by_number[first.asking].entry,
        {},
        _entries_of(exchanges, findings, first),
        0,
    )
    adopted = await adopt_call(har, found, comment=COMMENT)
    if adopted.recording.chat is None:
        raise CannotInfer(f"The provider that was written cannot ask: {'; '.join((*failures, *adopted.notes[-1:]))}")
    if contract and not failures:
        failures += await asyncio.to_thread(_contract_failures, kind, adopted.recording, first.answer)
    return Proof(adopted.recording, tuple(answers), tuple(failures))


def _entries_of(exchanges: Sequence[Exchange], findings: Findings, asked: Asked) -> list[Entry]:
    """The exchanges that answer one question: those of its own, and what the page deleted after it."""
    at = {one.number: one.at for one in exchanges}
    order = sorted(findings.asked, key=lambda one: at[one.asking])
    after = [at[one.asking] for one in order[order.index(asked) + 1 :]]
    end = after[0] if after else len(exchanges)
    gone = [one for one in exchanges if at[asked.answering] < one.at < end and one.method == "DELETE"]
    numbers = {*asked.entries, *(one.number for one in gone)}
    return [one.entry for one in exchanges if one.number in numbers]


def _messages(findings: Findings, number: int) -> list[dict[str, Any]]:
    """The conversation up to the question of that number."""
    asked = findings.asked[number]
    before = sorted((one for one in findings.asked if one.asking < asked.asking), key=lambda one: one.asking)
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
            if place not in random:
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
