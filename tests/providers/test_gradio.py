"""Gradio's apps: what they tell of themselves, and their text, told anew each time. `test_gradio_answer` and
`test_gradio_calls` have more of it, `tests/real` the real Gradio."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.chats.deadlines import Deadlines
from toolkit.cli.replay_source import load_demo
from toolkit.client.client import Client
from toolkit.errors import UsageError
from toolkit.providers.gradio.answer import error_message
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.arguments import build_arguments
from toolkit.providers.gradio.chat_flow_search import find_chat_flow
from toolkit.providers.gradio.wire_shapes import (
    GradioComponent,
    GradioEndpoint,
    GradioFunction,
    GradioInfo,
    GradioParameter,
    GradioProps,
)
from toolkit.providers.text_deltas import TextDeltas
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.memory import MemoryStore

TYPES = ("textbox", "state", "chatbot", "slider", "multimodaltextbox", "markdown")
TEXTBOX, STATE, CHATBOT, SLIDER, MULTIMODAL, OUTPUT = range(len(TYPES))


def function(name: str | bool | None, *inputs: int, out: tuple[int, ...] = (), **more: Any) -> GradioFunction:
    return GradioFunction(inputs=list(inputs), outputs=list(out), api_name=name, **more)


def app(*functions: GradioFunction, version: str = "6.31.0") -> AppConfig:
    components = [GradioComponent(number, kind) for number, kind in enumerate(TYPES)]
    return AppConfig(dependencies=list(functions), components=components, version=version)


HIDDEN = function("_submit", TEXTBOX, STATE, api_visibility="undocumented")
CHAT = function("reply", TEXTBOX, STATE, SLIDER, out=(SLIDER, STATE))
SYNC = function("lambda", CHATBOT, out=(STATE, CHATBOT), api_visibility="undocumented")


@pytest.mark.parametrize(
    ("functions", "found"),
    [
        ((HIDDEN, SYNC, CHAT, function("clear")), "reply"),
        ((CHAT, function("chat", TEXTBOX, STATE, out=(SLIDER,))), "chat"),
        ((CHAT, function("search", TEXTBOX, out=(SLIDER,))), "reply"),
        ((function("answer", TEXTBOX, out=(TEXTBOX,)), function("size", SLIDER)), "answer"),
        ((function("look", MULTIMODAL, STATE, out=(SLIDER,)), function(False, TEXTBOX, STATE)), "look"),
    ],
)
def test_the_chat_function_is_found(functions: tuple[GradioFunction, ...], found: str) -> None:
    """The public one that takes a text and keeps the conversation; else the only one that takes a text."""
    assert find_chat_flow(app(*functions), None).name == found


def test_a_huge_app_is_read_and_told_in_short() -> None:
    """What a site may send as its config costs time in proportion to its size, and its names are shown with care."""
    many = 30_000
    components = [GradioComponent(number, "textbox") for number in range(many)]
    functions = [function(f"one\x1b[2J{number}", number) for number in range(many)]
    with pytest.raises(UsageError) as caught:
        find_chat_flow(AppConfig(dependencies=functions, components=components, version="6.31"), None)
    assert f"{many} chat functions" in str(caught.value)
    assert "and 29980 more" in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("functions", "told"),
    [
        ((function("one", TEXTBOX), function("two", TEXTBOX)), r"has 2 chat functions\. .*`fn`: one, two\."),
        ((HIDDEN, function("size", SLIDER)), r"has no chat functions\. .*`fn`: size\."),
        ((), r"has no chat functions\. .*`fn`: none\."),
    ],
)
def test_which_function_is_meant_is_asked(functions: tuple[GradioFunction, ...], told: str) -> None:
    """Where it cannot be told, the error names those that there are."""
    with pytest.raises(UsageError, match=told):
        find_chat_flow(app(*functions), None)


def started(component: int, event: str = "submit", **more: Any) -> dict[str, Any]:
    return {"targets": [[component, event]], **more}


ADD = function("add", TEXTBOX, CHATBOT, out=(TEXTBOX, CHATBOT), id=0, **started(TEXTBOX))
ANSWER = function("answer", CHATBOT, out=(CHATBOT,), id=1, trigger_after=0)
TIDY = function("tidy", out=(TEXTBOX,), id=2, trigger_after=1)


@pytest.mark.parametrize(
    ("functions", "names"),
    [
        ((ADD,), ["add"]),
        ((ADD, ANSWER, TIDY), ["add", "answer"]),
        ((ANSWER, ADD, function("send", TEXTBOX, CHATBOT, out=(CHATBOT,), id=7, **started(SLIDER, "click"))),
         ["add", "answer"]),
        ((ADD, function(False, out=(CHATBOT,), id=3, **started(SLIDER, "click"))), ["add"]),
        ((function(None, TEXTBOX, id=0, backend_fn=False, **started(TEXTBOX)), ANSWER), ["answer"]),
        ((ADD, ANSWER, function("retry", CHATBOT, out=(CHATBOT,), id=4, **started(CHATBOT, "retry"))),
         ["add", "answer"]),
    ],
)  # fmt: skip
def test_the_page_is_followed_to_the_chatbot(functions: tuple[GradioFunction, ...], names: list[str]) -> None:
    """From what sends the text, by way of what is called after it, to the last function that changes the chatbot. What
    a button does besides the key, what only tidies the page, and what starts otherwise is left out."""
    flow = find_chat_flow(app(*functions), None)
    assert [step.name for step in flow.steps] == names
    assert (flow.box, flow.answer) == (TEXTBOX, CHATBOT)


def test_a_flow_is_named_by_its_first_function() -> None:
    """Where there are several, the error names them, and `fn` chooses."""
    other = function("ask", MULTIMODAL, CHATBOT, out=(CHATBOT,), id=5, **started(MULTIMODAL))
    two = app(ADD, ANSWER, other)
    with pytest.raises(UsageError, match=r"has 2 chat functions\. .*`fn`: add, ask\."):
        find_chat_flow(two, None)
    assert [step.name for step in find_chat_flow(two, "/add").steps] == ["add", "answer"]
    assert [step.name for step in find_chat_flow(two, "ask").steps] == ["ask"]


@pytest.mark.parametrize(
    "unusable",
    [
        (function("add", TEXTBOX, CHATBOT, out=(CHATBOT,), id=0, api_visibility="private", **started(TEXTBOX)),),
        (function(False, TEXTBOX, CHATBOT, out=(CHATBOT,), id=0, **started(TEXTBOX)),),
    ],
)
def test_what_only_the_page_can_call_is_no_chat(unusable: tuple[GradioFunction, ...]) -> None:
    """And the error says that there is none."""
    with pytest.raises(UsageError, match="has no chat functions"):
        find_chat_flow(app(*unusable), None)


def test_a_chatinterface_is_followed_where_its_sessions_were_measured() -> None:
    """Since version 6 by its page, whose functions hand the text on in a state; before by its one public function."""
    keep = function("_keep", TEXTBOX, out=(TEXTBOX, STATE), id=0, api_visibility="undocumented", **started(TEXTBOX))
    submit = function("_submit", STATE, out=(CHATBOT,), id=1, trigger_after=0, api_visibility="undocumented")
    assert [step.name for step in find_chat_flow(app(keep, submit, CHAT), None).steps] == ["_keep", "_submit"]
    assert find_chat_flow(app(keep, submit, CHAT, version="5.49.1"), None).name == "reply"
    assert find_chat_flow(app(keep, submit, CHAT), "reply").name == "reply"
    for name in ("_keep", "_submit"):  # which stand in the addresses of errors
        assert [step.name for step in find_chat_flow(app(keep, submit, CHAT), name).steps] == ["_keep", "_submit"]


@pytest.mark.parametrize(
    ("out", "answer"),
    [
        ((TEXTBOX, CHATBOT), CHATBOT),
        ((TEXTBOX, MULTIMODAL), MULTIMODAL),
        ((TEXTBOX, OUTPUT), OUTPUT),
        ((STATE, SLIDER, OUTPUT), OUTPUT),
        ((TEXTBOX, STATE), TEXTBOX),
    ],
)
def test_the_answer_is_not_the_emptied_box(out: tuple[int, ...], answer: int) -> None:
    """It is the chatbot, else an output of text, else any other; the box itself where there is nothing else, as in
    version 4."""
    assert find_chat_flow(app(function("respond", TEXTBOX, out=out)), None).answer == answer


def test_the_history_is_restored_as_the_page_does_it() -> None:
    """By the function that makes the state of a shown conversation; of other versions that is not known."""
    assert app(HIDDEN, SYNC, CHAT).find_restore_function({STATE}) == "lambda"
    assert app(HIDDEN, CHAT).find_restore_function({STATE}) is None
    assert app(SYNC, CHAT).find_restore_function(set()) is None
    for version in ("5.49.1", "", "main"):
        assert app(SYNC, CHAT, version=version).find_restore_function({STATE}) is None


def test_parameters_are_filled_with_defaults() -> None:
    """What is not given has the app's own default, or what the page shows; what there is not is refused."""
    parameters = [GradioParameter("message"), GradioParameter("top_p", 0.9), GradioParameter("tone", "plain")]
    info = GradioInfo({"/reply": GradioEndpoint(parameters)})
    reply = function("reply", TEXTBOX, STATE, SLIDER, OUTPUT)
    whole, wanted = app(reply), {SLIDER, OUTPUT}
    assert build_arguments(whole, info, [reply], wanted, {"tone": "loud"}) == {SLIDER: 0.9, OUTPUT: "loud"}
    with pytest.raises(UsageError, match=r"does not take message, size\. Besides the message: top_p, tone\."):
        build_arguments(whole, info, [reply], wanted, {"size": 1, "message": "x", "tone": "loud"})
    shown = GradioComponent(SLIDER, "slider", props=GradioProps(value=7))
    unlisted = AppConfig(dependencies=[reply], components=[shown])
    assert build_arguments(unlisted, GradioInfo({}), [reply], {SLIDER}, {}) == {SLIDER: 7}
    with pytest.raises(UsageError, match=r"Besides the message: nothing else\."):
        build_arguments(unlisted, GradioInfo({}), [reply], {SLIDER}, {"size": 1})


@pytest.mark.parametrize(
    ("told", "says"),
    [({"error": None}, "says no more"), ({"error": "Busy"}, "reported: Busy"), ("404: Not Found", "reported: 404")],
)
def test_failures_say_what_the_app_says(told: object, says: str) -> None:
    """Which is nothing, unless its author wants it."""
    assert says in error_message(told)


def pieces(*tellings: str) -> list[str]:
    growing = TextDeltas()
    return [growing.update(text) for text in tellings[:-1]] + [growing.finish(tellings[-1])]


def test_what_is_taken_back_is_not_said() -> None:
    """A cursor at the end, and a word before the first; one telling late."""
    assert pieces("a ▌", "a b ▌", "a b c") == ["", "a ", "b c"]
    assert pieces("Thinking...", "Sky", "Sky is", "Sky is") == ["", "", "Sky", " is"]
    assert pieces("Whole") == ["Whole"]


def test_what_was_held_back_is_said_where_nothing_follows() -> None:
    """An error ends the answer: its last words are given, a final version without a word adds none."""
    growing = TextDeltas()
    assert [growing.update(text) for text in ("the", "the end")] == ["", "the"]
    assert (growing.flush(), growing.flush()) == (" end", "")
    assert pieces("a", "a", "") == ["", "a", ""]


def test_what_was_said_and_does_not_hold_is_followed_by_all() -> None:
    """It cannot be taken back, so the final text comes whole, in a paragraph of its own."""
    assert "".join(pieces("Wait", "Wait", "Here", "Here it is")) == "Wait\n\nHere it is"


@given(st.lists(st.text(max_size=5), max_size=8))
def test_a_text_that_only_grows_comes_out_as_it_is(parts: list[str]) -> None:
    """However it is cut, each piece is of what was told by then."""
    whole = ["".join(parts[: number + 1]) for number in range(len(parts))] or [""]
    got = pieces(*whole)
    assert "".join(got) == whole[-1]
    assert all(telling.startswith("".join(got[: at + 1])) for at, telling in enumerate(whole))


async def test_the_recording_of_the_real_server_plays() -> None:
    """What gradio 6 from PyPI sent, to a call of somebody who is signed in."""
    recording = load_demo("gradio")
    assert recording.chat is not None
    async with LocalNetwork(recording=recording, strict=True) as network:
        client = Client(
            "gradio",
            base_url=recording.chat.base_url,
            session=network.session,
            route=network.route,
            store=MemoryStore(),
            deadlines=Deadlines(connect=60, first_piece=60, between_pieces=60),
        )
        async with client:
            said = [piece async for piece in client.chat(recording.chat.messages)]
    assert len(said) > 10
    assert "".join(said).startswith("Sunlight is every colour at once")
