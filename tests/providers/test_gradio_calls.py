"""The calls of Gradio's apps: in the steps of their page, with what it would send, and every failure with its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.providers.conftest import PATIENT
from tests.providers.gradio_app import BOT, BOX, PICTURES, TONE, Events, GradioApp, function, turn
from toolkit.chats.contents import File, Image, TextPart
from toolkit.chats.events import Media, Queued, Text
from toolkit.chats.messages import Message
from toolkit.errors import EmptyAnswer, SiteError, StreamInterrupted, StreamTimeout, UsageError

SUBMIT = {"targets": [[BOX, "submit"]]}
RESPOND = function(0, "respond", [BOX, BOT], [BOX, BOT], **SUBMIT)
ADD = function(0, "add", [BOX, BOT], [BOX, BOT], queue=False, **SUBMIT)
ANSWER = function(1, "answer", [BOT], [BOT], trigger_after=0)
HI = turn("user", "Hi")
TALK = [
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "First."},
    {"role": "user", "content": "Two"},
]


def tellings(*texts: str, last: str = "complete") -> Events:
    versions = [["", [HI, turn("assistant", text)]] for text in texts]
    return [*(("generating", version) for version in versions), *([(last, versions[-1])] if last else [])]


async def test_a_blocks_app_answers_in_its_chatbot() -> None:
    """Not in the box, which it empties; the conversation so far goes where the function takes the chatbot."""
    site = GradioApp([RESPOND], {"respond": tellings("to ", "to be ", "to be fair")})
    async with site.client() as client:
        pieces = [piece async for piece in client.chat("Hi")]
        assert pieces == ["to ", "be ", "fair"]
        assert await client.chat(TALK).text() == "to be fair"
    history = [{"role": one["role"], "content": [{"type": "text", "text": one["content"]}]} for one in TALK[:2]]
    assert [body for _, body in site.calls] == [{"data": ["Hi", []]}, {"data": ["Two", history]}]


async def test_what_is_called_after_the_first_function_answers() -> None:
    """In one session, each function with what the one before has made of the page."""
    asked = ["", [HI]]
    answered: Events = [
        ("generating", [[HI, turn("assistant", "Yes")]]),
        ("complete", [[HI, turn("assistant", "Yes.")]]),
    ]
    site = GradioApp([ADD, ANSWER], {"add": [("", asked)], "answer": answered})
    async with site.client() as client:
        assert await client.chat("Hi").text() == "Yes."
    (first, first_body), (second, second_body) = site.calls
    assert (first, second) == ("add", "answer")
    assert (first_body["data"], second_body["data"]) == (["Hi", []], [[HI]])
    assert first_body["session_hash"] == second_body["session_hash"] != ""


async def test_an_app_that_does_not_answer_is_an_error() -> None:
    """Never an empty text: it names the function, and the others that there are."""
    site = GradioApp([RESPOND], {"respond": [("complete", ["", [HI]])]})
    async with site.client() as client:
        with pytest.raises(EmptyAnswer, match=r"function respond has ended without an answer.*`fn`: respond"):
            await client.chat("Hi").text()
    plot = {"role": "assistant", "content": {"type": "component", "component": "plot", "value": {}}}
    site = GradioApp([RESPOND], {"respond": [("complete", ["", [HI, plot]])]})
    async with site.client() as client:
        with pytest.raises(EmptyAnswer, match="no text, only components of the type 'plot'"):
            await client.chat("Hi").text()


async def test_the_last_words_before_an_error_are_in_it() -> None:
    """They come as a piece too, and what was held back until the next version is not lost."""
    site = GradioApp([RESPOND], {"respond": [*tellings("the", "the last", last=""), ("error", {"error": "Asleep."})]})
    async with site.client() as client:
        stream = client.chat("Hi")
        assert [await anext(stream), await anext(stream)] == ["the", " last"]
        with pytest.raises(SiteError, match=r"The app reported: Asleep\.") as caught:
            await anext(stream)
    assert caught.value.text == "the last"
    assert str(caught.value.url).endswith("/gradio_api/call/respond")  # without the id, which is of this call alone


@pytest.mark.parametrize("end", [[], [("complete", None)]])
async def test_a_stream_that_ends_too_early_is_interrupted(end: Events) -> None:
    """With all that was said: the connection ended, or somebody cancelled the call at the app."""
    site = GradioApp([RESPOND], {"respond": [*tellings("one", "one two", last=""), *end]})
    async with site.client() as client:
        with pytest.raises(StreamInterrupted) as caught:
            await client.chat("Hi").text()
    assert caught.value.text == "one two"


async def test_heartbeats_are_signs_of_life_and_no_events() -> None:
    """An app that only beats is waited for as long as `keep_alives` allows, and not for ever."""
    site = GradioApp([RESPOND], {"respond": [("heartbeat", None), *tellings("Hi")]})
    async with site.client() as client:
        events = [event async for event in client.chat("Hi").events()]
        assert [event for event in events if isinstance(event, Text)] == [Text("Hi")]
        assert not any(isinstance(event, Queued) for event in events)
    site.scripts["respond"], site.ending = [("heartbeat", None)], "hang"
    async with site.client(replace(PATIENT, first_piece=0.2)) as client:
        with pytest.raises(StreamTimeout, match="first_piece"):
            await client.chat("Hi").text()


async def test_an_image_keeps_the_name_of_its_file(tmp_path: Path) -> None:
    """As a file does, whether it stands in a mapping or in a `Message`."""
    path = tmp_path / "blue sky.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    look = function(0, "look", [PICTURES, BOT], [BOT], targets=[[PICTURES, "submit"]])
    site = GradioApp([look], {"look": [("complete", [[HI, turn("assistant", "Blue.")]])]})
    parts = ("See", Image.open(path))
    async with site.client() as client:
        for message in ({"role": "user", "content": parts}, Message("user", (TextPart("See"), parts[1]))):
            assert await client.chat([message]).text() == "Blue."
    assert site.uploads == [("blue sky.png", path.read_bytes())] * 2


async def test_images_and_files_are_uploaded_and_sent() -> None:
    """By the paths that the app gives them; an image that lies on the web is named by its address."""
    look = function(0, "look", [PICTURES, BOT], [BOT], targets=[[PICTURES, "submit"]])
    file = {"path": "/tmp/out.png", "url": None, "meta": {"_type": "gradio.FileData"}}
    out = [[HI, {"role": "assistant", "content": [{"type": "file", "file": file}, {"type": "text", "text": "Done"}]}]]
    site = GradioApp([look], {"look": [("complete", out)]})
    parts = [
        "See",
        Image.from_bytes(b"\x89PNG", "image/png"),
        File("a.txt", b"hello", "text/plain"),
        Image("https://y.example/b.png"),
    ]
    async with site.client() as client:
        stream = client.chat([{"role": "user", "content": parts}])
        assert await stream.text() == "Done"
        assert stream.media == (Media(f"{client.provider.api}/gradio_api/file=/tmp/out.png", name="out.png"),)
    assert site.uploads == [("image2.png", b"\x89PNG"), ("a.txt", b"hello")]
    (_, body) = site.calls[0]
    assert body["data"][0]["text"] == "See"
    assert [one["path"] for one in body["data"][0]["files"]] == [
        "/tmp/image2.png",
        "/tmp/a.txt",
        "https://y.example/b.png",
    ]
    assert all(one["meta"] == {"_type": "gradio.FileData"} for one in body["data"][0]["files"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (["See", File("a.txt", b"x")], "text box takes text, and no images or files"),
        (["See", Image("https://y.example/b.png")], "text box takes text, and no images or files"),
    ],
)
async def test_a_box_for_text_gets_no_files(content: list[Any], told: str) -> None:
    """They are refused before anything is sent."""
    site = GradioApp([RESPOND], {})
    async with site.client() as client:
        with pytest.raises(UsageError, match=told):
            await client.chat([{"role": "user", "content": content}]).text()
    assert (site.calls, site.uploads) == ([], [])


@pytest.mark.parametrize("name", ["system_message", "system_prompt"])
async def test_a_system_message_goes_where_the_app_has_a_place_for_it(name: str) -> None:
    """Into the additional input of a usual name, unless that is given; else it is the first of the history."""
    site = GradioApp([function(0, "respond", [BOX, BOT, TONE], [BOX, BOT], **SUBMIT)], {"respond": tellings("Hi")})
    parameters = [{"parameter_name": each, "parameter_default": "Be nice"} for each in ("message", "history", name)]
    talk = [{"role": "system", "content": "Be brief."}, *TALK]
    async with site.client() as client:
        for site.parameters["/respond"] in (parameters, parameters[:2]):
            await client.chat(talk).text()
        site.parameters["/respond"] = parameters
        await client.chat(talk, **dict[str, Any]({name: "Be rude."})).text()
        await client.chat("Hi").text()
    first = {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}
    told = [(body["data"][1][:1] == [first], len(body["data"][1]), body["data"][2]) for _, body in site.calls]
    assert told == [(False, 2, "Be brief."), (True, 3, None), (True, 3, "Be rude."), (False, 0, "Be nice")]


async def test_other_inputs_have_what_is_given_or_the_default() -> None:
    """By the names that the app tells of them; the chatbot and the box are none of these."""
    site = GradioApp([function(0, "respond", [BOX, BOT, TONE], [BOX, BOT], **SUBMIT)], {"respond": tellings("Hi")})
    names: tuple[tuple[str, Any], ...] = (("message", None), ("history", []), ("heat", 0.5))
    site.parameters["/respond"] = [{"parameter_name": name, "parameter_default": value} for name, value in names]
    async with site.client() as client:
        await client.chat("Hi").text()
        await client.chat("Hi", heat=0.9).text()
        with pytest.raises(UsageError, match=r"does not take history\. Besides the message: heat\."):
            await client.chat("Hi", history=[]).text()
    assert [body["data"] for _, body in site.calls] == [["Hi", [], 0.5], ["Hi", [], 0.9]]
