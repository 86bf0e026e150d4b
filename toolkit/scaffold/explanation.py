"""Says what was inferred, in rows of a table: the fact, its evidence, how certain it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from toolkit.providers.dialects.table import DIALECTS
from toolkit.scaffold.facts import Certainty, Evidence, Findings, Value

HISTORIES = {
    "messages": "goes along as a list of messages",
    "prompt": "goes along in one prompt",
    "server": "is kept by the site; a call begins a new one, and sends what was said before as one text",
    "unknown": "was not seen; what was said before is sent as one text",
}
FRAMES = {"SEND": "A frame that is sent", "RECEIVE": "A frame that is waited for"}
MAKERS = {"uuid4": "a UUID", "uuid1": "a UUID", "ms": "the time", "s": "the time", "iso": "the time"}


class Row(NamedTuple):
    """One fact in words."""

    fact: str
    evidence: str
    certainty: Certainty = "sure"


def explain(findings: Findings) -> list[Row]:
    """Returns the facts in the order in which a reader asks for them."""
    return [*_questions(findings), *_answer(findings), *_steps(findings), *_values(findings), *_session(findings)]


def _questions(findings: Findings) -> Iterator[Row]:
    for asked in findings.asked:
        on = ", in the conversation of the question before" if asked.goes_on else ""
        where = f"log.entries[{asked.asking}]"
        if asked.answering != asked.asking:
            where += f", answered in log.entries[{asked.answering}]"
        missing = "" if asked.answer else "; its answer is not in the file"
        yield Row(f"{asked.question!r} was asked{on}{missing}", where)
    yield Row(f"The conversation {HISTORIES[findings.history]}", "the questions that go on with one")


def _answer(findings: Findings) -> Iterator[Row]:
    reading = findings.reading
    if reading.dialect:
        how = f"The answer is read as {DIALECTS[reading.dialect].title} sends it"
    else:
        how = f"The answer is read by its form: {reading.form}"
    if reading.polled:
        how += f", asked for every {reading.polled} s until it is complete"
    yield Row(how, _all(reading.evidence), reading.certainty)


def _steps(findings: Findings) -> Iterator[Row]:
    for step in findings.steps:
        path = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in step.path.parts)
        what = FRAMES.get(step.method) or f"{step.method} {step.origin}{path}"
        fact = f"{what} is part of a call. {step.why}"
        yield Row(fact, f"log.entries[{step.entry}]", "to check" if step.unsure else "sure")
    for deletion in findings.deletions:
        yield Row("What a call has made is deleted after it", f"log.entries[{deletion.step.entry}]")


def _values(findings: Findings) -> Iterator[Row]:
    seen: set[tuple[str, ...]] = set()
    for value in findings.values:
        told = str(value.evidence[0]) if value.kept and not value.name else ""
        if value.kind == "constant" or (value.kind, value.name or value.place, told) in seen:
            continue
        seen.add((value.kind, value.name or value.place, told))
        yield Row(_describe(value), _all(value.evidence), value.certainty)
    constants = sum(value.kind == "constant" for value in findings.values)
    yield Row(f"{constants} other values are constants", "the same in all questions")


def _describe(value: Value) -> str:
    if value.kind == "person's":
        return f"{value.place} is the person's: {value.name}"
    if value.kind == "made up":
        return f"{value.place} is made up by the page: {MAKERS.get(value.maker.partition(' ')[0], 'random')}"
    if value.kept:
        return f"{value.place} was received before, and is the same in every question, so it is written down"
    if not value.name:
        return f"{value.place} is of the session"
    return f"{value.place} was received before"


def _session(findings: Findings) -> Iterator[Row]:
    harvest = findings.harvest
    if findings.model:
        where = _all(findings.models.evidence) if findings.models is not None else "the request alone"
        yield Row(f"The model {findings.model} was asked", where)
    if findings.needs_auth:
        names = ", ".join((*harvest.cookies, *harvest.headers)) or "nothing that is known"
        yield Row(f"The session is {names}", _all(findings.login), "likely")
    if harvest.probe is not None:
        yield Row(f"GET {harvest.probe.path} tells who is signed in", "its answer", "likely")


def _all(evidence: Iterable[Evidence]) -> str:
    return ", ".join(map(str, evidence))
