"""Gradio's apps: what they tell of themselves, and their text, told anew each time. `tests/real` has the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.chats.deadlines import Deadlines
from toolkit.cli.replay_source import load_demo
from toolkit.client.client import Client
from toolkit.errors import UsageError
from toolkit.providers.gradio.answer_text import TextDeltas, error_message, extract_text
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.arguments import build_arguments
from toolkit.providers.gradio.wire_shapes import (
    GradioComponent,
    GradioEndpoint,
    GradioFunction,
    GradioInfo,
    GradioParameter,
)
from toolkit.replay.local_network import LocalNetwork
from toolkit.stores.memory import MemoryStore

TYPES = ("textbox", "state", "chatbot", "slider", "multimodaltextbox")
TEXTBOX, STATE, CHATBOT, SLIDER, MULTIMODAL = range(len(TYPES))


def function(name: str | bool | None, *inputs: int, out: tuple[int, ...] = (), **more: Any) -> GradioFunction:
    return GradioFunction(inputs=list(inputs), outputs=list(out), api_name=name, **more)


def app(*functions: GradioFunction, version: str = "6.31.0") -> AppConfig:
    components = [GradioComponent(number, kind) for number, kind in enumerate(TYPES)]
    return AppConfig(dependencies=list(functions), components=components, version=version)


HIDDEN = function("_submit", TEXTBOX, STATE, api_visibility="undocumented")
CHAT = function("reply", TEXTBOX, STATE, SLIDER, out=(STATE,))
SYNC = function("lambda", CHATBOT, out=(STATE, CHATBOT), api_visibility="undocumented")


@pytest.mark.parametrize(
    ("functions", "found"),
    [
        ((HIDDEN, SYNC, CHAT, function("clear")), "reply"),
        ((CHAT, function("chat", TEXTBOX, STATE)), "chat"),
        ((CHAT, function("search", TEXTBOX)), "reply"),
        ((function("answer", TEXTBOX), function("size", SLIDER)), "answer"),
        ((function("look", MULTIMODAL, STATE), function(False, TEXTBOX, STATE)), "look"),
    ],
)
def test_the_chat_function_is_found(functions: tuple[GradioFunction, ...], found: str) -> None:
    """The public one that takes a text and keeps the conversation; else the only one that takes a text."""
    assert app(*functions).find_chat_function(None).name == found


def test_a_huge_app_is_read_and_told_in_short() -> None:
    """What a site may send as its config costs time in proportion to its size, and its names are shown with care."""
    many = 30_000
    components = [GradioComponent(number, "textbox") for number in range(many)]
    functions = [function(f"one\x1b[2J{number}", number) for number in range(many)]
    with pytest.raises(UsageError) as caught:
        AppConfig(dependencies=functions, components=components, version="6.31").find_chat_function(None)
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
        app(*functions).find_chat_function(None)


def test_the_history_is_restored_as_the_page_does_it() -> None:
    """By the function that makes the state of a shown conversation; of other versions that is not known."""
    assert app(HIDDEN, SYNC, CHAT).find_restore_function(CHAT) == "lambda"
    assert app(HIDDEN, CHAT).find_restore_function(CHAT) is None
    for version in ("5.49.1", "", "main"):
        assert app(SYNC, CHAT, version=version).find_restore_function(CHAT) is None


def test_a_message_is_of_the_shape_that_the_function_takes() -> None:
    """A text, or a text with files."""
    assert app().message(CHAT, "Hi") == "Hi"
    assert app().message(function("look", MULTIMODAL), "Hi") == {"text": "Hi", "files": []}


def test_what_the_app_fills_in_itself_has_its_place() -> None:
    """As every version of Gradio takes it: null for the state with the history."""
    assert app().fill_inputs(CHAT, ["Hi", 0.9]) == ["Hi", None, 0.9]
    assert app().fill_inputs(function("reply", TEXTBOX, STATE), ["Hi"]) == ["Hi", None]


def test_parameters_are_filled_with_defaults() -> None:
    """What is not given has the app's own default; what there is not is refused."""
    parameters = [GradioParameter("message"), GradioParameter("top_p", 0.9), GradioParameter("tone", "plain")]
    info = GradioInfo({"/reply": GradioEndpoint(parameters)})
    assert build_arguments(info, "reply", {"tone": "loud"}) == [0.9, "loud"]
    with pytest.raises(UsageError, match=r"does not take message, size\. Besides the message: top_p, tone\."):
        build_arguments(info, "reply", {"size": 1, "message": "x", "tone": "loud"})
    with pytest.raises(UsageError, match=r"Besides the message: nothing else\."):
        build_arguments(info, "unlisted", {"size": 1})


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Hi", "Hi"),
        (None, ""),
        (42, "42"),
        ({"role": "assistant", "content": "Hi", "metadata": {"title": "Thought"}}, "Hi"),
        ([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "a\nb"),
        ({"text": "See", "files": [{"path": "/tmp/a.png", "url": "https://x.example/a.png"}]}, "See\nhttps://x.example/a.png"),
        ({"type": "file", "file": {"path": "/tmp/a.png"}}, "/tmp/a.png"),
    ],
)  # fmt: skip
def test_every_shape_of_an_answer_is_text(answer: object, text: str) -> None:
    """Strings, messages, lists of contents, files by their address."""
    assert extract_text(answer) == text


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
