"""Real pages: each value that their `truth.json` classes is inferred to be of that class, from the place it names."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.scaffold.pages import FORMS, findings, sites, truth
from toolkit.scaffold.facts import Kind, Value


class Said(NamedTuple):
    """What a sentence of `truth.json` says, in the words of the findings: the places, of the request with the question
    or at `address`, their class, and where they were told. None where the sentence is of what a call has not."""

    places: tuple[str, ...]
    kind: Kind = "received"
    told: str = ""
    address: str = ""


NOT_OF_A_CALL = Said((), "constant")  # of the login, of a question that goes on, or of what answers
SAID: dict[str, dict[str, Said]] = {
    "flowise": {
        "body.chatId: uuid4, new for each chat": Said(("body.chatId",), "made up"),
        "body.streaming (constant)": Said(("body.streaming",), "constant"),
        "flow id in the URL": Said(("path[3]",), told="response.body.data[0].id"),
    },
    "gradio": {
        "session_hash (random, 10 characters [a-z0-9], once per page load; also in the heartbeat URL)": Said(
            ("body.session_hash", "query.session_hash"), "made up"
        ),
        # The same sentence stands below, with the place: the page makes it up no more than `fn_index`.
        "trigger_id (constant of the page's config: id of the component)": Said(("body.trigger_id",)),
        "fn_index, trigger_id": Said(
            ("body.fn_index", "body.trigger_id"), told="response.window.gradio_config.dependencies["
        ),
        "event_id of the queue/data events": NOT_OF_A_CALL,
    },
    "openassistant": {
        "body.parent_id null of a first message": Said(("body.parent_id",), "constant", address="prompter_message"),
        "body.plugins [] (constant)": Said(("body.plugins",), "constant"),
        "prompter_message body.chat_id": Said(("body.chat_id",), told="response.body.id", address="prompter_message"),
        "prompter_message body.parent_id (follow-up)": NOT_OF_A_CALL,
        "assistant_message body.parent_id": Said(
            ("body.parent_id",), told="response.body.id", address="assistant_message"
        ),
        "events query message_id": Said(("query.message_id",), told="response.body.id", address="events"),
        # The name is the person's choice among those (`MODELS` of test_pages), as are two of the parameters.
        "assistant_message body.model_config_name, sampling_parameters": Said(
            tuple(f"body.sampling_parameters.{name}" for name in ("top_k", "top_p", "typical_p", "repetition_penalty")),
            told="response.body[0].parameter_configs[0].sampling_parameters.",
        ),
        "login body.csrfToken": NOT_OF_A_CALL,
    },
    "openchat-ui": {
        "body.messages (kept by the page)": NOT_OF_A_CALL,  # whose form is a fact of its own
        "body.prompt (constant default system prompt of the page's script)": Said(("body.prompt",), "constant"),
        "body.temperature (constant 1; 0.5 or the like in other builds)": Said(("body.temperature",), "person's"),
        "body.model (object; id from /api/models, name/maxLength/tokenLimit from the same answer)": Said(
            ("body.model.id", "body.model.name"), "person's"
        ),
        "body.model": Said(("body.model.id", "body.model.name"), "person's"),
    },
}

both_forms = pytest.mark.parametrize("form", FORMS)
each_site = pytest.mark.parametrize("site", sites())


@each_site
def test_each_sentence_is_compared(site: str) -> None:
    """No value that the truth classes is left out of the comparison."""
    true = truth(site)
    assert {*true["made up by the page"], *(one["place"] for one in true["received earlier"])} == set(SAID[site])


@each_site
@both_forms
def test_classes(site: str, form: str) -> None:
    """Each value is of its class wherever a call sends it; one that was received comes from an entry, and from the
    place in it, that the truth names."""
    entries = {one["place"]: one["from entry (exact.har)"] for one in truth(site)["received earlier"]}
    for sentence, said in SAID[site].items():
        for place in said.places:
            values = _at(site, form, place, said.address)
            assert values, (sentence, place)
            assert {one.kind for one in values} == {said.kind}, (sentence, place)
            if said.told:
                assert all(one.evidence[0].place.startswith(said.told) for one in values), (sentence, place)
                allowed = {_entry_in(site, form, number) for number in entries[sentence]}
                assert {one.evidence[0].entry for one in values} <= allowed, (sentence, place)


@each_site
@both_forms
def test_no_other_value_is_received_or_made_up(site: str, form: str) -> None:
    """What is inferred to vary is what the truth says to."""
    expected = {place for said in SAID[site].values() for place in said.places if said.kind in ("received", "made up")}
    expected |= {"query.chat_id"} if site == "openassistant" else set()  # of the events: the same id as in the bodies
    assert {one.place for one in findings(site, form).values if one.kind in ("received", "made up")} == expected


def _at(site: str, form: str, place: str, address: str) -> list[Value]:
    """The values at `place`, of the steps whose path ends with `address`."""
    facts = findings(site, form)
    ends = {step.entry for step in facts.steps if str(step.path.parts[-1]).endswith(address)}
    return [one for one in facts.values if one.place == place and one.evidence[-1].entry in ends]


def _entry_in(site: str, form: str, number: int) -> int:
    """The number in the file `form` of what is `number` in the exact one: Playwright's has one more of Flowise."""
    asking: dict[str, list[int]] = truth(site)["which request carries the question"]
    return number + asking[form][0] - asking["exact.har"][0]
