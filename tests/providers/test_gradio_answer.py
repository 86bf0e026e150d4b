"""The answer of a Gradio app, which tells all of it anew: thoughts, files, turns. The shapes are those of gradio 6.31,
5.49 and 4.44, as they were measured."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.chats.contents import Image
from toolkit.chats.events import Media, Piece, Reasoning, Status
from toolkit.chats.messages import read_messages
from toolkit.providers.gradio.answer import GradioAnswer
from toolkit.providers.gradio.answer_contents import unwrap_update
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.providers.gradio.history import build_history
from toolkit.providers.gradio.wire_shapes import GradioComponent, GradioProps

API = "https://x.example/gradio_api"
OLD = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "First."}]
ASKED = {"role": "user", "content": [{"type": "text", "text": "Two"}]}


def events(*versions: Any, history: list[Any] | None = None) -> list[Piece]:
    answer = GradioAnswer(API, history)
    return [*(piece for version in versions for piece in answer.update(version)), *answer.end()]


def said(text: str, **metadata: Any) -> dict[str, Any]:
    return {"role": "assistant", "metadata": metadata or None, "content": [{"text": text, "type": "text"}]}


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Hi", "Hi"),
        (42, "42"),
        ({"role": "assistant", "content": "Hi"}, "Hi"),
        ([{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "a\nb"),
        ([["One", "First."], ["Two", None]], "One\nFirst.\nTwo"),
        ({"type": "component", "component": "html", "value": "<b>x</b>"}, "<b>x</b>"),
    ],
)
def test_every_shape_of_an_answer_is_text(answer: object, text: str) -> None:
    """Strings, messages, lists of contents."""
    assert text_of(events(answer)) == text


def test_a_text_in_the_place_of_a_chatbot_is_the_answer() -> None:
    """Told anew as it grows, whatever was said before; nothing is none."""
    assert events("Hel", "Hello", history=OLD) == ["Hel", "lo"]
    assert events("", history=OLD) == []


@pytest.mark.parametrize("nothing", [None, [], "", {"role": "assistant", "content": ""}])
def test_an_answer_without_a_word_has_none(nothing: object) -> None:
    """And is no text of its own making."""
    assert events(nothing) == []


def test_only_the_last_turn_of_a_chatbot_is_the_answer() -> None:
    """Not the conversation before it, whether the question is in it already or not; an answer of several messages is
    one text."""
    versions = (OLD, [*OLD, ASKED], [*OLD, ASKED, said("Sec")], [*OLD, ASKED, said("Second."), said("Third.")])
    assert text_of(events(*versions, history=OLD)) == "Second.\nThird."
    assert events(OLD, [*OLD, ASKED], history=OLD) == []
    assert text_of(events([said("Second.")], history=[])) == "Second."
    assert text_of(events([*OLD[1:], ASKED, said("Second.")], history=OLD)) == "Second."


def test_pairs_of_a_question_and_an_answer_are_turns() -> None:
    """As chatbots before version 6 have them."""
    old, asked, whole = [["One", "First."]], [["One", "First."], ["Two", None]], [["One", "First."], ["Two", "Second."]]
    assert text_of(events(old, asked, whole, history=old)) == "Second."
    picture = [["Two", {"file": {"path": "/tmp/a.png", "url": f"{API}/file=/tmp/a.png"}, "alt_text": None}]]
    assert events(picture, history=[]) == [Media(f"{API}/file=/tmp/a.png", name="a.png")]


def test_a_thought_is_reasoning_and_its_title_a_status() -> None:
    """It grows as text does, ends where the answer begins, and says once that it is there and once that it is done."""
    think = [said("let", title="Thinking", status="pending")]
    more = [said("let me see", title="Thinking", status="done")]
    tool = [*more, said("", title="🛠️ Weather", status="pending", log="asking")]
    sunny = [*more, said("sunny", title="🛠️ Weather", status="done", log="asking")]
    got = events(think, more, tool, sunny, [*sunny, said("It")], [*sunny, said("It shines.")], history=[])
    assert "".join(piece.text for piece in got if isinstance(piece, Reasoning)) == "let me see\n\nsunny"
    assert text_of(got) == "It shines."
    assert [piece for piece in got if isinstance(piece, Status)] == [
        Status("Thinking"), Status("Thinking", True), Status("🛠️ Weather: asking"), Status("🛠️ Weather: asking", True)
    ]  # fmt: skip
    kinds = [type(piece) for piece in got]
    assert kinds.index(str) > max(at for at, kind in enumerate(kinds) if kind is Reasoning)


@pytest.mark.parametrize(
    ("file", "media"),
    [
        ({"path": "/tmp/a b.png"}, Media(f"{API}/file=/tmp/a%20b.png", name="a b.png")),
        ({"path": "/t/a", "url": "/file=/t/a", "mime_type": "image/png"},
         Media("https://x.example/file=/t/a", mime_type="image/png", name="a")),
        ({"path": "/t/a", "url": "https://y.example/a?b", "orig_name": "A.png"},
         Media("https://y.example/a?b", name="A.png")),
        ({"path": "https://y.example/a.png"}, Media("https://y.example/a.png", name="a.png")),
        ({"url": "data:image/png;base64,AAEC"}, Media(data=b"\0\1\2", mime_type="image/png")),
    ],
)  # fmt: skip
def test_a_file_is_media_at_an_absolute_address(file: dict[str, Any], media: Media) -> None:
    """In whatever it is wrapped; each is told once, however often the app repeats it."""
    for wrapped in (
        file,
        {"type": "file", "file": file, "alt_text": None},
        {"type": "component", "component": "image", "value": file, "props": {}, "constructor_args": {}},
        {"text": "", "files": [file]},
        [{"image": file, "caption": None}],
        {"video": file, "subtitles": None},
    ):
        message = {"role": "assistant", "content": [wrapped]}
        assert events([message], [message], history=[]) == [media]


def test_text_and_files_of_a_message_are_both_told() -> None:
    """The text without the file's address, and in the order of the app, however much of it comes at once."""
    see, also = {"type": "text", "text": "See"}, {"type": "text", "text": "also"}
    first, second = ({"type": "file", "file": {"path": f"/tmp/{name}.png"}} for name in "ab")
    got = events([ASKED, {"role": "assistant", "content": [see, first, also, second]}], history=[])
    a, b = (Media(f"{API}/file=/tmp/{name}.png", name=f"{name}.png") for name in "ab")
    assert got == ["See", a, "\nalso", b]
    grown = [[see], [see, first], [see, first, also], [see, first, also, second]]
    assert events(*([{"role": "assistant", "content": content}] for content in grown), history=[]) == got
    assert events([said("See"), {"role": "assistant", "content": [first]}, said("also")]) == ["See", a, "\nalso"]
    assert events([{"role": "assistant", "content": [first, see]}]) == [a, "See"]
    waits = GradioAnswer(API, None)
    assert list(waits.update([{"role": "assistant", "content": [first, see, second]}])) == [a]
    assert list(waits.update("Other")) == []
    assert list(waits.end()) == ["Other"]


def test_a_thought_is_done_after_its_last_word() -> None:
    """And it begins before its first, also where all of it comes at once."""
    steps = [said("a", title="One", status="done"), said("b", title="Two", status="done"), said("Yes.")]
    two = [Status("One", True), Reasoning("\n\nb"), Status("Two", True)]
    assert events(steps) == [Reasoning("a"), *two, "Yes."]
    growing = [said("I wonder", title="One", status="pending")], [said("I wonder.", title="One", status="done")]
    assert events(*growing) == [Status("One"), Reasoning("I wonder."), Status("One", True)]
    held = GradioAnswer(API, None)
    assert list(held.update([said("I wonder", title="One", status="pending")])) == [Status("One")]
    assert list(held.end()) == [Reasoning("I wonder")]


def test_a_component_that_is_no_text_and_no_file_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """In the log, since no event has a place for it, and once, in however many versions it is."""
    plot = {"type": "component", "component": "plot", "value": {"type": "plotly", "plot": "{}"}}
    assert events([plot], [plot, said("See")], [plot, said("See above.")]) == ["See", " above."]
    assert caplog.text.count("a component of the type 'plot', which is passed over") == 1


def test_an_update_is_the_value_in_it() -> None:
    """Or no new value at all."""
    assert unwrap_update({"__type__": "update", "interactive": False, "value": "x"}, "old") == "x"
    assert unwrap_update({"__type__": "update", "interactive": False}, "old") == "old"
    assert unwrap_update({"text": ""}, "old") == {"text": ""}


def test_the_history_has_the_form_of_its_chatbot() -> None:
    """Since version 6 messages with lists of contents, with files in their places; before, as the chatbot says."""
    given = ["Look", Image("https://y.example/a.png")]
    turns: list[dict[str, Any]] = [{"role": "user", "content": given}, {"role": "assistant", "content": "A dot."}]
    messages = list(zip(read_messages(turns), ([{"path": "/t/a"}], []), strict=True))

    def app(version: str, kind: str | None = None) -> AppConfig:
        chatbot = GradioComponent(1, "chatbot", props=GradioProps(type=kind))
        return AppConfig(dependencies=[], components=[chatbot], version=version)

    text, file = {"type": "text", "text": "Look"}, {"type": "file", "file": {"path": "/t/a"}}
    answered = {"role": "assistant", "content": [{"type": "text", "text": "A dot."}]}
    assert build_history(app("6.31.0"), 1, messages) == [{"role": "user", "content": [text, file]}, answered]
    assert build_history(app("5.49.1", "messages"), 1, messages) == [
        {"role": "user", "content": "Look"},
        {"role": "user", "content": file},
        {"role": "assistant", "content": "A dot."},
    ]
    assert build_history(app("5.49.1", "tuples"), 1, messages) == [
        ["Look", None],
        [{"file": {"path": "/t/a"}, "alt_text": None}, "A dot."],
    ]
    assert build_history(app("4.44.1"), 1, messages[1:]) == [[None, "A dot."]]
